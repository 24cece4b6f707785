// SPDX-License-Identifier: GPL-3.0-or-later
// Between KSK with ZSK and a CSK, to the hour, with a cache that watches.
#include "tests/core/zone_in_order.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

Policy with_csk(Policy policy) {
  policy.scheme = Scheme::csk;
  return policy;
}

Policy liberal_ed25519(Policy policy) {
  policy.algorithm = Algorithm::ed25519;
  policy.algorithm_rollover = AlgorithmRollover::liberal;
  return policy;
}

}  // namespace

TEST_CASE("a CSK comes in beside KSK and ZSK, takes over the DS, and they leave", "[scheme]") {
  Zone zone{still()};
  zone.member.want(with_csk(still()));
  zone.pass(1000h);
  CHECK(zone.hour("CSK +DNSKEY 1") == 0);
  CHECK(zone.hour("CSK +ZRRSIG 1") == 0);
  CHECK(zone.hour("CSK +DS 1") == 73);  // its signatures: TTLsig + Dprp + retsafe
  CHECK(zone.hour("KSK -DS 1") == 73);
  CHECK(zone.hour("KSK -DNSKEY 1") == 124);  // + TTLds + DprpP + retsafe = 2 + 1 + 48
  CHECK(zone.hour("ZSK -DNSKEY 1") == 124);
  CHECK(zone.hour("ZSK -ZRRSIG 1") == 124);
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("KSK and ZSK come in beside a CSK, and it leaves", "[scheme]") {
  Zone zone{with_csk(still())};
  zone.member.want(still());
  zone.pass(1000h);
  CHECK(zone.hour("KSK +DNSKEY 1") == 0);
  CHECK(zone.hour("ZSK +DNSKEY 1") == 0);
  CHECK(zone.hour("ZSK +ZRRSIG 1") == 0);
  CHECK(zone.hour("KSK +DS 1") == 26);  // TTLkey + Dprp + pubsafe; the CSK signs the zone as well
  CHECK(zone.hour("CSK -DS 1") == 26);
  CHECK(zone.hour("CSK -DNSKEY 1") == 77);  // + TTLds + DprpP + retsafe = 2 + 1 + 48
  CHECK(zone.hour("CSK -ZRRSIG 1") == 77);
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a CSK of another algorithm, conservative: signatures first in, last out", "[scheme]") {
  Zone zone{still()};
  Policy policy = with_csk(still());
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(1000h);
  CHECK(zone.hour("CSK +ZRRSIG 1") == 0);
  CHECK(zone.hour("CSK +DNSKEY 1") == 73);
  CHECK(zone.hour("CSK +DS 1") == 99);
  CHECK(zone.hour("KSK -DS 1") == 99);
  CHECK(zone.hour("KSK -DNSKEY 1") == 150);
  CHECK(zone.hour("ZSK -DNSKEY 1") == 150);
  CHECK(zone.hour("ZSK -ZRRSIG 1") == 200);
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a server that signs with published keys only takes a CSK of another algorithm", "[scheme]") {
  Zone zone{still(), like_named};
  zone.member.want(with_csk(still()));
  zone.pass(100h);
  SECTION("one of the same is held, and said") {
    CHECK(zone.member.told(Role::csk).empty());
    REQUIRE(zone.holds().size() == 1);
    CHECK(zone.holds().front().reason == Reason::signer);
    CHECK(zone.holds().front().step == "change to csk");
    zone.roll(Role::zsk);
    zone.pass(200h);
    CHECK(zone.state(Role::zsk, 2, Record::zrrsig) == State::omnipresent);
  }
  SECTION("then it goes, and back") {
    zone.member.want(liberal_ed25519(with_csk(still())));
    zone.pass(1000h);
    CHECK(zone.hour("CSK +DNSKEY 1") == 100);
    CHECK(zone.hour("CSK +DS 1") == 173);
    CHECK(zone.hour("KSK -DNSKEY 1") == 224);
    CHECK(zone.hour("ZSK -DNSKEY 1") == 224);
    CHECK(zone.holds().empty());
    Policy back = liberal_ed25519(still());
    back.algorithm = still().algorithm;
    zone.member.want(back);
    zone.pass(1000h);
    CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
    CHECK(zone.state(Role::zsk, 2, Record::zrrsig) == State::omnipresent);
    CHECK(zone.hour("CSK -DNSKEY 1") == 1224);
    CHECK(zone.holds().empty());
  }
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a change of scheme that has begun ends before it is taken back", "[scheme]") {
  for (const Seconds after : {Seconds{0}, Seconds{10h}, Seconds{80h}, Seconds{130h}, Seconds{170h}}) {
    Zone zone{still()};
    zone.member.want(with_csk(still()));
    zone.pass(after);
    zone.member.want(still());
    zone.pass(1000h);
    CAPTURE(after.count());
    CHECK(zone.hour("KSK -DNSKEY 1") == 124);
    CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
    CHECK(zone.state(Role::zsk, 2, Record::zrrsig) == State::omnipresent);
    for (const Record record : all_records) CHECK(zone.state(Role::csk, 1, record) == State::hidden);
    CHECK(zone.holds().empty());
    CHECK_FALSE(zone.member.was_ever_bogus());
  }
}

TEST_CASE("a change of scheme waits for a rollover that has begun", "[scheme]") {
  Zone zone{still()};
  zone.roll(Role::ksk);
  zone.pass(30h);  // its DS is on the way
  zone.member.want(with_csk(still()));
  zone.pass(1000h);
  CHECK(zone.hour("KSK +DS 2") == 26);
  CHECK(zone.hour("CSK +DNSKEY 1") == 127);  // KSK 1 is hidden: + TTLds + DprpP + retsafe, + TTLkey + Dprp + retsafe
  CHECK(zone.hour("KSK -DNSKEY 2") > 127);
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("keys of a scheme that is given up do not come in any more", "[scheme]") {
  Policy standby = still();
  standby.standby_ksk = standby.standby_zsk = true;
  Zone zone{standby};
  zone.member.want(with_csk(still()));
  zone.pass(1000h);
  CHECK(zone.state(Role::csk, 1, Record::ds) == State::omnipresent);
  for (const Role role : {Role::ksk, Role::zsk}) {
    for (const std::uint32_t number : {1u, 2u}) CHECK(zone.state(role, number, Record::dnskey) == State::hidden);
  }
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a chain does not come in while another one is, though its key could stand by", "[scheme]") {
  Policy policy = with_csk(still());
  policy.standby_ksk = true;
  Zone zone{policy};
  policy.algorithm = Algorithm::ed25519;
  zone.member.want(policy);
  zone.pass(145h);  // an hour before the signatures of the next CSK are everywhere, and its DNSKEY may follow
  policy.scheme = Scheme::ksk_zsk;
  zone.member.want(policy);
  zone.pass(1000h);
  CHECK(zone.hour("CSK +DNSKEY 3") == 146);
  CHECK(zone.hour("KSK +DNSKEY 1") > zone.hour("CSK +DS 3"));
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("which scheme comes after which does not go by wrong clocks", "[scheme]") {
  Zone zone{still()};
  zone.member.restart([](Restored& store) {
    for (Fact& fact : store.facts) fact.created += 300_days;  // whoever decided had a clock that was far ahead
  });
  zone.member.want(with_csk(still()));
  zone.pass(1500h);
  CHECK(zone.state(Role::csk, 1, Record::ds) == State::omnipresent);
  CHECK(zone.state(Role::ksk, 1, Record::dnskey) == State::hidden);
  CHECK(zone.member.told(Role::csk).size() == 4);
}

TEST_CASE("a chain takes over from one that is in use", "[scheme]") {
  Zone zone{still()};
  zone.member.want_insecure(true);
  zone.pass(300h);
  zone.member.let_parent_follow(false);
  zone.member.want_insecure(false);
  zone.pass(200h);  // signed again, and without a DS
  zone.member.want(with_csk(still()));
  zone.pass(200h);
  CHECK(zone.hour("CSK +DS 1") == -1);
  zone.member.let_parent_follow(true);
  zone.pass(1000h);
  CHECK(zone.state(Role::csk, 1, Record::ds) == State::omnipresent);
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("what is taken back together with its algorithm ends as it was", "[scheme]") {
  Policy before = still();
  before.algorithm_rollover = AlgorithmRollover::liberal;
  Zone zone{before, like_named};
  zone.member.want(liberal_ed25519(with_csk(still())));
  zone.pass(100h);
  zone.member.want(before);
  zone.pass(1000h);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.hour("CSK +DNSKEY 2") == -1);
  CHECK(zone.holds().empty());
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("while a zone changes its scheme no key of the old one is asked for, and one that is urgent still comes", "[scheme]") {
  Zone zone{still()};
  SECTION("asked for too late") {
    zone.member.want(with_csk(still()));
    zone.pass(10h);
    const auto refused = zone.member.member().roll("example.test.", Role::ksk, Uuid{{std::byte{1}}}, "root", true);
    REQUIRE(refused);
    CHECK(*refused == "zone example.test. changes to csk: no further KSK is made");
  }
  SECTION("asked for before") {
    zone.roll(Role::ksk, true);
    zone.pass(1h);
    zone.member.want(with_csk(still()));
    zone.pass(1000h);
    CHECK(zone.hour("KSK +DS 2") < 26);
    CHECK(zone.state(Role::csk, 1, Record::ds) == State::omnipresent);
  }
  CHECK_FALSE(zone.member.was_ever_bogus());
}

TEST_CASE("a key that was replaced is no half of a new chain", "[scheme]") {
  Zone zone{still()};
  Policy policy = with_csk(still());
  policy.algorithm = Algorithm::ecdsap384sha384;
  zone.member.want(policy);
  zone.pass(240h);  // the ZSK is withdrawn, and its signatures are about to leave caches
  zone.member.want(still());
  zone.pass(1000h);
  CHECK(zone.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.hour("ZSK +ZRRSIG 2") < zone.hour("KSK +DNSKEY 2"));
  CHECK_FALSE(zone.member.was_ever_bogus());
}
