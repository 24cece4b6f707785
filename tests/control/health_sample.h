// SPDX-License-Identifier: GPL-3.0-or-later
// A cluster that is well, for the tests of health_*.cpp, and what is found when it is judged.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "lib/control/health.h"
#include "tests/control/sample.h"

namespace rollcall::sample {

using control::DiskSpace;
using control::HealthLooks;
using control::Json;
using control::ReplicaLook;

inline ReplicaLook replica(const std::string& host) {
  return {host, "ldap://" + host, true, false, "", 42, 0, 0, std::chrono::milliseconds{5}, {}, {}};
}

inline HealthLooks well() {
  return {{replica("a.example.com"), replica("b.example.com"), replica("c.example.com")},
          "",
          {},
          DiskSpace{"/var/lib/rollcall", 50, 100},
          {},
          {},
          {}};
}

/// The sample with carol heard of, well and in time.
inline MemberStatus calm() {
  MemberStatus status = cluster();
  status.members[2].fresh = true;
  status.members[2].alarms.clear();
  for (MemberLine& line : status.members) line.addresses = {"192.0.2.1@53"};
  status.zones[1].alarms.clear();
  return status;
}

inline Json judged(const MemberStatus& status, HealthLooks looks = well()) {
  if (looks.disk) looks.disk->free_bytes <<= 30U, looks.disk->bytes <<= 30U;
  return control::health_json(status, looks, now);
}

/// The only finding; fails if there are others.
inline Json only(const Json& health) {
  INFO(health.dump(1));
  REQUIRE(health.at("findings").size() == 1);
  return health.at("findings").front();
}

inline std::string what_of(const Json& finding) { return finding.at("what"); }

}  // namespace rollcall::sample
