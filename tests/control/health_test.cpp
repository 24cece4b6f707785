// SPDX-License-Identifier: GPL-3.0-or-later
// Members, replicas, the machine itself, and what all findings have in common.
#include "lib/control/health.h"

#include "tests/control/health_sample.h"

using namespace rollcall;
using namespace rollcall::control;
using namespace rollcall::sample;
using namespace std::chrono_literals;

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
    status.config.appointed = {carol, bob};
    const std::string text = judged(status).dump();
    CHECK(text.find("a fail-over member makes the keys") != std::string::npos);
    status.config.appointed = {carol};
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
  SECTION("one that lets nobody like us in") {
    looks.replicas[2].answers = false;
    looks.replicas[2].denied = true;
    looks.replicas[2].problem = "invalid credentials";
    const Json found = only(judged(calm(), looks));
    CHECK(found.at("key") == "not-compared:c.example.com");
    CHECK(found.at("level") == "warning");
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

namespace {

ReplicationState ruv(const std::string& csn, const Nanoseconds& age) {
  return {"nsds50ruv", {{"4", {csn, now - age, "d.example.com"}}}, true, {}};
}

}  // namespace

TEST_CASE("a replica at which nothing arrives: what the servers tell of it is a hint", "[health]") {
  HealthLooks looks = well();
  looks.replicas[0].replication = ruv("b", 0s);
  looks.replicas[2].replication = ruv("a", 3h);
  SECTION("which alone is nothing") { CHECK(judged(calm(), looks).at("findings").empty()); }
  looks.replicas[2].probe_after.reset();
  SECTION("how far it is behind") {
    CHECK(what_of(only(judged(calm(), looks))) ==
          "what was written here did not arrive at its directory (by its nsds50ruv it lacks the "
          "changes of the last 3h "
          "made at d.example.com)");
  }
  SECTION("an agreement with it that fails, and no other one") {
    looks.replicas[2].replication = {};
    looks.replicas[0].replication.agreements = {{"atob", "b.example.com", false, "Error (-1) b"},
                                                {"atoc", "c.example.com", false, "Error (-1) c"},
                                                {"ad", "c.example.com", true, "Error (-1) dc"}};
    CHECK(what_of(only(judged(calm(), looks))) ==
          "what was written here did not arrive at its directory (agreement atoc of a.example.com: "
          "Error (-1) c)");
  }
  SECTION("nothing is told") {
    looks.replicas[2].replication = {};
    CHECK(what_of(only(judged(calm(), looks))) ==
          "what was written here did not arrive at its directory");
  }
}

TEST_CASE("what was not looked at is a note, and nothing is wrong by it", "[health]") {
  HealthLooks looks = well();
  SECTION("a replica") {
    looks.not_compared = {{"c.example.com", "this agent knows no CA", "give it one"}};
    const Json health = judged(calm(), looks);
    CHECK(health.at("code") == 0);
    CHECK(only(health).at("key") == "not-compared:c.example.com");
    CHECK(only(health).at("level") == "ok");
  }
  SECTION("a DNS server whose member tells no address") {
    MemberStatus status = calm();
    status.members[1].addresses.clear();
    CHECK(only(judged(status)).at("key") == "not-asked:b.example.com");
    CHECK(judged(status).at("code") == 0);
  }
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

TEST_CASE("a disk is full", "[health]") {
  HealthLooks looks = well();
  const auto level = [&](std::uint64_t free_bytes) {
    looks.disk = DiskSpace{"/var/lib/rollcall", free_bytes, 1U << 30U};
    return health_json(calm(), looks, now).at("level").get<std::string>();
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
  status.master_key.waits_for = {bob};
  CHECK(judged(status).at("code") == 0);
  status.members[1].fresh = false;
  CHECK(judged(status).dump().find("the rotation of the master key waits for it") !=
        std::string::npos);
}

TEST_CASE("a member that has not opened the master key is named by every other one", "[health]") {
  MemberStatus status = calm();
  status.master_key.without = {bob};
  CHECK(judged(status).at("code") == 1);
  CHECK(only(judged(status)).at("key") == "master-key:b.example.com:not opened");
  CHECK(what_of(only(judged(status))) ==
        "it has not opened the master key of epoch 1, so it can use no new key");
  SECTION("if it is silent, that is enough") {
    status.members[1].fresh = false;
    CHECK(only(judged(status)).at("check") == "member-silent");
  }
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
  CHECK_FALSE(health_changed({}, health({{"not-compared:b", "ok"}})));
  CHECK(health_changed(health({}), one));
  CHECK(health_changed(one, health({})));
  CHECK(health_changed(one, health({{"disk:a", "critical"}})));
  const Json two = health({{"disk:a", "warning"}, {"disk:b", "warning"}});
  CHECK_FALSE(health_changed(two, health({{"disk:b", "warning"}, {"disk:a", "warning"}})));
}

TEST_CASE("each kind of alarm has a cure of its own, whoever raises it", "[health]") {
  const std::vector<std::pair<std::string, std::string>> known{
      {"unreadable entry cn=x: signature", "who wrote that entry"},
      {"unreadable entry cn=default,cn=policies,cn=rollcall: no number", "delete the entry only if"},
      {"example.org.: its entry below cn=zones is gone: x", "rollcall zone add"},
      {"example.org.: its policy is not in the directory: x", "rollcall policy set"},
      {"two facts with one number of b.example.com: it was restored", "rollcall forget"},
      {"facts of a.example.com do not arrive here", "replication to it has stopped"},
      {"c.example.com still lacks facts that were written again here: look",
       "replication to it has stopped"},
      {"the master key that a.example.com sealed to this member cannot be opened: no",
       "rollcall master-key rotate"},
      {"example.org.: cannot use ZSK 3 of a.example.com: it does not unwrap",
       "rollcall master-key"},
      {"example.org.: no key for ZSK 3, which was due", "rollcall set HOST"},
      {"example.org.: the own server lost what it was seen to serve before", "rollcall log"},
      {"example.org.: the last gate holds a change of the own server: x", "rollcall gate"},
      {"example.org.: signatures expire from 2026-06-01T00:00:00Z on", "rollcall check"},
      {"something new", "rollcall check, on b.example.com"}};
  for (const auto& [alarm, cure] : known) {
    MemberStatus status = calm();
    status.members[1].alarms = {alarm};
    INFO(alarm);
    CHECK(only(judged(status)).at("cure").get<std::string>().find(cure) != std::string::npos);
    status.members[1].alarms.clear();
    status.alarms = {alarm};
    CHECK(only(judged(status)).at("about") == "a.example.com");
  }
}

TEST_CASE("doubt is said once", "[health]") {
  MemberStatus status = calm();
  status.doubt = "its directory is silent";
  status.alarms = {"nothing new is written: its directory is silent"};
  CHECK(only(judged(status)).at("check") == "doubt");
}
