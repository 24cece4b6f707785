// SPDX-License-Identifier: GPL-3.0-or-later
// Two rollovers worked out by hand, to the hour. The sums stand beside the numbers.
#include <catch2/catch.hpp>

#include "lib/core/timing.h"
#include "tests/core/lone_member.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

// TTLkey 1, TTLsig 24, Dprp 1, pubsafe 24, retsafe 48, lifetime 30 d, lead 14 d.
Policy zsk_example() {
  Policy policy;
  policy.dnskey_ttl = 1h;
  policy.max_zone_ttl = 24h;
  policy.propagation = 1h;
  policy.publish_safety = 24h;
  policy.retire_safety = 48h;
  policy.zsk_lifetime = 30_days;
  policy.ksk_lifetime = Seconds{0};
  policy.lead = 14_days;
  policy.window_first = Seconds{0};
  policy.window = Seconds{0};
  policy.purge = 4000_days;
  return policy;
}

// TTLkey 2, TTLds 1, Dprp 1, DprpP 1, pubsafe 24, retsafe 48, lifetime 60 d.
Policy ksk_example() {
  Policy policy = zsk_example();
  policy.dnskey_ttl = 2h;
  policy.ds_ttl = 1h;
  policy.parent_propagation = 1h;
  policy.zsk_lifetime = Seconds{0};
  policy.ksk_lifetime = 60_days;
  return policy;
}

// Hours from the first activation in a role to a decision.
struct Timetable {
  const LoneMember& member;
  Seconds origin;
  std::string role;
  double operator()(const std::string& change) const {
    const auto at = member.first(role + ' ' + change);
    return at ? static_cast<double>((*at - origin).count()) / 3600.0 : -1;
  }
};

// The hour in which a record is first deduced to be hidden: it is not an hour earlier.
void hidden_from(LoneMember& member, Seconds at, Role role, std::uint32_t number, Record record) {
  member.run_until(at - 1s);
  CHECK(member.state(role, number, record) == State::unretentive);
  member.run_until(at);
  CHECK(member.state(role, number, record) == State::hidden);
}

}  // namespace

TEST_CASE("a ZSK rollover with a signer that takes a week to re-sign", "[examples]") {
  LoneMember member{zsk_example(), {SwapAbility::exact, 168h}};
  member.run_until(100h);
  const Seconds origin = *member.first("ZSK +ZRRSIG 1");

  SECTION("to the hour") {
    member.run_until(origin + 1500h);
    const Timetable hour{member, origin, "ZSK"};
    CHECK(hour("+DNSKEY 2") == 694);  // 720 - Ipub, Ipub = 1 + 1 + 24
    CHECK(hour("+ZRRSIG 2") == 720);
    CHECK(hour("-ZRRSIG 1") == 720);
    CHECK(hour("-DNSKEY 1") == 961);   // 720 + Iret, Iret = 168 + 1 + 24 + 48
    CHECK(hour("+DNSKEY 3") == 1414);  // 720 + 720 - 26
  }
  SECTION("the old DNSKEY is hidden at 961 + TTLkey + Dprp + retsafe") {
    hidden_from(member, origin + 1011h, Role::zsk, 1, Record::dnskey);
  }
}

TEST_CASE("a ZSK rollover with a signer that proves a full re-sign at once", "[examples]") {
  LoneMember member{zsk_example(), {SwapAbility::exact, 0h}};
  member.run_until(100h);
  const Seconds origin = *member.first("ZSK +ZRRSIG 1");
  hidden_from(member, origin + 843h, Role::zsk, 1, Record::dnskey);  // 793 + 1 + 1 + 48
  const Timetable hour{member, origin, "ZSK"};
  CHECK(hour("+DNSKEY 2") == 694);
  CHECK(hour("+ZRRSIG 2") == 720);
  CHECK(hour("-DNSKEY 1") == 793);  // 720 + 0 + 1 + 24 + 48
}

TEST_CASE("a ZSK rollover with named, whose signatures leave with the DNSKEY", "[examples]") {
  LoneMember member{zsk_example(), {SwapAbility::together, 0h}};
  member.run_until(100h);
  const Seconds origin = *member.first("ZSK +ZRRSIG 1");
  hidden_from(member, origin + 843h, Role::zsk, 1, Record::dnskey);
  hidden_from(member, origin + 866h, Role::zsk, 1, Record::zrrsig);  // 793 + 24 + 1 + 48
  const Timetable hour{member, origin, "ZSK"};
  CHECK(hour("+ZRRSIG 2") == 720);
  CHECK(hour("-DNSKEY 1") == 793);
  CHECK(hour("-ZRRSIG 1") == 793);
}

TEST_CASE("a KSK rollover, double-KSK, with a parent that answers at once", "[examples]") {
  LoneMember member{ksk_example(), {SwapAbility::exact, 0h}};
  member.run_until(200h);
  const Seconds origin = *member.first("KSK +DS 1");
  hidden_from(member, origin + 1541h, Role::ksk, 1, Record::dnskey);  // 1490 + 2 + 1 + 48
  member.run_until(origin + 3000h);
  const Timetable hour{member, origin, "KSK"};
  CHECK(hour("+DNSKEY 2") == 1413);  // 1440 - Ipub, Ipub = 2 + 1 + 24
  CHECK(hour("+KRRSIG 2") == 1413);
  CHECK(hour("+DS 2") == 1440);
  CHECK(hour("-DS 1") == 1440);
  CHECK(hour("-DNSKEY 1") == 1490);  // 1440 + IretK, IretK = 1 + 1 + 48
  CHECK(hour("-KRRSIG 1") == 1490);
  CHECK(hour("+DNSKEY 3") == 2853);  // 1440 + 1440 - 27
}

TEST_CASE("the derived intervals are RFC 7583's sums", "[timing]") {
  const Intervals zsk = largest(intervals_of(zsk_example()), {.resign = 168h});
  CHECK(publication_interval(Role::zsk, zsk) == 26h);
  CHECK(retire_interval(Role::zsk, zsk) == 241h);
  const Intervals ksk = intervals_of(ksk_example());
  CHECK(publication_interval(Role::ksk, ksk) == 27h);
  CHECK(retire_interval(Role::ksk, ksk) == 50h);
}
