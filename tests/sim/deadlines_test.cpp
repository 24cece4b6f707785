// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that come late, or twice: each case by its name.
#include <catch2/catch.hpp>

#include "tests/sim/quiet_swarm.h"
#include "tests/sim/world.h"

using namespace rollcall;

namespace {

constexpr std::size_t a = 0, b = 1, c = 2;
constexpr Generation second_zsk{Role::zsk, Algorithm::ecdsap256sha256, 2};
const ZoneName zone = "example.";

/// Everybody's turn comes two days after a key is due.
class TwoDays : public DelayStrategy {
 public:
  Nanoseconds draw(const Turn&, const std::function<std::uint64_t()>&) const override { return 2_days; }
};

const TwoDays two_days;

sim::World lone_world() { return sim::World{sim::quiet(1, 7_days), nullptr, &two_days}; }

ZoneStatus status_of(const sim::World& world, std::size_t member) {
  return world.machine(member).status().zones.at(0);
}

Time run_until_due(sim::World& world) {
  world.run(10_days);
  const Time due = status_of(world, a).next_keys.at(Role::zsk);
  world.run(due - world.context().schedule.now());
  return due;
}

Time made(sim::World& world) {
  const auto candidates = world.judge().candidates(zone, second_zsk);
  REQUIRE(candidates.size() == 1);
  return world.judge().candidate(candidates.front()).created;
}

}  // namespace

TEST_CASE("a key that could not be made is tried again soon, not a turn later", "[simulation][deadlines]") {
  sim::World world = lone_world();
  const Time due = run_until_due(world);
  world.machine(a).fail_keys(3);
  world.run(20_days);
  CHECK(world.context().counters["key failed"] == 3);
  CHECK(made(world) >= due + 2_days);
  CHECK(made(world) < due + 2_days + Seconds{60});
}

TEST_CASE("suspended in the middle of a turn: it begins anew, or all would have theirs at once", "[simulation][deadlines]") {
  sim::World world = lone_world();
  run_until_due(world);
  world.run(1_days);
  ZoneConfig config{{zone, 1}, "default"};
  config.suspended = true;
  world.directory().write(0, config);
  world.run(3_days);
  CHECK(world.judge().candidates(zone, second_zsk).empty());
  const Time resumed = world.context().schedule.now();
  config.suspended = false;
  world.directory().write(0, config);
  world.run(10_days);
  CHECK(made(world) >= resumed + 2_days);
}

TEST_CASE("cut off in the middle of a rollover: the old key stays, and everybody says that it is late",
          "[simulation][deadlines]") {
  sim::World world{sim::quiet(3, 1_days), nullptr};
  world.run(25_days);  // the key is made, and not published yet
  const Time planned = status_of(world, a).next_roll.at(Role::zsk);
  for (const std::size_t other : {a, b}) {
    world.directory().cut(other, c);
    world.directory().cut(c, other);
  }
  world.run(10_days);
  for (const std::size_t member : {a, b, c}) {
    CHECK(status_of(world, member).next_roll.at(Role::zsk) == planned);
    CHECK(world.machine(member).now().wall > planned + world.context().swarm.policy.missing_keys_alarm);
  }
  world.directory().repair_all();
  world.run(10_days);
  CHECK(world.violation().value_or("") == "");
  CHECK(world.unfinished() == "");
  CHECK(status_of(world, c).next_roll.at(Role::zsk) > planned + 20_days);
}
