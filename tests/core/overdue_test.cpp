// SPDX-License-Identifier: GPL-3.0-or-later
// What waits for longer than the policy lets it: both sides of the last second.
#include "lib/core/overdue.h"

#include <catch2/catch.hpp>

#include "tests/core/small_cluster.h"
#include "tests/core/still_policy.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

constexpr Seconds patience = 3_days;  // missing_keys_alarm
constexpr Seconds longest = 73h;      // TTLsig + Dprp + retsafe = 24 + 1 + 48

std::vector<OverdueHold> overdue_at(LoneMember& member, Seconds end) {
  member.run_until(end);
  member.run_until(end);  // it looks once more, at the second itself
  return member.status().zones.at(0).overdue;
}

}  // namespace

TEST_CASE("a DS that does not come is overdue after the policy's patience", "[overdue]") {
  LoneMember member{still(), exact};
  member.let_parent_follow(false);
  member.run_until(50h);
  const Seconds announced = member.first("KSK +DS 1").value();
  CHECK(overdue_at(member, announced + patience).empty());
  const auto overdue = overdue_at(member, announced + patience + 1s);
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].hold.step == "the DS of KSK 1300");
  CHECK(overdue[0].hold.text == "the DS of KSK 1300 has to appear at the parent");
  CHECK(overdue[0].since == LoneMember::start + announced);
  CHECK(overdue[0].ds_of == member.status().zones.at(0).keys.at(0).fingerprint);

  SECTION("an administrator who suspends the zone knows") {
    member.member().zone({LoneMember::zone, "default", false, true});
    CHECK(overdue_at(member, announced + patience + 1h).empty());
  }
  SECTION("it comes") {
    member.let_parent_follow(true);
    CHECK(overdue_at(member, announced + patience + 2h).empty());
  }
}

TEST_CASE("so is one that does not leave", "[overdue]") {
  LoneMember member{still(), exact};
  member.run_until(200h);
  member.let_parent_follow(false);
  member.want_insecure(true);
  member.run_until(201h);
  const Seconds announced = member.first("KSK -DS 1").value();
  CHECK(overdue_at(member, announced + patience).empty());
  const auto overdue = overdue_at(member, announced + patience + 1s);
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].hold.text == "the DS of KSK 1300 has to leave the parent");
}

TEST_CASE("a roll that waits for an administrator is overdue when caches could have followed too",
          "[overdue]") {
  LoneMember member{still(), exact};
  member.run_until(200h);
  Policy policy = still();
  policy.manual = true;
  member.want(policy);
  REQUIRE_FALSE(member.member().roll("example.test.", Role::zsk, Uuid{}, "root", false));
  CHECK(overdue_at(member, 200h + longest + patience).empty());
  const auto overdue = overdue_at(member, 200h + longest + patience + 1s);
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].hold.reason == Reason::operator_);
  CHECK(overdue[0].since == LoneMember::start + 200h);

  REQUIRE_FALSE(member.member().step("example.test.", "root"));
  CHECK(overdue_at(member, 200h + longest + patience + 1h).empty());
}

TEST_CASE("a zone that waits for its schedule only is never overdue", "[overdue]") {
  Policy policy = still();
  policy.zsk_lifetime = 400_days;
  policy.lead = 200_days;
  LoneMember member{policy, exact};
  for (Seconds at = 200h; at < 1000_days; at += 5_days) {
    INFO(at.count() / 86400 << " days");
    CHECK(overdue_at(member, at).empty());
  }
  CHECK(member.first("ZSK +DNSKEY 3"));
}

TEST_CASE("a roll that waits for a member that does nothing", "[overdue]") {
  SmallCluster cluster(3, still(), exact);
  cluster.run_until(200h);
  cluster.halt(2);
  REQUIRE_FALSE(cluster.member(0).roll("example.test.", Role::zsk, Uuid{}, "root", false));
  const auto overdue_after = [&](Seconds time) {
    cluster.run_until(200h + time);
    cluster.run_until(200h + time);
    return cluster.member(1).status(cluster.moment()).zones.at(0).overdue;
  };
  CHECK(overdue_after(longest + patience).empty());
  const auto overdue = overdue_after(longest + patience + 1s);
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].hold.step == "elect ZSK 2 (1 candidate)");
  CHECK(overdue[0].hold.waits_for == std::vector{SmallCluster::incarnation(2).member});

  cluster.halt(2, false);
  CHECK(overdue_after(longest + patience + 1h).empty());
}
