// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// What is wrong in the cluster, and what to do about it: judged from what one member knows and what
// it saw when it looked at every replica of the directory and at the parents. Pure.
//
//   HEALTH:  {"now":TIME, "self":MEMBER, "code":0..3, "level":LEVEL, "changed":BOOL,
//             "findings":[FINDING, …], "replicas":[REPLICA, …]}
//            `changed`: since this agent looked last; the first time, if something is wrong.
//   FINDING: {"key":TEXT, "check":TEXT, "level":LEVEL, "about":TEXT, "what":TEXT, "cure":TEXT}
//            `key` names a finding for as long as it lasts, and no other one.
//   REPLICA: {"host":TEXT, "uri":TEXT, "answers":BOOL, "problem":TEXT, "facts":N, "lacks":N, "differs":N,
//             "probe_ms":N|null}
//   LEVEL:   "ok"|"warning"|"critical"|"unknown"; `code` is its number for monitoring plug-ins.
//
// Critical is what breaks resolution soon, or what leaves us without eyes.
// clang-format on
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/core/member.h"
#include "lib/core/status.h"

namespace rollcall::control {

/// One replica of the directory, as it was seen.
struct ReplicaLook {
  std::string host, uri;
  bool answers = false;  ///< And told all that it has.
  std::string problem;   ///< Why it does not.
  std::size_t facts = 0;
  std::size_t lacks = 0;                   ///< Facts that another replica has.
  std::size_t differs = 0;                 ///< Facts that are something else here than elsewhere.
  std::optional<Nanoseconds> probe_after;  ///< Until it had what we had just written; empty: never.
  std::vector<std::string> conflicts;      ///< Entries that lost a conflict of replication.
};

/// The DS of a zone, asked just now.
struct ParentCheck {
  ZoneName zone;
  Result<ParentAnswer> answer;
};

struct DiskSpace {
  std::string path;
  std::uint64_t free_bytes = 0, bytes = 0;
};

struct HealthLooks {
  std::vector<ReplicaLook> replicas;  ///< The own one first.
  std::string probe_problem;          ///< Why the own directory took no probe; empty: it did.
  std::vector<ParentCheck> parents;
  std::optional<DiskSpace> disk;
};

/// Whether something new is wrong, or something is not any more, or is worse or better than it was.
///
/// before  What was found last; null if nothing is known of it.
bool health_changed(const Json& before, const Json& now);

Json health_json(const MemberStatus& status, const HealthLooks& looks, Time now);

}  // namespace rollcall::control
