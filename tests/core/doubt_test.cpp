// SPDX-License-Identifier: GPL-3.0-or-later
// Whose word a member takes for the time, and what it does not do under a clock that is wrong.
#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"
#include "tests/core/small_cluster.h"
#include "tests/core/still_policy.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

bool told(const SmallCluster& cluster, const std::string& change) {
  return std::ranges::any_of(cluster.told(), [&](const Told& told) { return told.text == change; });
}

Heartbeat said_before(Time at) {
  Heartbeat heartbeat;
  heartbeat.member = LoneMember::self;
  heartbeat.instance = Uuid{{std::byte{9}}};
  heartbeat.time = at;
  return heartbeat;
}

}  // namespace

TEST_CASE("a server is told nothing under a clock that is wrong: it would sign anew, with that clock's dates", "[doubt]") {
  for (const Nanoseconds wrong_by : {-Nanoseconds{Seconds{20'000_days}}, Nanoseconds{2h}}) {
    SmallCluster cluster{3, still(), exact, Seconds{300}};
    cluster.run_until(200h);
    REQUIRE_FALSE(cluster.member(1).roll("example.test.", Role::zsk, Uuid{{std::byte{1}}}, "root", false));
    cluster.run_until(210h);
    REQUIRE(told(cluster, "ZSK +DNSKEY 2"));
    const int orders = cluster.orders(0);
    cluster.set_clock(0, wrong_by);
    cluster.run_until(400h);
    CHECK(told(cluster, "ZSK +ZRRSIG 2"));
    CHECK(cluster.orders(0) == orders);
    CHECK(cluster.member(0).status(cluster.moment(0)).doubt.find("the other members' clocks") != std::string::npos);
    CHECK_FALSE(told(cluster, "ZSK -DNSKEY 1"));  // it signs with that still
    cluster.set_clock(0, {});
    cluster.run_until(800h);
    CHECK(cluster.orders(0) > orders);
    CHECK(told(cluster, "ZSK -DNSKEY 1"));
  }
}

TEST_CASE("a clock that is wrong by less than signatures are dated back harms nobody", "[doubt]") {
  SmallCluster cluster{3, still(), exact, Seconds{300}};
  cluster.run_until(200h);
  REQUIRE_FALSE(cluster.member(1).roll("example.test.", Role::zsk, Uuid{{std::byte{1}}}, "root", false));
  cluster.run_until(210h);
  const int orders = cluster.orders(0);
  cluster.set_clock(0, -30min);
  cluster.run_until(400h);
  CHECK(cluster.orders(0) > orders);
}

TEST_CASE("nobody can be asked: what a member wrote itself tells that its clock went back", "[doubt]") {
  LoneMember lone{still(), exact};
  lone.run_until(200h);
  lone.restart();
  lone.member().own_heartbeat_seen(said_before(lone.moment().wall + 1000_days));
  lone.lose_zone();
  const int orders = lone.orders();
  lone.run_until(300h);
  CHECK(lone.orders() == orders);
  CHECK(lone.status().doubt.find("behind what this member wrote last") != std::string::npos);
  SECTION("people set the clock, or know that it is right, and restart the agent") {
    lone.restart();
    lone.member().own_heartbeat_seen(said_before(lone.moment().wall));
    lone.run_until(301h);
    CHECK(lone.orders() > orders);
    CHECK(lone.status().doubt.empty());
  }
}

TEST_CASE("heartbeats that were lying in a replica are no word of others", "[doubt]") {
  const PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = LoneMember::self, other{Uuid{{std::byte{2}}}, 1};
  Restored restored;
  const auto add = [&](FactContent content) {
    restored.facts.push_back({{self, restored.facts.size() + 1}, LoneMember::start, {}, std::move(content)});
  };
  add(Admit{{self.member, 1, "self", {}, {}}, {}});
  add(Admit{{other.member, 1, "other", {}, {}}, {}});
  restored.vector.push_back({self, 2, {}});
  restored.serving = true;
  Settings settings;
  settings.clock_tolerance = Seconds{300};
  Member member{self, Uuid{}, settings, crypto, delay, restored};
  member.directory_current(true, "");

  std::uint64_t counter = 0;
  bool counts_us = true;
  const auto hears = [&](Seconds at, Nanoseconds age) {
    const Moment now{LoneMember::start + 400_days + at, BootTime{} + at};
    Heartbeat heartbeat;
    heartbeat.member = other;
    heartbeat.instance = Uuid{{std::byte{2}}};
    heartbeat.counter = ++counter;
    heartbeat.time = now.wall - age;
    heartbeat.roster = {other};
    if (counts_us) heartbeat.roster.insert(heartbeat.roster.begin(), self);
    heartbeat.serving = true;
    member.heartbeat(heartbeat, now);
    member.pass(now, [] { return std::uint64_t{0}; });
    return member.may_answer();
  };
  CHECK_FALSE(hears(1s, 25_days));
  CHECK_FALSE(hears(2s, 24_days));  // its replica learns of one after another
  CHECK_FALSE(member.never_answers());
  SECTION("a fresh one is") { CHECK(hears(3s, 1s)); }
  SECTION("one that does not count this member any more says that it was forgotten") {
    counts_us = false;
    CHECK_FALSE(hears(3s, 1s));
    CHECK(member.never_answers());
  }
  SECTION("so are two that come as long after one another as they were written, whatever the own clock says") {
    CHECK_FALSE(hears(3s, 9_days));
    CHECK(hears(303s, 9_days));
  }
}
