// SPDX-License-Identifier: GPL-3.0-or-later
// The stories that were told when this way of making keys was proposed, played through.
#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "tests/sim/quiet_swarm.h"
#include "tests/sim/world.h"

using namespace rollcall;
using std::chrono::hours;

namespace {

constexpr std::size_t a = 0, b = 1, c = 2;
constexpr Generation second_zsk{Role::zsk, Algorithm::ecdsap256sha256, 2};
const ZoneName zone = "example.";

/// Each member's dice show what the story says.
class FixedDice : public DelayStrategy {
 public:
  /// delays  Of each machine, in the order of the world's.
  void show(sim::World& world, const std::vector<Seconds>& delays) {
    const sim::ModelledCrypto crypto;
    std::vector<std::pair<std::uint64_t, Seconds>> ranked;
    for (std::size_t i = 0; i < delays.size(); ++i) {
      ranked.emplace_back(crypto.rank(world.machine(i).id(), zone), delays[i]);
    }
    std::ranges::sort(ranked);
    by_rank_.clear();
    for (const auto& entry : ranked) by_rank_.push_back(entry.second);
  }
  Nanoseconds draw(const Turn& turn, const std::function<std::uint64_t()>&) const override {
    return turn.rank < by_rank_.size() ? by_rank_[turn.rank] : Seconds{60};
  }

 private:
  std::vector<Seconds> by_rank_;
};

sim::Swarm quiet(std::size_t members) { return sim::quiet(members, 7_days); }

void cut(sim::World& world, std::size_t x, std::size_t y) {
  world.directory().cut(x, y);
  world.directory().cut(y, x);
}

std::vector<MemberId> makers(sim::World& world, const Generation& generation) {
  std::vector<MemberId> members;
  for (const FactId& id : world.judge().candidates(zone, generation)) members.push_back(id.author.member);
  return members;
}

const Candidate& made_by(sim::World& world, const Generation& generation, std::size_t member) {
  for (const FactId& id : world.judge().candidates(zone, generation)) {
    if (id.author.member == world.machine(member).id()) return world.judge().candidate(id);
  }
  FAIL("member " << member << " made no key");
  throw std::logic_error("unreachable");
}

/// Whether a member says that a key which lost its election is still to be wiped.
bool tells_of_losers(sim::World& world) {
  for (const std::size_t member : {a, b, c}) {
    for (const ZoneStatus& one : world.machine(member).status().zones) {
      const auto is_left = [](const GenerationStatus& generation) { return !generation.unpruned.empty(); };
      if (std::ranges::any_of(one.generations, is_left)) return true;
    }
  }
  return false;
}

void check_all_agree_on(sim::World& world, const Candidate& winner) {
  CHECK(world.violation().value_or("") == "");
  CHECK(world.unfinished() == "");
  CHECK(world.judge().introduced(zone, winner.generation) == winner.fingerprint);
  CHECK(world.judge().losers_left().empty());
}

}  // namespace

TEST_CASE("story: the dice show 35000, 40000 and 32000 s; C makes the key and the others discard theirs",
          "[simulation][story]") {
  FixedDice dice;
  sim::World world{quiet(3), nullptr, &dice};
  dice.show(world, {Seconds{35000}, Seconds{40000}, Seconds{32000}});
  world.run(35_days);

  REQUIRE(makers(world, second_zsk) == std::vector{world.machine(c).id()});
  const Candidate& winner = made_by(world, second_zsk, c);
  CHECK(winner.created - winner.due >= Seconds{32000});
  CHECK(winner.created - winner.due < Seconds{32010});
  check_all_agree_on(world, winner);
}

TEST_CASE("story: A was disconnected, so A and C both made the key; C's is earlier, and A deletes its own",
          "[simulation][story]") {
  FixedDice dice;
  sim::World world{quiet(3), nullptr, &dice};
  dice.show(world, {Seconds{35000}, Seconds{40000}, Seconds{32000}});
  world.run(10_days);
  cut(world, a, b);
  cut(world, a, c);
  world.run(14_days);

  REQUIRE(makers(world, second_zsk).size() == 2);
  const Candidate winner = made_by(world, second_zsk, c);
  CHECK(winner.created < made_by(world, second_zsk, a).created);
  CHECK_FALSE(world.judge().introduced(zone, second_zsk));  // not before A has answered

  world.directory().repair_all();
  bool told = false;
  for (int i = 0; i < 1000 && !told; ++i) {
    world.run(Seconds{10});
    told = tells_of_losers(world);
  }
  CHECK(told);
  world.run(20_days);
  check_all_agree_on(world, winner);
  CHECK_FALSE(tells_of_losers(world));
}

