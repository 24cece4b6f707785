// SPDX-License-Identifier: GPL-3.0-or-later
// Every type of rollover, to the hour, with a cache that watches: the sums stand beside the numbers.
#include "tests/core/zone_in_order.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

TEST_CASE("ZSK, double signature: both leave when the signatures are everywhere", "[rollovers]") {
  Policy policy = still();
  policy.zsk_rollover = ZskRollover::double_signature;
  for (const SignerAbility& ability : {exact, like_named}) {
    Zone zone{policy, ability};
    zone.roll(Role::zsk);
    zone.pass(500h);
    CHECK(zone.hour("ZSK +DNSKEY 2") == 0);
    CHECK(zone.hour("ZSK +ZRRSIG 2") == 0);
    CHECK(zone.hour("ZSK -DNSKEY 1") == 73);  // TTLsig + Dprp + retsafe = 24 + 1 + 48
    CHECK(zone.hour("ZSK -ZRRSIG 1") == 73);
    CHECK_FALSE(zone.member.was_ever_bogus());
  }
}

TEST_CASE("KSK, double-DS: the DNSKEYs are swapped under two DS", "[rollovers]") {
  Policy policy = still();
  policy.ksk_rollover = KskRollover::double_ds;
  Zone zone{policy};
  zone.roll(Role::ksk);
  zone.pass(500h);
  CHECK(zone.hour("KSK +DS 2") == 0);
  CHECK(zone.hour("KSK +DNSKEY 2") == 51);  // TTLds + DprpP + retsafe = 2 + 1 + 48
  CHECK(zone.hour("KSK -DNSKEY 1") == 51);
  CHECK(zone.hour("KSK -KRRSIG 1") == 51);
  CHECK(zone.hour("KSK -DS 1") == 101);  // + TTLkey + Dprp + retsafe = 1 + 1 + 48
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("KSK, double-RRset: all at once, and all of the old one at once", "[rollovers]") {
  Policy policy = still();
  policy.ksk_rollover = KskRollover::double_rrset;
  Zone zone{policy};
  zone.roll(Role::ksk);
  zone.pass(500h);
  CHECK(zone.hour("KSK +DS 2") == 0);
  CHECK(zone.hour("KSK +DNSKEY 2") == 0);
  CHECK(zone.hour("KSK -DS 1") == 51);  // max(TTLds + DprpP + retsafe, TTLkey + Dprp + pubsafe)
  CHECK(zone.hour("KSK -DNSKEY 1") == 51);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a CSK signs everything, and is replaced with double signatures", "[rollovers]") {
  Policy policy = still();
  policy.scheme = Scheme::csk;
  for (const SignerAbility& ability : {exact, like_named}) {
    Zone zone{policy, ability};
    CHECK(zone.member.told(Role::ksk).empty());
    CHECK(zone.member.told(Role::zsk).empty());
    CHECK(zone.state(Role::csk, 1, Record::ds) == State::omnipresent);
    zone.roll(Role::csk);
    zone.pass(500h);
    CHECK(zone.hour("CSK +DNSKEY 2") == 0);
    CHECK(zone.hour("CSK +ZRRSIG 2") == 0);
    CHECK(zone.hour("CSK +DS 2") == 73);  // its signatures: TTLsig + Dprp + retsafe
    CHECK(zone.hour("CSK -DS 1") == 73);
    CHECK(zone.hour("CSK -DNSKEY 1") == 124);  // + TTLds + DprpP + retsafe = 2 + 1 + 48
    CHECK(zone.hour("CSK -ZRRSIG 1") == 124);
    CHECK_FALSE(zone.member.was_ever_bogus());
  }
}

TEST_CASE("another algorithm, conservative: signatures first in, last out", "[rollovers]") {
  Zone zone{still()};
  Policy policy = still();
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(1000h);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == 0);
  CHECK(zone.hour("ZSK +DNSKEY 2") == 73);  // TTLsig + Dprp + retsafe
  CHECK(zone.hour("KSK +DNSKEY 2") == 73);
  CHECK(zone.hour("KSK +DS 2") == 99);  // + TTLkey + Dprp + pubsafe = 26
  CHECK(zone.hour("KSK -DS 1") == 99);
  CHECK(zone.hour("KSK -DNSKEY 1") == 150);  // + TTLds + DprpP + retsafe = 51
  CHECK(zone.hour("ZSK -DNSKEY 1") == 150);
  CHECK(zone.hour("ZSK -ZRRSIG 1") == 200);  // + TTLkey + Dprp + retsafe = 50
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("another algorithm, liberal: DNSKEYs and signatures together", "[rollovers]") {
  Zone zone{still(), like_named};
  Policy policy = still();
  policy.algorithm = Algorithm::ed25519;
  SECTION("which a server that signs with published keys only has to be allowed") {
    zone.member.want(policy);
    zone.pass(100h);
    CHECK(zone.hour("ZSK +DNSKEY 2") == -1);
    REQUIRE_FALSE(zone.holds().empty());
    CHECK(zone.holds().front().reason == Reason::signer);
  }
  SECTION("then it goes") {
    policy.algorithm_rollover = AlgorithmRollover::liberal;
    zone.member.want(policy);
    zone.pass(1000h);
    CHECK(zone.hour("ZSK +DNSKEY 2") == 0);
    CHECK(zone.hour("ZSK +ZRRSIG 2") == 0);
    CHECK(zone.hour("KSK +DNSKEY 2") == 0);
    CHECK(zone.hour("KSK +DS 2") == 73);  // the data has to be signed by it in every cache
    CHECK(zone.hour("KSK -DNSKEY 1") == 124);
    CHECK(zone.hour("ZSK -DNSKEY 1") == 124);
    CHECK(zone.hour("ZSK -ZRRSIG 1") == 124);
    CHECK_FALSE(zone.member.was_ever_bogus());
  }
}

TEST_CASE("a CSK of another algorithm", "[rollovers]") {
  Policy policy = still();
  policy.scheme = Scheme::csk;
  Zone zone{policy};
  policy.algorithm = Algorithm::ecdsap384sha384;
  zone.member.want(policy);
  zone.pass(1000h);
  CHECK(zone.hour("CSK +ZRRSIG 2") == 0);
  CHECK(zone.hour("CSK +DNSKEY 2") == 73);
  CHECK(zone.hour("CSK +DS 2") == 99);
  CHECK(zone.hour("CSK -DNSKEY 1") == 150);
  CHECK(zone.hour("CSK -ZRRSIG 1") == 200);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("going insecure: DS out, wait, then unsign; and back", "[rollovers]") {
  for (const SignerAbility& ability : {exact, like_named}) {
    Zone zone{still(), ability};
    zone.member.want_insecure(true);
    zone.pass(500h);
    CHECK(zone.hour("KSK -DS 1") == 0);
    CHECK(zone.hour("KSK -DNSKEY 1") == 51);  // TTLds + DprpP + retsafe
    CHECK(zone.hour("ZSK -DNSKEY 1") == 51);
    CHECK(zone.hour("ZSK -ZRRSIG 1") == 51);
    CHECK(zone.hour("KSK +DNSKEY 2") == -1);
    zone.member.want_insecure(false);
    zone.pass(500h);
    CHECK(zone.hour("KSK +DNSKEY 2") == 500);
    CHECK(zone.hour("ZSK +ZRRSIG 2") == 500);
    CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
    CHECK_FALSE(zone.member.was_ever_bogus());
  }
}

TEST_CASE("a change of mind after the DS left: a new KSK, the ZSK stays", "[rollovers]") {
  Zone zone{still()};
  zone.member.want_insecure(true);
  zone.pass(20h);
  zone.member.want_insecure(false);
  zone.pass(500h);
  CHECK(zone.hour("KSK +DNSKEY 2") == 20);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
  CHECK(zone.state(Role::zsk, 1, Record::zrrsig) == State::omnipresent);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a trust anchor waits for the hold-down, and is revoked before it leaves", "[rollovers]") {
  Policy policy = still();
  policy.trust_anchor = true;
  policy.hold_down = 30_days;
  policy.signature_validity = 14_days;
  Zone zone{policy};
  zone.roll(Role::ksk);
  zone.pass(2000h);
  CHECK(zone.hour("KSK +DNSKEY 2") == 0);
  CHECK(zone.hour("KSK +DS 2") == 747);  // Itrp + Dprp + pubsafe = (720 + 2 mQI) + 1 + 24, mQI = 1
  CHECK(zone.hour("KSK -DNSKEY 1") == 798);  // + TTLds + DprpP + retsafe
  CHECK(zone.hour("KSK +REVOKED 1") == 798);
  CHECK(zone.hour("KSK -REVOKED 1") == 848);  // + max(TTLkey, mQI) + Dprp + retsafe = 50
  CHECK(zone.state(Role::ksk, 1, Record::revoked) != State::omnipresent);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("an emergency leaves the margins out, and nothing else", "[rollovers]") {
  Zone zone{still()};
  zone.roll(Role::ksk, true);
  zone.pass(500h);
  CHECK(zone.hour("KSK +DNSKEY 2") == 0);
  CHECK(zone.hour("KSK +DS 2") == 2);       // TTLkey + Dprp
  CHECK(zone.hour("KSK -DNSKEY 1") == 5);  // + TTLds + DprpP
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("an emergency speeds up a roll that is under way", "[rollovers]") {
  Zone zone{still()};
  zone.roll(Role::zsk);
  zone.pass(1h);
  zone.roll(Role::zsk, true);
  zone.pass(500h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == 0);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == 2);
  CHECK(zone.hour("ZSK -DNSKEY 1") == 27);  // + TTLsig + Dprp
}

TEST_CASE("a key that stands by is published, and used only when it is asked for", "[rollovers]") {
  Policy policy = still();
  policy.standby_ksk = policy.standby_zsk = true;
  Zone zone{policy};
  zone.pass(300h);
  CHECK(zone.state(Role::zsk, 2, Record::dnskey) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 2, Record::krrsig) == State::omnipresent);
  CHECK(zone.state(Role::zsk, 2, Record::zrrsig) == State::hidden);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::hidden);
  zone.roll(Role::zsk);
  zone.pass(300h);
  CHECK(zone.hour("ZSK +ZRRSIG 2") == 300);  // published long before
  CHECK(zone.hour("ZSK +DNSKEY 3") > 373);   // the next one stands by
  CHECK(zone.state(Role::zsk, 3, Record::zrrsig) == State::hidden);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("what comes into use all at once does not stand by in the DNS", "[rollovers]") {
  Policy policy = still();
  policy.standby_ksk = policy.standby_zsk = true;
  policy.zsk_rollover = ZskRollover::double_signature;
  policy.ksk_rollover = KskRollover::double_rrset;
  Zone zone{policy};
  zone.pass(2000h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == -1);  // or one rollover would follow the other for ever
  CHECK(zone.hour("KSK +DNSKEY 2") == -1);
  zone.roll(Role::zsk);
  zone.pass(300h);
  CHECK(zone.hour("ZSK +DNSKEY 2") == 2000);
  CHECK(zone.hour("ZSK +DNSKEY 3") == -1);
}

TEST_CASE("a key that stands by is given up when the algorithm changes", "[rollovers]") {
  Policy policy = still();
  policy.standby_zsk = policy.standby_ksk = true;
  Zone zone{policy};
  zone.pass(300h);
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(1500h);
  CHECK(zone.hour("ZSK -DNSKEY 2") == 300);
  CHECK(zone.hour("KSK +DS 3") > 300);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
  CHECK_FALSE(zone.member.was_ever_bogus());
}
