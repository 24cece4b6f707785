// SPDX-License-Identifier: GPL-3.0-or-later
// Which master key is the one of a number, and when it may be used.
#include "lib/core/epochs.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

using namespace rollcall;
using namespace std::chrono_literals;

namespace {

const Incarnation alice{Uuid{{std::byte{0xa}}}, 1}, bob{Uuid{{std::byte{0xb}}}, 1};
const ZoneRef zone{"example.test.", 1};
constexpr Time t0 = test::LoneMember::start;

Digest check(int value) {
  Digest digest{};
  digest[0] = static_cast<std::byte>(value);
  return digest;
}

/// What one reader holds, and what it has heard.
struct Reader {
  test::PlainCrypto crypto;
  FactLog log{[this](const Digest& d, const Signature& s) { return crypto.chain(d, s); }};
  Acks acks{log};
  EpochBook book;
  std::uint64_t counter = 0;

  FactId hold(const Incarnation& author, FactContent content, Nanoseconds created = 0ns) {
    const FactId id{author, log.prefix(author) + 1};
    log.add({id, t0 + created, crypto.sign(id, t0, content), std::move(content)});
    book.add(*log.find(id));
    return id;
  }
  FactId epoch(const Incarnation& author, std::uint32_t number, const Incarnation& to, int key,
               Nanoseconds created = 0ns) {
    return hold(author, Epoch{number, to.member, check(key), {}}, created);
  }
  Heartbeat acks_all(const Incarnation& member) {
    Heartbeat h;
    h.member = member;
    h.counter = ++counter;
    h.last_seq = log.prefix(member);
    h.roster = {alice, bob};
    for (const Incarnation& author : {alice, bob}) {
      const std::uint64_t seq = log.prefix(author);
      if (seq > 0) h.vector.push_back({author, seq, *log.digest(author, seq)});
    }
    return h;
  }
  void receive(Heartbeat h) {
    acks.receive(std::make_shared<const Heartbeat>(std::move(h)));
    acks.recount();
  }
};

Candidate key_under(std::uint32_t epoch) {
  return {zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, t0, t0, "first", {}, {}, 1, {}, epoch,
          {}};
}

}  // namespace

TEST_CASE("the key of a number is that of its earliest fact: creation, author, seq", "[epochs]") {
  Reader reader;
  CHECK(reader.book.key(2) == std::nullopt);
  reader.epoch(bob, 2, bob, 7, 5ns);
  CHECK(reader.book.key(2) == MasterKeyId{2, check(7)});
  SECTION("created later: it stays") {
    reader.epoch(alice, 2, alice, 8, 6ns);
    CHECK(reader.book.key(2)->check == check(7));
  }
  SECTION("created earlier: it changes, and that is said") {
    const FactId id{alice, 1};
    const Fact rival{id, t0 + 4ns, {}, Epoch{2, alice.member, check(8), {}}};
    CHECK(reader.book.add(rival));
    CHECK(reader.book.key(2)->check == check(8));
  }
  SECTION("at one time: the lower author") {
    reader.epoch(alice, 2, alice, 8, 5ns);
    CHECK(reader.book.key(2)->check == check(8));
  }
  SECTION("of one author and time: the lower number") {
    reader.epoch(bob, 2, alice, 9, 5ns);
    CHECK(reader.book.key(2)->check == check(7));
  }
  CHECK(reader.book.newest() == 2);
}

TEST_CASE(
    "a master key is held by all when it is sealed to all and all acked all facts of its number",
    "[epochs]") {
  Reader reader;
  reader.epoch(alice, 2, bob, 7);
  SECTION("not sealed to everybody") {
    reader.receive(reader.acks_all(alice));
    reader.receive(reader.acks_all(bob));
    CHECK(reader.book.without_newest(reader.acks) == std::vector{alice.member});
    SECTION("a rival sealed to the other one does not help") {
      reader.epoch(bob, 2, alice, 8, 1ns);
      reader.receive(reader.acks_all(alice));
      reader.receive(reader.acks_all(bob));
      CHECK(reader.book.without_newest(reader.acks) == std::vector{alice.member});
    }
  }
  SECTION("sealed to everybody") {
    reader.epoch(alice, 2, alice, 7);
    reader.receive(reader.acks_all(alice));
    CHECK(reader.book.without_newest(reader.acks) == std::vector{bob.member});
    Heartbeat partly = reader.acks_all(bob);
    partly.vector.front().seq = 1;
    partly.vector.front().digest = *reader.log.digest(alice, 1);
    reader.receive(partly);
    CHECK(reader.book.without_newest(reader.acks) == std::vector{bob.member});
    reader.receive(reader.acks_all(bob));
    CHECK(reader.book.without_newest(reader.acks).empty());
    SECTION("until a rival is known that not everybody acked") {
      reader.epoch(bob, 2, bob, 8, 1ns);
      CHECK(reader.book.without_newest(reader.acks).size() == 2);
    }
  }
  SECTION("what cannot be opened is behind, and no ack") {
    const FactId sealed = reader.epoch(alice, 2, alice, 7);
    Heartbeat behind = reader.acks_all(alice);
    behind.behind = {{{".", 1}, {sealed}}};
    reader.receive(behind);
    reader.receive(reader.acks_all(bob));
    CHECK(reader.book.without_newest(reader.acks) == std::vector{alice.member});
  }
}

