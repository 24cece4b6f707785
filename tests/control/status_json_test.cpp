// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/status_json.h"

#include <catch2/catch.hpp>

#include "tests/control/sample.h"

using namespace rollcall;
using namespace rollcall::control;

TEST_CASE("a zone is called by the most urgent thing about it", "[status]") {
  ZoneStatus zone = sample::rolling_zone();
  CHECK(zone_state(zone) == "held");
  zone.holds[0].reason = Reason::time;  // passes by itself
  CHECK(zone_state(zone) == "rolling");
  CHECK(zone_state(sample::quiet_zone()) == "signed");
  zone.keys = {sample::ksk()};
  CHECK(zone_state(zone) == "unsigned");
  CHECK(zone_state(ZoneStatus{}) == "unsigned");
}

TEST_CASE("the zone whose keys are due first is the next", "[status]") {
  MemberStatus status = sample::cluster();
  CHECK(next_due_zone(status)->zone.name == "example.net.");  // 2026-07-01
  status.zones[0].next_keys.clear();
  CHECK(next_due_zone(status)->zone.name == "example.org.");
  status.zones.clear();
  CHECK(next_due_zone(status) == nullptr);
}

TEST_CASE("members are printed with their names", "[status]") {
  const auto json = zone_status_json(sample::cluster(), "example.org.", sample::now);
  REQUIRE(json);
  const Json& zone = (*json)["zone"];
  CHECK((*json)["now"] == "2026-06-01T05:55:00Z");
  CHECK(zone["keys"][2]["made_by"]["host"] == "b.example.com");
  CHECK(zone["keys"][2]["key"] == "c2c2c2c2");
  CHECK(zone["keys"][2]["records"]["DNSKEY"] ==
        Json{{"state", "rumoured"}, {"acked", 2}, {"until", nullptr}});
  CHECK(zone["holds"][0]["waits_for"][0]["host"] == "c.example.com");
  CHECK(zone["holds"][0]["waits_for"][0]["age_seconds"] == 9 * 3600);
  // Or each hold of each zone repeats them all.
  CHECK_FALSE(zone["holds"][0]["waits_for"][0].contains("alarms"));
  CHECK(zone["next_keys"]["KSK"] == "2026-12-03T00:00:00Z");
}

TEST_CASE("of several zones of one name the one that is managed is shown", "[status]") {
  MemberStatus status = sample::cluster();
  ZoneStatus earlier = status.zones.at(0), later = status.zones.at(0);
  earlier.managed = later.managed = false;
  earlier.zone.incarnation = 7;
  later.zone.incarnation = 9;
  const ZoneName name = earlier.zone.name;
  status.zones.insert(status.zones.begin(), earlier);
  status.zones.push_back(later);
  CHECK(find_zone(status, name)->zone.incarnation == sample::cluster().zones.at(0).zone.incarnation);
  std::erase_if(status.zones, &ZoneStatus::managed);
  CHECK(find_zone(status, name)->zone.incarnation == 9);
}

TEST_CASE("a zone that nobody knows is not found", "[status]") {
  const auto json = zone_status_json(sample::cluster(), "example.com.", sample::now);
  CHECK(json.error().code == Errc::not_found);
  CHECK(json.error().what == "zone example.com. is not managed here");
}

TEST_CASE("info answers the four questions", "[info]") {
  MemberStatus status = sample::cluster();
  const InfoExtras extras{"ldapi:///run/slapd cn=rollcall", sample::bob};

  SECTION("random mode") {
    const Json json = info_json(status, extras, sample::now);
    CHECK(json["appointed_server"].is_null());
    CHECK(json["next_server"]["host"] == "b.example.com");
    CHECK(json["keys_store"] == "ldapi:///run/slapd cn=rollcall");
    CHECK(json["last_keys_made"] == "2026-05-31T03:55:00Z");
    CHECK(json["next_keys"] == "2026-07-01T00:00:00Z");
    CHECK(json["next_zone"] == "example.net.");
  }
  SECTION("appointed mode") {
    status.config.mode = Mode::appointed;
    status.config.appointed = {sample::carol, sample::alice};
    CHECK(info_json(status, extras, sample::now)["appointed_server"]["host"] == "c.example.com");
  }
  SECTION("all alarms are together, each with where it is") {
    status.alarms = {"clock jumped"};
    const Json json = info_json(status, extras, sample::now);
    REQUIRE(json["alarms"].size() == 3);
    CHECK(json["alarms"][0] == Json{{"zone", ""}, {"host", ""}, {"text", "clock jumped"}});
    CHECK(json["alarms"][1]["zone"] == "example.org.");
    CHECK(json["alarms"][2]["host"] == "c.example.com");
    CHECK(json["zones"]["held"][0]["why"] ==
          "introduce ZRRSIG of ZSK 41211: not every member has answered that it carried out: "
          "introduce DNSKEY of ZSK 41211");
    CHECK(json["zones"]["signed"] == Json{"example.net."});
  }
}

TEST_CASE("a machine in no cluster has a status too", "[status]") {
  const Json json = status_json(MemberStatus{}, sample::now);
  CHECK(json["in_cluster"] == false);
  CHECK(json["zones"].empty());
  CHECK(info_json(MemberStatus{}, {}, sample::now)["next_keys"].is_null());
}
