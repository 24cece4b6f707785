// SPDX-License-Identifier: GPL-3.0-or-later
// The last gate: what a cache cannot follow is not served, whoever decided it; everything else is.
#include "lib/core/gate.h"

#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

constexpr MemberId parent{}, own{{std::byte{1}}}, other{{std::byte{2}}};
constexpr BootTime t0{Nanoseconds{Seconds{100000}}};

Fingerprint key(int n) {
  Fingerprint fingerprint{};
  fingerprint[0] = static_cast<std::byte>(n);
  return fingerprint;
}

ServedSet ds(KeyList keys) { return {ServedSet::Kind::ds, std::move(keys), {}}; }
ServedSet dnskey(KeyList keys, KeyList signers) {
  std::ranges::sort(keys);
  return {ServedSet::Kind::dnskey, std::move(keys), std::move(signers)};
}
ServedSet data(KeyList signers) { return {ServedSet::Kind::data, std::move(signers), {}}; }

const Fingerprint ksk = key(1), old_zsk = key(2), new_zsk = key(3), new_ksk = key(4);

// A zone in order: one KSK with its DS, one ZSK; the own server and another one.
ServedLedger in_order() {
  return ServedLedger{{{parent, ds({ksk}), 2h, {}},
                       {own, dnskey({ksk, old_zsk}, {ksk}), 1h, {}},
                       {own, data({old_zsk}), 24h, {}},
                       {other, dnskey({ksk, old_zsk}, {ksk}), 1h, {}},
                       {other, data({old_zsk}), 24h, {}}}};
}

}  // namespace

TEST_CASE("a key that is published is signed with when no cache has the DNSKEY RRset without it", "[gate]") {
  ServedLedger ledger = in_order();
  const ServedSet both = dnskey({ksk, old_zsk, new_zsk}, {ksk});
  CHECK(misfits(ledger, {both, data({old_zsk})}, t0).empty());
  ledger.serves(own, both, 1h, t0);
  ledger.serves(other, both, 1h, t0 + 10s);

  const ServedChange swap{both, data({new_zsk})};
  const auto too_early = misfits(ledger, swap, t0 + 1h + 10s - 1ns);
  REQUIRE(too_early.size() == 1);
  CHECK(too_early.front().pair == Bogus::Pair::dnskey_data);
  CHECK(too_early.front().cached.server == other);
  CHECK(fits_from(too_early) == t0 + 1h + 10s);
  CHECK(misfits(ledger, swap, t0 + 1h + 10s).empty());
}

TEST_CASE("what another server said is evidence until a TTL after it said so last", "[gate]") {
  ServedLedger ledger = in_order();
  const ServedSet both = dnskey({ksk, old_zsk, new_zsk}, {ksk});
  ledger.serves(own, both, 1h, t0);
  ledger.said(other, t0 + 5h);
  const ServedChange swap{both, data({new_zsk})};
  CHECK(fits_from(misfits(ledger, swap, t0 + 6h - 1ns)) == t0 + 6h);
  CHECK(misfits(ledger, swap, t0 + 6h).empty());
  ledger.trim(t0 + 6h);
  ledger.said(other, t0 + 7h);  // it is there still, and says so again
  CHECK(fits_from(misfits(ledger, swap, t0 + 7h)) == t0 + 8h);
  ledger.stop(other, t0 + 7h);
  CHECK(fits_from(misfits(ledger, swap, t0 + 7h)) == t0 + 8h);
  ledger.trim(t0 + 8h);
  ledger.said(other, t0 + 9h);
  CHECK(misfits(ledger, swap, t0 + 9h).empty());
}

