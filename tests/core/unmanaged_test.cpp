// SPDX-License-Identifier: GPL-3.0-or-later
// What a member does, and says, when people took away what it goes by.
#include <catch2/catch.hpp>

#include "lib/core/alarm_words.h"
#include "tests/core/small_cluster.h"
#include "tests/core/still_policy.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

struct Three : SmallCluster {
  Three() : SmallCluster(3, still(), like_named) { run_until(200h); }
};

std::string alarms_of_zone(Three& cluster) {
  std::string all;
  for (const ZoneStatus& zone : cluster.member(0).status(cluster.moment()).zones) {
    for (const std::string& alarm : zone.alarms) all += alarm + '\n';
  }
  return all;
}

}  // namespace

TEST_CASE("a zone whose entry people deleted keeps its keys, and everybody is told", "[unmanaged]") {
  Three cluster;
  CHECK(alarms_of_zone(cluster).empty());
  cluster.member(0).zone_gone(LoneMember::zone.name);
  cluster.run_until(201h);
  CHECK_THAT(alarms_of_zone(cluster), Catch::Contains("its entry below cn=zones is gone"));
  CHECK(cluster.member(0).status(cluster.moment()).zones.at(0).keys.size() == 2);
  cluster.member(0).zone({LoneMember::zone, "default"});
  cluster.run_until(202h);
  CHECK(alarms_of_zone(cluster).empty());
  ZoneConfig removed{LoneMember::zone, "default"};
  removed.removed = true;
  cluster.member(0).zone(removed);
  cluster.run_until(203h);
  CHECK(alarms_of_zone(cluster).empty());
}

TEST_CASE("a key in the zone that no member knows is told", "[unmanaged]") {
  LoneMember alone{still(), like_named};
  const auto alarms = [&] { return alone.status().zones.at(0).alarms; };
  alone.run_until(200h);
  CHECK(alarms().empty());
  alone.foreign_keys = {4711, 4712};
  alone.restart();
  alone.run_until(201h);
  CHECK(alarms() == std::vector{alarm_words::foreign_keys + "4711, 4712"});
  CHECK(alone.status().zones.at(0).foreign_keys == alone.foreign_keys);
  alone.foreign_keys.clear();
  alone.restart();
  alone.run_until(202h);
  CHECK(alarms().empty());
}

TEST_CASE("a zone without its policy is held, and that is said with the cure", "[unmanaged]") {
  Three cluster;
  cluster.member(0).policy_gone("default");
  cluster.run_until(201h);
  CHECK_THAT(alarms_of_zone(cluster), Catch::Contains("its policy is not in the directory") &&
                                          Catch::Contains("rollcall policy set default"));
  cluster.member(0).policy("default", still());
  cluster.run_until(202h);
  CHECK(alarms_of_zone(cluster).empty());
}
