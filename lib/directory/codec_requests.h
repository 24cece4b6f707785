// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators ask through the directory, and what members tell people there: requests,
// answers, reports.
//
// Nothing here is signed, and nothing rests on it: a request is a wish of somebody whom the access
// rules let write it; a member looks at it as at a word of its own administrator. Each entry has
// one writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/fact.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/directory.h"
#include "lib/util/result.h"

namespace rollcall::directory {

enum class Wish : std::uint8_t { roll, ds_published, forget };

/// An administrator's wish. It names what it is about, so that a late reader does not do it twice.
struct DirectoryRequest {
  Uuid id;
  Wish wish = Wish::roll;
  ZoneName zone;             ///< Not checked to be canonical.
  std::optional<Role> role;  ///< Of `roll`.
  std::optional<std::uint32_t>
      generation;                  ///< Of `roll`: of the newest key, the one to be replaced.
  std::optional<Fingerprint> key;  ///< Of `ds_published`: whose DS the parent has.
  std::vector<MemberId> members;  ///< Of `forget`.
  bool force = false;             ///< Of `forget`: though something speaks against it.
  bool emergency = false;
  std::string asked_by;  ///< As it says itself.
  bool operator==(const DirectoryRequest&) const = default;
};

/// Errors  malformed: which attribute, and what it should be; or one that the wish needs is absent.
Result<DirectoryRequest> read_request(const Entry& entry);

/// What one member made of a request. Where several answered, `done` is the truth.
struct DirectoryAnswer {
  Uuid request;
  bool done = false;
  std::string why;  ///< Of a refusal, for people.
};
Entry answer_entry(const std::string& base, const MemberId& member, const DirectoryAnswer& answer,
                   Time now);

/// The attributes of a report that change with it.
///
/// json  What people's tools read; no limit but the server's own.
Attributes report_attributes(const std::string& json, Time now);

/// A member's report about the cluster.
///
/// agent_dn  As for container_entry().
Entry report_entry(const std::string& base, const MemberId& member, const std::string& agent_dn);
/// Its report about a zone.
Entry zone_report_entry(const std::string& base, const MemberId& member, const ZoneName& zone);

}  // namespace rollcall::directory
