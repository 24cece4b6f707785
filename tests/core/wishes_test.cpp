// SPDX-License-Identifier: GPL-3.0-or-later
// What people ask for while keys are rolled: once more, give up, step by step; and how long an old one counts.
#include "tests/core/zone_in_order.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

TEST_CASE("three are a crowd: asked again while a roll runs, the next one waits its turn", "[rollovers]") {
  Zone zone{still()};
  zone.roll(Role::ksk);
  zone.pass(27h);  // the second is in use: 1 + 1 + 24 = 26
  CHECK(zone.hour("KSK +DS 2") == 26);
  zone.roll(Role::ksk);
  zone.pass(1000h);
  CHECK(zone.hour("KSK -DNSKEY 1") == 77);   // 26 + 51
  CHECK(zone.hour("KSK +DNSKEY 3") == 127);  // when the first is hidden: + 1 + 1 + 48
  CHECK(zone.state(Role::ksk, 3, Record::ds) == State::omnipresent);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a key is given up before its use", "[rollovers]") {
  Zone zone{still()};
  zone.roll(Role::ksk);
  zone.pass(10h);
  CHECK(zone.member.member().roll("example.test.", Role::ksk, Uuid{{std::byte{77}}}, "root"));  // on its way
  REQUIRE_FALSE(zone.member.member().abandon("example.test.", Role::ksk, "root"));
  zone.pass(500h);
  CHECK(zone.hour("KSK -DNSKEY 2") == 10);
  CHECK(zone.hour("KSK +DS 2") == -1);
  CHECK(zone.hour("KSK +DNSKEY 3") == 60);  // still wanted, when the one given up is hidden: + 1 + 1 + 48
  CHECK(zone.state(Role::ksk, 3, Record::ds) == State::omnipresent);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a KSK whose ZSK signs already belongs to a new chain, and is not given up alone", "[rollovers]") {
  Policy policy = still();
  Zone zone{policy};
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(1h);
  REQUIRE(zone.hour("ZSK +ZRRSIG 2") == 0);  // signatures first; nothing of the KSK is there
  REQUIRE(zone.hour("KSK +DNSKEY 2") == -1);
  CHECK(zone.member.member().abandon("example.test.", Role::ksk, "root"));
  zone.pass(1000h);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
}

// By somebody who has not heard yet that it is used.
TEST_CASE("a ZSK whose KSK was given up is no chain, and in the way of the next algorithm", "[rollovers]") {
  Policy policy = still();
  Zone zone{policy};
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(80h);
  REQUIRE(zone.hour("ZSK +DNSKEY 2") == 73);
  REQUIRE(zone.hour("KSK +DS 2") == -1);
  zone.member.give_up(Role::ksk, 2);
  policy.algorithm = Algorithm::ecdsap384sha384;
  zone.member.want(policy);
  zone.pass(2000h);
  CHECK(zone.hour("ZSK -DNSKEY 2") > 80);
  CHECK(zone.state(Role::ksk, 3, Record::ds) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
  CHECK(zone.state(Role::zsk, 1, Record::zrrsig) == State::hidden);
  CHECK(zone.state(Role::zsk, 2, Record::zrrsig) == State::hidden);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a KSK that is asked for does not wait for a ZSK that only waits for its time", "[rollovers]") {
  Policy policy = still();
  policy.zsk_lifetime = 300h;
  Zone zone{policy};
  zone.pass(90h);
  REQUIRE(zone.hour("ZSK +DNSKEY 2") >= 0);
  policy.zsk_lifetime = 3000h;
  zone.member.want(policy);
  zone.pass(40h);
  REQUIRE(zone.state(Role::zsk, 2, Record::dnskey) == State::omnipresent);
  zone.roll(Role::ksk);
  zone.pass(500h);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == -1);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("in manual mode each step waits for somebody", "[rollovers]") {
  Policy policy = still();
  Zone zone{policy};
  policy.manual = true;
  zone.member.want(policy);
  zone.roll(Role::zsk);
  zone.pass(100h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == -1);
  REQUIRE_FALSE(zone.holds().empty());
  CHECK(zone.holds().front().reason == Reason::operator_);
  REQUIRE_FALSE(zone.member.member().step("example.test.", "root"));
  zone.pass(10h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == 100);
  CHECK(zone.member.member().step("example.test.", "root"));  // caches have to follow first
  zone.pass(20h);
  CHECK_FALSE(zone.member.member().step("example.test.", "root"));
  zone.pass(1h);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == 130);
  policy.manual = false;
  zone.member.want(policy);
  CHECK(zone.member.member().step("example.test.", "root"));
}

TEST_CASE("a TTL that was lowered counts until it has run out", "[rollovers]") {
  Policy policy = still();
  policy.dnskey_ttl = 100h;
  Zone zone{policy};
  zone.pass(200h);
  Policy lower = policy;
  lower.dnskey_ttl = 1h;
  zone.member.want(lower);
  zone.roll(Role::zsk);
  zone.pass(600h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == 200);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == 325);  // 100 + Dprp + pubsafe
  zone.roll(Role::zsk);
  zone.pass(600h);
  CHECK(zone.hour("ZSK +DNSKEY 3") == 800);
  CHECK(zone.hour("ZSK +ZRRSIG 3") == 826);  // 1 + Dprp + pubsafe
}

TEST_CASE("a KSK is in use, and late if it is, until the parent shows the DS of its successor", "[rollovers]") {
  Policy policy = still();
  policy.ksk_lifetime = 40_days;
  Zone zone{policy};
  const auto next_roll = [&zone] { return zone.member.status().zones.at(0).next_roll.at(Role::ksk); };
  const Time planned = next_roll();
  zone.member.let_parent_follow(false);
  zone.pass(1200h);
  CHECK(zone.hour("KSK +DS 2") > 0);
  CHECK(zone.member.moment().wall > planned);
  CHECK(next_roll() == planned);
  zone.member.let_parent_follow(true);
  zone.pass(2h);  // until somebody looks
  CHECK(next_roll() > planned + 39_days);
}

TEST_CASE("a DS that the parent shows counts, though who announced it has lost that", "[wishes]") {
  Zone zone{still()};
  zone.member.restart([](Restored& store) {
    const auto announces = [](const Fact& fact) {
      const auto* decision = std::get_if<Decision>(&fact.content);
      return decision && std::ranges::any_of(decision->introduces, [](const KeyRecord& one) { return one.record == Record::ds; });
    };
    store.facts.erase(std::ranges::find_if(store.facts, announces), store.facts.end());
  });
  zone.member.let_parent_follow(false);  // it has what the server announced
  zone.member.want_insecure(true);
  zone.pass(1h);
  CHECK(zone.state(Role::ksk, 1, Record::ds) != State::hidden);
  CHECK(zone.hour("KSK -DNSKEY 1") == -1);
  zone.member.let_parent_follow(true);
  zone.pass(1000h);
  CHECK(zone.hour("KSK -DNSKEY 1") == 53);  // the DS leaves after 1 h and is looked for once an hour; TTLds + DprpP + retsafe
  CHECK_FALSE(zone.member.was_ever_bogus());
}
