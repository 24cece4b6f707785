// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health.h"

#include <catch2/catch.hpp>

#include "tests/control/sample.h"

using namespace rollcall;
using namespace rollcall::control;
using namespace std::chrono_literals;

namespace {

ReplicaLook replica(const std::string& host) {
  return {host, "ldap://" + host, true, "", 42, 0, 0, 5ms, {}};
}

HealthLooks well() {
  return {{replica("a.example.com"), replica("b.example.com"), replica("c.example.com")},
          "",
          {},
          DiskSpace{"/var/lib/rollcall", 50, 100}};
}

// The sample with carol heard of, well and in time.
MemberStatus calm() {
  MemberStatus status = sample::cluster();
  status.members[2].fresh = true;
  status.members[2].alarms.clear();
  status.zones[1].alarms.clear();
  return status;
}

Json judged(const MemberStatus& status, HealthLooks looks = well()) {
  if (looks.disk) looks.disk->free_bytes <<= 30U, looks.disk->bytes <<= 30U;
  return health_json(status, looks, sample::now);
}

// The only finding; fails if there are others.
Json only(const Json& health) {
  INFO(health.dump(1));
  REQUIRE(health.at("findings").size() == 1);
  return health.at("findings").front();
}

ParentAnswer parent_with(const std::vector<Fingerprint>& everywhere,
                         const std::vector<Fingerprint>& somewhere) {
  ParentAnswer answer;
  answer.ds = everywhere;
  answer.ds_somewhere = somewhere;
  return answer;
}

}  // namespace

TEST_CASE("of a cluster that is well nothing is found", "[health]") {
  const Json health = judged(calm());
  CHECK(health.at("code") == 0);
  CHECK(health.at("level") == "ok");
  CHECK(health.at("findings").empty());
  CHECK(health.at("replicas").size() == 3);
  CHECK(health.at("replicas")[0].at("probe_ms") == 5);
}

TEST_CASE("a machine in no cluster knows nothing", "[health]") {
  const Json health = judged(MemberStatus{});
  CHECK(health.at("code") == 3);
  CHECK(only(health).at("check") == "cluster");
}

TEST_CASE("a silent member is named, and every step that waits for it", "[health]") {
  MemberStatus status = calm();
  status.members[2].fresh = false;
  const Json health = judged(status);
  CHECK(health.at("code") == 1);
  REQUIRE(health.at("findings").size() == 2);
  CHECK(health.at("findings")[0].at("key") == "member-silent:c.example.com");
  CHECK(health.at("findings")[0].at("what") == "nothing was heard of it for 9h");
  CHECK(health.at("findings")[1].at("check") == "held");
  CHECK(health.at("findings")[1].at("about") == "example.org.");

  SECTION("a fail-over member may still make the keys") {
    status.config.mode = Mode::appointed;
    status.config.appointed = {sample::carol, sample::bob};
    const std::string text = judged(status).dump();
    CHECK(text.find("a fail-over member makes the keys") != std::string::npos);
    status.config.appointed = {sample::carol};
    CHECK(judged(status).dump().find("all its fail-over members are silent") != std::string::npos);
  }
}

TEST_CASE("each replica is judged by what it has", "[health]") {
  HealthLooks looks = well();
  SECTION("one that does not answer") {
    looks.replicas[2].answers = false;
    looks.replicas[2].probe_after.reset();
    looks.replicas[2].problem = "connection refused";
    const Json found = only(judged(calm(), looks));
    CHECK(found.at("key") == "replica:c.example.com");
    CHECK(found.at("what") == "its directory does not answer: connection refused");
  }
  SECTION("one at which nothing arrives") {
    looks.replicas[2].probe_after.reset();
    CHECK(only(judged(calm(), looks)).at("check") == "replication");
  }
  SECTION("one that lost entries") {
    looks.replicas[1].lacks = 3;
    CHECK(only(judged(calm(), looks)).at("what") ==
          "its directory lacks 3 facts that another one has");
  }
  SECTION("one that has something else is critical") {
    looks.replicas[1].differs = 1;
    CHECK(judged(calm(), looks).at("code") == 2);
    CHECK(only(judged(calm(), looks)).at("about") == "b.example.com");
  }
  SECTION("without a probe nobody is blamed for not having it") {
    looks.probe_problem = "no space left";
    for (ReplicaLook& look : looks.replicas) look.probe_after.reset();
    CHECK(only(judged(calm(), looks)).at("check") == "probe");
  }
  SECTION("an entry that was put aside") {
    looks.replicas[0].conflicts = {"cn=x"};
    CHECK(only(judged(calm(), looks)).at("check") == "conflict");
  }
}

