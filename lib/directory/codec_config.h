// SPDX-License-Identifier: GPL-3.0-or-later
// What is not a fact, as directory entries: the cluster's configuration, policies, zones, members.
//
// Administrators write these, by our tools or others, so reading is lenient where it is harmless:
// attributes that are not known here are ignored, and a duration that a policy does not name has
// its default. Values that are there must be right.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/fact.h"
#include "lib/core/policy.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/directory.h"
#include "lib/util/result.h"

namespace rollcall::directory {

/// The attribute of a member's entry that it rewrites all the time; its one value is made by encode().
inline constexpr const char* heartbeat_attribute = "rollcallheartbeat";

/// A member's own entry. Its keys are what it claims: only an `admit` makes them true.
struct MemberEntry {
  MemberKeys keys;
  std::optional<Digest> join_proof;  ///< HMAC over the keys with the secret of the invitation.
  std::string agent_dn;              ///< As whom the agent binds; empty in the embedded directory.
  Bytes heartbeat;                   ///< Not decoded; empty before the first.
};

Attributes attributes_of(const ClusterConfig& config);
Attributes attributes_of(const std::string& name, const Policy& policy);
Attributes attributes_of(const ZoneConfig& zone);
Attributes attributes_of(const MemberEntry& member);

/// The entry below which the facts of a member stand; it makes this itself when it joins.
///
/// agent_dn  As whom it binds, as in its own entry: the access rules of 389-ds look at the parent of a fact.
Entry container_entry(const std::string& base, const MemberId& member, const std::string& agent_dn = {});

/// Errors  malformed: which attribute of which entry, and what it should be. Also if the format
///         version of the configuration is newer than this software.
Result<ClusterConfig> read_config(const Entry& entry);
Result<Policy> read_policy(const Entry& entry);
Result<ZoneConfig> read_zone(const Entry& entry);
Result<MemberEntry> read_member(const Entry& entry);

/// Everything that must be there before the first member: the base, the containers, the
/// configuration and the policy `default`. Parents come before children.
std::vector<Entry> base_entries(const std::string& base, const ClusterConfig& config,
                                const Policy& policy);

/// The bare tree without configuration and policies: what an embedded directory starts with.
std::vector<Entry> container_entries(const std::string& base);

}  // namespace rollcall::directory