TEST_CASE("what an own order may have done holds the gate without an end", "[gate]") {
  ServedLedger ledger = in_order();
  ledger.may_serve(own, dnskey({ksk, new_zsk}, {ksk}), 1h);
  ledger.said(other, t0);
  const auto held = misfits(ledger, {dnskey({ksk, old_zsk}, {ksk}), data({old_zsk})}, t0 + 9000h);
  REQUIRE(held.empty());  // nothing that is not served already
  const ServedChange wrong{dnskey({new_ksk, ksk, old_zsk}, {ksk}), data({new_ksk})};
  CHECK_FALSE(fits_from(misfits(ledger, wrong, t0 + 9000h)));
}

TEST_CASE("a key set needs a key that every DS in a cache leads to", "[gate]") {
  ServedLedger ledger = in_order();
  const ServedChange other_ksk{dnskey({new_ksk, old_zsk}, {new_ksk}), data({old_zsk})};
  CHECK(misfits(ledger, other_ksk, t0).front().pair == Bogus::Pair::ds_dnskey);
  CHECK_FALSE(fits_from(misfits(ledger, other_ksk, t0)));
  ledger.serves(parent, ds({new_ksk}), 2h, t0);
  CHECK(fits_from(misfits(ledger, other_ksk, t0)) == t0 + 2h);
  CHECK(misfits(ledger, other_ksk, t0 + 2h).empty());
  // The old one is seen there once more, and before that again.
  ledger.served(parent, ds({ksk}), 2h, t0 + 3h);
  ledger.served(parent, ds({ksk}), 2h, t0 + 1h);
  CHECK(fits_from(misfits(ledger, other_ksk, t0 + 3h)) == t0 + 5h);
  ledger.trim(t0 + 5h);
  // A key that does not sign the RRset is no link.
  CHECK_FALSE(misfits(ledger, {dnskey({new_ksk, ksk, old_zsk}, {ksk}), data({old_zsk})}, t0 + 5h).empty());
}

TEST_CASE("without a DS anywhere nobody validates", "[gate]") {
  ServedLedger ledger{{{parent, ds({}), 2h, {}}, {own, data({old_zsk}), 24h, {}}}};
  const ServedChange unsign{dnskey({}, {}), data({})};
  CHECK(misfits(ledger, unsign, t0).empty());
  ledger.serves(parent, ds({ksk}), 2h, t0);
  CHECK_FALSE(misfits(ledger, unsign, t0).empty());
  ledger.serves(parent, ds({}), 2h, t0);
  CHECK_FALSE(misfits(ledger, unsign, t0 + 2h - 1ns).empty());
  CHECK(misfits(ledger, unsign, t0 + 2h).empty());
}

TEST_CASE("who comes late to what another server serves already adds no pair, and passes", "[gate]") {
  const ServedSet now_served = dnskey({ksk, new_zsk}, {ksk});
  ServedLedger ledger{{{parent, ds({ksk}), 2h, {}},
                       {own, dnskey({ksk, old_zsk}, {ksk}), 1h, {}},  // weeks ago, and still
                       {own, data({old_zsk}), 24h, {}},
                       {other, now_served, 1h, t0},
                       {other, data({new_zsk}), 24h, t0}}};
  CHECK(misfits(ledger, {now_served, data({new_zsk})}, t0).empty());
  ledger.stop(other, t0);
  CHECK_FALSE(misfits(ledger, {now_served, data({new_zsk})}, t0).empty());
}

TEST_CASE("a zone that is new, or of which nothing is known, goes through", "[gate]") {
  const ServedChange first{dnskey({ksk, old_zsk}, {ksk}), data({old_zsk})};
  CHECK(misfits(ServedLedger{}, first, t0).empty());
  CHECK(misfits(ServedLedger{{{parent, ds({ksk}), 2h, {}}}}, first, t0).empty());
  // Nothing fits a change that does not fit itself.
  const auto within = misfits(ServedLedger{{{parent, ds({ksk}), 2h, {}}}}, {first.dnskey, data({})}, t0);
  REQUIRE(within.size() == 1);
  CHECK(within.front().within);
  CHECK_FALSE(fits_from(within));
}