TEST_CASE("facts that prove that a number was seen usable", "[epochs]") {
  Reader reader;
  CHECK(reader.book.proven({}) == 0);
  const FactId first = reader.epoch(alice, 1, alice, 1);
  CHECK(reader.book.proven({}) == 1);
  reader.epoch(alice, 2, alice, 2);
  CHECK(reader.book.proven({}) == 1);
  SECTION("a key of the number before proves nothing") {
    reader.hold(bob, key_under(1));
    CHECK(reader.book.proven({}) == 1);
  }
  SECTION("a key is wrapped under it") {
    reader.hold(bob, key_under(2));
    CHECK(reader.book.proven({}) == 2);
  }
  SECTION("a key was wrapped again under it") {
    reader.hold(bob, Rewrap{zone, {alice, 9}, 2, {}});
    CHECK(reader.book.proven({}) == 2);
  }
  SECTION("the key of the number before is ended") { CHECK(reader.book.proven({first}) == 2); }
  SECTION("a rival of the number before is ended: that proves nothing") {
    const FactId rival = reader.epoch(bob, 1, bob, 3, 1ns);
    CHECK(reader.book.proven({rival}) == 1);
  }
  SECTION("the next one was begun") {
    reader.epoch(alice, 3, alice, 3);
    CHECK(reader.book.proven({}) == 2);
  }
  SECTION("the next one was begun by somebody who has no key of this one: it was lost") {
    reader.epoch(bob, 3, bob, 3);
    CHECK(reader.book.proven({}) == 1);
    reader.hold(bob, key_under(3));
    CHECK(reader.book.proven({}) == 3);
  }
  SECTION("the facts of a number between have not arrived: what they prove is not known yet") {
    reader.epoch(alice, 4, alice, 3);
    CHECK(reader.book.proven({}) == 1);
  }
}

TEST_CASE("the rewraps of a key, those of the highest epoch last", "[epochs]") {
  Reader reader;
  const FactId key = reader.hold(alice, key_under(1));
  const FactId third = reader.hold(bob, Rewrap{zone, key, 3, {}});
  const FactId second = reader.hold(alice, Rewrap{zone, key, 2, {}});
  reader.hold(alice, Rewrap{zone, {bob, 77}, 4, {}});
  REQUIRE(reader.book.rewraps(key).size() == 2);
  CHECK(reader.book.rewraps(key)[0].id == second);
  CHECK(reader.book.rewraps(key)[1].id == third);
  CHECK(reader.book.rewraps(second).empty());
}

TEST_CASE("who has not opened a master key is known to all, some time after it was sealed",
          "[epochs]") {
  Reader reader;
  const auto without = [&](Nanoseconds before = 1ns) {
    return reader.book.without(1, reader.acks, t0 + before);
  };
  reader.epoch(alice, 1, alice, 1);
  Heartbeat of_bob = reader.acks_all(bob);
  reader.acks.set_self(reader.acks_all(alice));
  reader.receive(of_bob);
  CHECK(without() == std::vector{bob.member});  // it was never sealed to him
  reader.epoch(alice, 1, bob, 1, 1ns);
  CHECK(without(1ns).empty());
  CHECK(without(2ns) == std::vector{bob.member});
  SECTION("he says so") {
    reader.receive(reader.acks_all(bob));
    CHECK(without(2ns).empty());
  }
  SECTION("what is sealed to him is another one") {
    Reader other;
    other.epoch(alice, 1, alice, 1);
    other.epoch(alice, 1, bob, 2, 1ns);
    other.acks.set_self(other.acks_all(alice));
    other.receive(other.acks_all(bob));
    CHECK(other.book.without(1, other.acks, t0 + 2ns) == std::vector{bob.member});
  }
}