TEST_CASE("story: A loses B, C is connected to B only; A and C both make the key; the earliest wins",
          "[simulation][story]") {
  FixedDice dice;
  sim::World world{quiet(3), nullptr, &dice};
  world.directory().wire(a, c, false);
  dice.show(world, {Seconds{20000}, Seconds{40000}, Seconds{30000}});
  world.run(10_days);
  cut(world, a, b);
  world.run(14_days);

  REQUIRE(makers(world, second_zsk).size() == 2);
  const Candidate winner = made_by(world, second_zsk, a);
  CHECK(winner.created < made_by(world, second_zsk, c).created);
  CHECK_FALSE(world.judge().introduced(zone, second_zsk));

  world.directory().repair_all();
  world.run(20_days);
  check_all_agree_on(world, winner);
}

// A has not heard of C while C joins at B, and might serve without its keys; so C waits with serving,
// and on its side it is B that makes the key.
TEST_CASE("story: C is added at B while A is away: it serves, and makes keys, when A has heard of it",
          "[simulation][story]") {
  FixedDice dice;
  sim::World world{quiet(2), nullptr, &dice};
  dice.show(world, {Seconds{30000}, Seconds{20000}});
  world.run(10_days);
  cut(world, a, b);
  REQUIRE(world.add_machine() == c);
  world.directory().wire(a, c, false);
  world.run(hours{1});
  world.admit(c, b);
  world.run(14_days);

  CHECK_FALSE(world.machine(c).store().serving());
  REQUIRE(makers(world, second_zsk).size() == 2);
  const Candidate winner = made_by(world, second_zsk, b);
  CHECK(winner.created < made_by(world, second_zsk, a).created);
  CHECK_FALSE(world.judge().introduced(zone, second_zsk));

  world.directory().repair_all();
  world.run(20_days);
  CHECK(world.machine(c).store().serving());
  check_all_agree_on(world, winner);
}

TEST_CASE("story: A and B rotate the master key on two sides of a cut; the earlier one counts", "[simulation][story]") {
  sim::World world{quiet(3), nullptr};
  world.run(10_days);
  cut(world, a, b);
  cut(world, a, c);
  CHECK(world.machine(a).member().rotate_master_key("root") == std::nullopt);
  world.machine(a).poke();
  world.run(Seconds{60});
  CHECK(world.machine(b).member().rotate_master_key("root") == std::nullopt);
  world.machine(b).poke();
  world.run(2_days);
  for (const std::size_t who : {a, b, c}) {
    const MasterKeyStatus status = world.machine(who).status().master_key;
    CHECK(status.epoch == 1);  // nothing is wrapped with either
    CHECK(status.rotating);
  }
  const auto of_a = world.machine(a).member().master_key(2);
  CHECK(of_a != world.machine(b).member().master_key(2));

  world.directory().repair_all();
  world.run(1_days);
  CHECK(world.unfinished() == "");
  for (const std::size_t who : {a, b, c}) {
    CHECK(world.machine(who).member().current_master_key() == of_a);
  }
  CHECK(world.context().counters["rotation begun twice"] == 1);
  world.run(30_days);
  CHECK(world.violation().value_or("") == "");
}

TEST_CASE("story: C is away: a rotation waits for it, and keys are made meanwhile", "[simulation][story]") {
  sim::World world{quiet(3), nullptr};
  world.run(10_days);
  cut(world, a, c);
  cut(world, b, c);
  CHECK(world.machine(a).member().rotate_master_key("root") == std::nullopt);
  world.machine(a).poke();
  world.run(21_days);
  const MasterKeyStatus held = world.machine(b).status().master_key;
  CHECK(held.waits_for == std::vector{world.machine(c).id()});
  CHECK(world.machine(b).member().rotate_master_key("root"));
  const auto made = world.judge().candidates(zone, second_zsk);
  REQUIRE_FALSE(made.empty());
  CHECK(world.judge().candidate(made.front()).epoch == 1);

  world.directory().repair_all();
  world.run(20_days);
  CHECK(world.machine(c).status().master_key.epoch == 2);
  CHECK(world.unfinished() == "");
  CHECK(world.violation().value_or("") == "");
}