TEST_CASE("the ledger forgets what no cache can hold any more", "[gate]") {
  ServedLedger ledger = in_order();
  ledger.serves(own, data({new_zsk}), 1h, t0);
  ledger.trim(t0 + 24h - 1ns);
  CHECK(ledger.entries().size() == 6);
  ledger.trim(t0 + 24h);
  CHECK(ledger.entries().size() == 5);
  const std::size_t before = ledger.changes();
  ledger.may_serve(own, data({new_zsk}), 2h);  // the same with another TTL
  CHECK(ledger.changes() == before + 1);
  ledger.may_serve(own, data({new_zsk}), 2h);
  CHECK(ledger.changes() == before + 1);
}

namespace {

constexpr SignerAbility exact{SwapAbility::exact, 0h};

Policy still() {
  Policy policy;
  policy.dnskey_ttl = 1h;
  policy.max_zone_ttl = 24h;
  policy.ds_ttl = 2h;
  policy.propagation = 1h;
  policy.parent_propagation = 1h;
  policy.publish_safety = 24h;
  policy.retire_safety = 48h;
  policy.zsk_lifetime = policy.ksk_lifetime = Seconds{0};
  policy.window = policy.window_first = Seconds{0};
  policy.purge = 4000_days;
  return policy;
}

// A second ZSK is published, and a minute later the member forgets how long caches take: its store says
// that the waits began long ago. What it decides then is wrong.
void decide_wrongly(LoneMember& world) {
  world.run_until(200h);
  REQUIRE_FALSE(world.member().roll("example.test.", Role::zsk, Uuid{{std::byte{1}}}, "root"));
  world.run_until(200h + 60s);
  world.restart([](Restored& store) {
    for (auto& [key, since] : store.waits) since -= 100h;
  });
  world.run_until(200h + 61s);
  REQUIRE(world.first("ZSK +ZRRSIG 2") == 200h + 60s);
}

}  // namespace

TEST_CASE("a wrong decision does not get past the gate, and goes through when caches have followed", "[gate]") {
  SECTION("without the gate it is bogus") {
    LoneMember world{still(), exact, false};
    decide_wrongly(world);
    CHECK(world.was_ever_bogus());
  }
  LoneMember world{still(), exact};
  decide_wrongly(world);
  CHECK(world.refusals() == 1);
  const ZoneStatus zone = world.status().zones.at(0);
  CHECK(zone.gate.find("a cache could hold the DNSKEY RRset of ") == 0);
  CHECK(zone.gate_until == LoneMember::start + 201h);  // the RRset without it left at 200; TTLkey
  CHECK(std::ranges::any_of(zone.alarms, [](const std::string& alarm) { return alarm.find("the last gate holds") == 0; }));
  CHECK(std::ranges::any_of(zone.holds, [](const Hold& hold) { return hold.text.find("the last gate: ") == 0; }));

  SECTION("by itself") {
    world.run_until(201h - 1s);
    CHECK_FALSE(world.status().zones.at(0).gate.empty());
    world.run_until(400h);
    CHECK(world.status().zones.at(0).gate.empty());
    CHECK_FALSE(world.was_ever_bogus());
    CHECK(world.refusals() == 1);
  }
  SECTION("or by somebody who knows better, and for this once") {
    CHECK(world.member().override_gate("other.test.", "root"));
    REQUIRE_FALSE(world.member().override_gate("example.test.", "root"));
    world.run_until(200h + 62s);
    CHECK(world.status().zones.at(0).gate.empty());
    CHECK(world.was_ever_bogus());  // that is what it was there for
    CHECK(world.member().override_gate("example.test.", "root"));  // nothing is held any more
  }
  SECTION("also after another restart: what was served is in the store") {
    world.restart();
    world.run_until(200h + 70s);
    CHECK(world.refusals() == 2);
    CHECK_FALSE(world.was_ever_bogus());
    world.run_until(400h);
    CHECK(world.state(Role::zsk, 2, Record::zrrsig) == State::omnipresent);
    CHECK_FALSE(world.was_ever_bogus());
  }
}