TEST_CASE("signatures: three days before they expire a warning, one day before critical",
          "[health]") {
  MemberStatus status = calm();
  const auto level = [&](Nanoseconds left) {
    status.zones[0].signed_until = sample::now + left;
    const Json health = judged(status);
    return health.at("level").get<std::string>();
  };
  CHECK(level(72h) == "ok");
  CHECK(level(72h - 1s) == "warning");
  CHECK(level(24h) == "warning");
  CHECK(level(24h - 1s) == "critical");
  CHECK(level(-1h) == "critical");
  CHECK(only(judged(status)).at("what") ==
        "the first signature on a.example.com expired 60m ago");
}

TEST_CASE("a clock that is off", "[health]") {
  MemberStatus status = calm();
  const auto level = [&](Nanoseconds behind) {
    status.clock_behind = behind;
    return judged(status).at("level").get<std::string>();
  };
  CHECK(level(2s) == "ok");
  CHECK(level(-2s) == "ok");
  CHECK(level(2s + 1ns) == "warning");
  CHECK(level(-5min) == "warning");
  CHECK(level(5min + 1ns) == "critical");
}

TEST_CASE("the DS at the parent", "[health]") {
  HealthLooks looks = well();
  const Fingerprint ksk = sample::ksk().fingerprint;
  const auto with = [&](const ParentAnswer& answer) {
    looks.parents = {{"example.org.", answer}};
    return judged(calm(), looks);
  };
  CHECK(with(parent_with({ksk}, {ksk})).at("findings").empty());
  SECTION("missing") {
    const Json health = with(parent_with({}, {}));
    CHECK(health.at("code") == 2);
    CHECK(only(health).at("what") == "the DS of KSK 20013 is missing at the parent");
  }
  SECTION("at some servers only") {
    const Json health = with(parent_with({}, {ksk}));
    CHECK(health.at("code") == 1);
    CHECK(only(health).at("what") == "the DS of KSK 20013 is at some servers of the parent only");
  }
  SECTION("one that is nobody's") {
    ParentAnswer answer = parent_with({ksk}, {ksk});
    answer.unknown = 1;
    CHECK(only(with(answer)).at("what") == "the parent has 1 DS record that fit no key of ours");
  }
  SECTION("no answer") {
    looks.parents = {{"example.org.", fail(Errc::unavailable, "192.0.2.1@53: no answer")}};
    CHECK(only(judged(calm(), looks)).at("check") == "parent");
  }
}

TEST_CASE("a disk is full", "[health]") {
  HealthLooks looks = well();
  const auto level = [&](std::uint64_t free_bytes) {
    looks.disk = DiskSpace{"/var/lib/rollcall", free_bytes, 1U << 30U};
    return health_json(calm(), looks, sample::now).at("level").get<std::string>();
  };
  CHECK(level(1U << 28U) == "ok");
  CHECK(level(1U << 26U) == "warning");
  CHECK(level((1U << 26U) - 1) == "critical");
}

TEST_CASE("no master key, and a rotation that waits for somebody silent", "[health]") {
  MemberStatus status = calm();
  status.master_key.epoch = 0;
  CHECK(judged(status).at("code") == 2);
  status.master_key.epoch = 1;
  status.master_key.waits_for = {sample::bob};
  CHECK(judged(status).at("code") == 0);
  status.members[1].fresh = false;
  CHECK(judged(status).dump().find("the rotation of the master key waits for it") !=
        std::string::npos);
}

TEST_CASE("alarms are findings, each with a name of its own", "[health]") {
  MemberStatus status = calm();
  status.members[1].alarms = {"one", "two"};
  const Json health = judged(status);
  REQUIRE(health.at("findings").size() == 2);
  CHECK(health.at("findings")[0].at("key") != health.at("findings")[1].at("key"));
}

TEST_CASE("changed: something new, something over, something worse; not the time", "[health]") {
  const auto health = [](const std::vector<std::pair<std::string, std::string>>& found) {
    Json json{{"findings", Json::array()}};
    for (const auto& [key, level] : found)
      json["findings"].push_back({{"key", key}, {"level", level}});
    return json;
  };
  const Json one = health({{"disk:a", "warning"}});
  CHECK_FALSE(health_changed(one, one));
  CHECK_FALSE(health_changed({}, health({})));
  CHECK(health_changed({}, one));
  CHECK(health_changed(health({}), one));
  CHECK(health_changed(one, health({})));
  CHECK(health_changed(one, health({{"disk:a", "critical"}})));
  const Json two = health({{"disk:a", "warning"}, {"disk:b", "warning"}});
  CHECK_FALSE(health_changed(two, health({{"disk:b", "warning"}, {"disk:a", "warning"}})));
}
