// SPDX-License-Identifier: GPL-3.0-or-later
// What a dry run of another policy says, and zones that are removed and added again.
#include "lib/core/policy_change.h"

#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

constexpr SignerAbility exact{SwapAbility::exact, 0h};
constexpr SignerAbility like_named{SwapAbility::together, 0h};

// One that is signed and quiet after 200 hours.
Policy short_waits() {
  Policy policy;
  policy.publish_safety = policy.retire_safety = 1h;
  policy.window_first = Seconds{0};
  policy.purge = 30_days;
  return policy;
}

struct Quiet {
  explicit Quiet(const SignerAbility& ability = exact) : member{short_waits(), ability} { member.run_until(200h); }
  std::vector<PolicyEffect> dry_run(const Policy& after) const {
    return effects_of_change(member.status().zones.at(0), short_waits(), after);
  }
  const KeyStatus& key(Role role) {
    status = member.status();
    for (const KeyStatus& key : status.zones.at(0).keys) {
      if (key.generation.role == role) return key;
    }
    throw std::out_of_range{"no such key"};
  }
  LoneMember member;
  MemberStatus status;
};

std::string name_of(const KeyStatus& key) {
  return std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag);
}

// Takes all keys out of the DNS, safely.
void unsign(LoneMember& member) {
  member.want_insecure(true);
  member.run_until(600h);
}

}  // namespace

TEST_CASE("the same policy does nothing", "[policy-change]") {
  CHECK(Quiet{}.dry_run(short_waits()).empty());
}

TEST_CASE("another algorithm replaces both keys, and does", "[policy-change]") {
  Quiet zone;
  Policy after = short_waits();
  after.algorithm = Algorithm::ed25519;
  const auto effects = zone.dry_run(after);
  REQUIRE(effects.size() == 2);
  CHECK(effects[0].what == name_of(zone.key(Role::ksk)) + " is replaced");
  CHECK(effects[1].what == name_of(zone.key(Role::zsk)) + " is replaced");
  CHECK(effects[0].why == "algorithm is ED25519 instead of ECDSAP256SHA256");
  CHECK_FALSE(effects[0].when);
  zone.member.want(after);
  zone.member.run_until(600h);
  CHECK(zone.member.state(Role::ksk, 2, Record::ds) == State::omnipresent);
  CHECK(zone.member.state(Role::zsk, 2, Record::zrrsig) == State::omnipresent);
}

TEST_CASE("a server that cannot sign ahead is named, for it would hold the roll", "[policy-change]") {
  Quiet zone{like_named};
  Policy after = short_waits();
  after.algorithm = Algorithm::ed25519;
  CHECK(zone.dry_run(after).at(0).why.find("held until algorithm_rollover is liberal") != std::string::npos);
  after.algorithm_rollover = AlgorithmRollover::liberal;
  CHECK(zone.dry_run(after).at(0).why == "algorithm is ED25519 instead of ECDSAP256SHA256");
}

TEST_CASE("a CSK replaces KSK and ZSK, and back, as far as the servers can", "[policy-change]") {
  Policy after = short_waits();
  after.scheme = Scheme::csk;
  SECTION("beside them") {
    Quiet zone;
    const auto effects = zone.dry_run(after);
    REQUIRE(effects.size() == 2);
    for (const PolicyEffect& effect : effects) {
      CHECK(effect.what.ends_with(" is replaced"));
      CHECK(effect.why == "scheme is csk instead of ksk+zsk");
    }
  }
  SECTION("with another algorithm") {
    Quiet zone{like_named};
    CHECK(zone.dry_run(after).at(0).what.find("stays until `algorithm` is another") != std::string::npos);
    after.algorithm = Algorithm::ed25519;
    after.algorithm_rollover = AlgorithmRollover::liberal;
    CHECK(zone.dry_run(after).at(0).what.ends_with(" is replaced"));
  }
}

TEST_CASE("a longer lifetime moves the next roll, a shorter one only those after it", "[policy-change]") {
  Quiet zone;
  const KeyStatus zsk = zone.key(Role::zsk);
  Policy after = short_waits();
  after.zsk_lifetime = 120_days;
  const auto longer = zone.dry_run(after);
  REQUIRE(longer.size() == 1);
  CHECK(longer[0].what == name_of(zsk) + " is replaced");
  CHECK(longer[0].why == "zsk_lifetime is 120d instead of 90d");
  CHECK(longer[0].when == *zsk.first_use + 120_days);

  after.zsk_lifetime = 60_days;
  const auto shorter = zone.dry_run(after);
  REQUIRE(shorter.size() == 1);
  CHECK(shorter[0].when == *zsk.first_use + 90_days);
  CHECK(shorter[0].what.ends_with("the next one has the other lifetime"));

  after.zsk_lifetime = Seconds{0};
  CHECK(zone.dry_run(after).at(0).what == name_of(zsk) + " is no longer replaced by time");
}

TEST_CASE("a standby key is one key more, and other margins are other waits", "[policy-change]") {
  Quiet zone;
  Policy after = short_waits();
  after.standby_ksk = true;
  REQUIRE(zone.dry_run(after).size() == 1);
  CHECK(zone.dry_run(after)[0].what == "one more KSK is made, to stand by");
  after = short_waits();
  after.publish_safety = 3h;  // TTLkey 1 h, Dprp 5 min
  REQUIRE(zone.dry_run(after).size() == 2);
  CHECK(zone.dry_run(after)[1].what == "a new ZSK is used 4h05m after its publication at the earliest, not 2h05m");
}

TEST_CASE("a zone with keys in the DNS cannot be removed; one that went insecure can", "[zones]") {
  Quiet zone;
  Member& member = zone.member.member();
  CHECK(member.cannot_remove("example.test.") == name_of(zone.key(Role::ksk)) +
                                                     " of zone example.test. is served, or caches may have it");
  CHECK(member.cannot_remove("other.test.") == "zone other.test. is not managed here");
  CHECK(member.next_incarnation("other.test.") == 1);
  CHECK(member.next_incarnation("example.test.") == 1);  // removed by force it would go on
  unsign(zone.member);
  CHECK_FALSE(member.cannot_remove("example.test."));
  CHECK(member.next_incarnation("example.test.") == 2);
}

TEST_CASE("a zone that was removed and added again is a new one with new keys", "[zones]") {
  Quiet zone;
  unsign(zone.member);
  const Fingerprint old_ksk = zone.key(Role::ksk).fingerprint;
  Member& member = zone.member.member();
  member.zone({LoneMember::zone, "default", true, false, true});
  zone.member.run_until(601h);
  CHECK(zone.member.status().zones.empty());

  member.zone({{"example.test.", member.next_incarnation("example.test.")}});
  zone.member.run_until(900h);
  const MemberStatus status = zone.member.status();
  REQUIRE(status.zones.size() == 1);
  CHECK(status.zones[0].zone.incarnation == 2);
  REQUIRE(status.zones[0].keys.size() == 2);
  for (const KeyStatus& key : status.zones[0].keys) {
    CHECK(key.generation.number == 1);
    CHECK(key.fingerprint != old_ksk);
  }
}
