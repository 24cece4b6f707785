// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/acks.h"

#include <catch2/catch.hpp>

#include "lib/core/election.h"
#include "lib/core/zone_view.h"
#include "tests/core/lone_member.h"

using namespace rollcall;
using namespace std::chrono_literals;

namespace {

const Incarnation alice{Uuid{{std::byte{0xa}}}, 1}, bob{Uuid{{std::byte{0xb}}}, 1},
    carol{Uuid{{std::byte{0xc}}}, 1};
const ZoneRef zone{"example.test.", 1};
constexpr Time t0{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

/// One member's view, as a test writes it: facts are held, heartbeats are received.
struct View {
  test::PlainCrypto crypto;
  FactLog log{[this](const Digest& d, const Signature& s) { return crypto.chain(d, s); }};
  Acks acks{log};
  ZoneBook book;

  FactId hold(const Incarnation& author, FactContent content) {
    const FactId id{author, log.prefix(author) + 1};
    Fact fact{id, t0, crypto.sign(id, t0, content), std::move(content)};
    log.add(std::move(fact));
    book.add(*log.find(id));
    return id;
  }
  FactId candidate(const Incarnation& author, Nanoseconds created, Time due = t0) {
    Candidate key{zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, t0 + created, due, "first", {}, {}, 1, {}, 1, {}};
    key.fingerprint[0] = author.member.bytes[0];
    return hold(author, key);
  }
  /// A heartbeat that acks everything that is held now.
  Heartbeat heartbeat(const Incarnation& member, std::uint64_t counter = 1) {
    Heartbeat h;
    h.member = member;
    h.counter = counter;
    h.last_seq = log.prefix(member);
    h.roster = {alice, bob, carol};
    for (const Incarnation& author : {alice, bob, carol}) {
      if (log.prefix(author) > 0) h.vector.push_back({author, log.prefix(author), *log.digest(author, log.prefix(author))});
    }
    return h;
  }
  void receive(Heartbeat h) {
    acks.receive(std::make_shared<const Heartbeat>(std::move(h)));
    acks.recount();
  }
  void all_ack(std::uint64_t counter = 1) {
    for (const Incarnation& member : {alice, bob, carol}) receive(heartbeat(member, counter));
  }
  Election election() { return elect(book, Role::zsk, 1, acks); }
};

}  // namespace

TEST_CASE("an ack covers facts up to its number", "[acks]") {
  View view;
  const FactId first = view.candidate(alice, 1ns);
  view.receive(view.heartbeat(bob));
  const FactId second = view.hold(alice, Tombstone{first, ""});
  CHECK(view.acks.acked(bob.member, first, &zone));
  CHECK_FALSE(view.acks.acked(bob.member, second, &zone));
  CHECK_FALSE(view.acks.acked(carol.member, first, &zone));
}

TEST_CASE("an ack with another digest is none", "[acks]") {
  View view;
  const FactId fact = view.candidate(alice, 1ns);
  Heartbeat h = view.heartbeat(bob);
  h.vector[0].digest[5] ^= std::byte{1};
  view.receive(h);
  CHECK_FALSE(view.acks.acked(bob.member, fact, &zone));
}

TEST_CASE("what is behind is not acked; a whole zone takes acks back, never promises", "[acks]") {
  View view;
  const FactId fact = view.candidate(alice, 1ns);
  Heartbeat h = view.heartbeat(bob);
  SECTION("the fact") {
    h.behind = {{zone, {fact}}};
    view.receive(h);
    CHECK_FALSE(view.acks.acked(bob.member, fact, &zone));
    CHECK_FALSE(view.acks.promised(bob.member, fact));
  }
  SECTION("the zone") {
    h.behind = {{zone, {}}};
    view.receive(h);
    CHECK_FALSE(view.acks.acked(bob.member, fact, &zone));
    CHECK(view.acks.promised(bob.member, fact));
    CHECK(view.acks.acked(bob.member, fact, nullptr));
  }
}

TEST_CASE("a heartbeat counts only when the reader holds all that its writer had", "[acks]") {
  View view;
  const FactId fact = view.candidate(alice, 1ns);
  Heartbeat h = view.heartbeat(bob, 1);
  h.last_seq = 1;  // bob wrote something that has not arrived
  view.receive(h);
  CHECK(view.acks.counted(bob.member) == nullptr);
  CHECK_FALSE(view.acks.promised(bob.member, fact));

  view.candidate(bob, 2ns);
  view.acks.recount();
  CHECK(view.acks.promised(bob.member, fact));

  SECTION("a newer one that is not closed leaves the older one counted, but its `behind` holds at once") {
    Heartbeat newer = view.heartbeat(bob, 2);
    newer.last_seq = 9;
    newer.behind = {{zone, {}}};
    view.receive(newer);
    CHECK(view.acks.counted(bob.member)->counter == 1);
    CHECK(view.acks.promised(bob.member, fact));
    CHECK_FALSE(view.acks.acked(bob.member, fact, &zone));
  }
  SECTION("an older one is not accepted") {
    Heartbeat older = view.heartbeat(bob, 0);
    CHECK_FALSE(view.acks.receive(std::make_shared<const Heartbeat>(older)));
  }
}

TEST_CASE("the earliest candidate wins once all have answered, and not before", "[election]") {
  View view;
  const FactId later = view.candidate(alice, 2ns);
  const FactId earlier = view.candidate(bob, 1ns);
  view.receive(view.heartbeat(alice));
  view.receive(view.heartbeat(bob));
  CHECK(view.election().open());
  CHECK(view.election().waits_for == std::vector{carol.member});
  view.receive(view.heartbeat(carol));
  REQUIRE(view.election().winner);
  CHECK(view.election().winner->id == earlier);
  CHECK(view.election().candidates.back().id == later);
}

TEST_CASE("one nanosecond decides; at the same nanosecond the lower member wins", "[election]") {
  View view;
  const FactId by_bob = view.candidate(bob, 1000000001ns);
  SECTION("a nanosecond earlier") {
    const FactId by_carol = view.candidate(carol, 1000000000ns);
    view.all_ack();
    CHECK(view.election().winner->id == by_carol);
  }
  SECTION("the same") {
    view.candidate(carol, 1000000001ns);
    view.all_ack();
    CHECK(view.election().winner->id == by_bob);
  }
}

TEST_CASE("a candidate is out if it was made before it was due, or anybody rejected it", "[election]") {
  View view;
  SECTION("created a nanosecond before due; due itself is in time") {
    view.candidate(alice, -1ns);
    const FactId in_time = view.candidate(bob, 0ns);
    view.all_ack();
    CHECK(view.election().winner->id == in_time);
  }
  SECTION("rejected") {
    const FactId rejected = view.candidate(alice, 1ns);
    const FactId other = view.candidate(bob, 2ns);
    view.hold(carol, Reject{zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, rejected, "does not unwrap"});
    view.all_ack();
    CHECK(view.election().winner->id == other);
  }
  SECTION("all are: the generation is void") {
    const FactId rejected = view.candidate(alice, 1ns);
    view.hold(carol, Reject{zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, rejected, "does not unwrap"});
    view.all_ack();
    CHECK(view.election().voided);
    CHECK_FALSE(view.election().winner);
  }
}

TEST_CASE("a record is in every cache only when every single member has answered", "[acks]") {
  View view;
  view.candidate(alice, 1ns);
  const KeyRecord dnskey{view.book.candidates()[0]->fingerprint, Record::dnskey};
  view.hold(bob, Decision{zone, {dnskey}, {}, {}, {}});
  Waits waits;
  const auto look = [&](BootTime now) {
    const std::set<FactId> ended;
    const Lens lens{view.book, view.acks, ended, Policy{}, Wishes{}, Intervals{.dnskey_ttl = 1h}, t0, now};
    return view_zone(zone, lens, waits).keys.at(0)[Record::dnskey];
  };
  view.receive(view.heartbeat(alice));
  view.receive(view.heartbeat(bob));

  SECTION("two of three are not enough, however long it takes") {
    look(BootTime{});
    const RecordView seen = look(BootTime{} + 4000_days);
    CHECK(seen.state == State::rumoured);
    CHECK(seen.missing == std::vector{carol.member});
  }
  SECTION("all three: a TTL after the reader saw the last answer, and not a second earlier") {
    view.receive(view.heartbeat(carol));
    CHECK(look(BootTime{} + 10h).until == t0 + 1h);
    CHECK(look(BootTime{} + 11h - 1s).state == State::rumoured);
    CHECK(look(BootTime{} + 11h).state == State::omnipresent);
  }
  SECTION("who takes an answer back makes the wait start again") {
    view.receive(view.heartbeat(carol));
    look(BootTime{} + 10h);
    Heartbeat lost = view.heartbeat(carol, 2);
    lost.behind = {{zone, {}}};
    view.receive(lost);
    CHECK(look(BootTime{} + 11h).missing == std::vector{carol.member});
    view.receive(view.heartbeat(carol, 3));
    CHECK(look(BootTime{} + 12h).until == t0 + 1h);
  }
}

TEST_CASE("introduced beats earlier", "[election]") {
  View view;
  const FactId used = view.candidate(bob, 5ns);
  view.hold(bob, Decision{zone, {{view.book.candidates()[0]->fingerprint, Record::dnskey}}, {}, {}, {}});
  view.candidate(alice, 1ns);
  CHECK(view.election().winner->id == used);
}

TEST_CASE("two facts with one number are a contradiction, the same one twice is not", "[log]") {
  View view;
  const FactId id = view.candidate(alice, 1ns);
  CHECK(view.log.add(*view.log.find(id)) == FactLog::Added::known);
  Fact other = *view.log.find(id);
  other.signature[63] ^= std::byte{1};
  CHECK(view.log.add(other) == FactLog::Added::contradiction);
  CHECK(view.log.contradicted().contains(alice));
}

TEST_CASE("facts beyond a gap wait for what is missing before them", "[log]") {
  View view;
  Fact second{{alice, 2}, t0, {}, Tombstone{}};
  view.log.add(second);
  CHECK(view.log.prefix(alice) == 0);
  CHECK(view.log.holds({alice, 2}));
  CHECK_FALSE(view.log.digest(alice, 2));
  view.log.add({{alice, 1}, t0, {}, Tombstone{}});
  CHECK(view.log.prefix(alice) == 2);
  CHECK(view.log.digest(alice, 2));
}

TEST_CASE("whoever knows no TTL yet, after a start, does not take back the one that it served", "[acks]") {
  View view;
  Heartbeat before = view.heartbeat(bob, 1);
  before.max_zone_ttl = Seconds{3 * 86400};
  before.dnskey_ttl = Seconds{3600};
  view.receive(before);
  view.receive(view.heartbeat(bob, 2));
  CHECK(view.acks.newest(bob.member)->max_zone_ttl == Seconds{3 * 86400});
  CHECK(view.acks.newest(bob.member)->dnskey_ttl == Seconds{3600});

  Heartbeat lowered = view.heartbeat(bob, 3);
  lowered.max_zone_ttl = Seconds{60};
  view.receive(lowered);
  CHECK(view.acks.newest(bob.member)->max_zone_ttl == Seconds{60});
}
