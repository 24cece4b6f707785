// SPDX-License-Identifier: GPL-3.0-or-later
// Members that go, come back, or come back as they were before: each case by its name.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/sim/quiet_swarm.h"
#include "tests/sim/world.h"

using namespace rollcall;
using std::chrono::hours;

namespace {

constexpr std::size_t a = 0, b = 1, c = 2;
const ZoneName zone = "example.";

sim::Swarm quiet(std::size_t members) { return sim::quiet(members, 1_days); }

void isolate(sim::World& world, std::size_t one,
             void (sim::Directory::*change)(std::size_t, std::size_t)) {
  for (std::size_t other = 0; other < world.members(); ++other) {
    if (other == one) continue;
    (world.directory().*change)(one, other);
    (world.directory().*change)(other, one);
  }
}

void check_all_is_well(sim::World& world) {
  CHECK(world.violation().value_or("") == "");
  CHECK(world.unfinished() == "");
}

std::size_t ends_of(sim::World& world) {
  return world.context().counters["key purged"] + world.context().counters["loser pruned"];
}

}  // namespace

TEST_CASE("forgotten: the rollover goes on, and its keys are ended by the heir",
          "[simulation][members]") {
  sim::Swarm swarm = quiet(3);
  swarm.policy.purge = 1_days;
  sim::World world{swarm};
  world.run(10_days);
  world.machine(c).lose_disk();
  world.run(20_days);  // the next key has to be elected by all three
  CHECK(world.unfinished() != "");
  CHECK_FALSE(world.forget(a, {a}, true));
  REQUIRE(world.forget(a, {c}, true));
  world.run(30_days);
  check_all_is_well(world);
  CHECK(world.machine(a).status().members.size() == 3);
}

TEST_CASE("forgotten: the master key that it may still have is replaced", "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).lose_disk();
  world.run(3_days);
  CHECK(world.machine(a).status().master_key.epoch == 1);
  REQUIRE(world.forget(a, {c}, false));
  world.run(20_days);
  for (const std::size_t member : {a, b})
    CHECK(world.machine(member).status().master_key.epoch == 2);
  check_all_is_well(world);
}

TEST_CASE("forgotten: one whose heartbeats arrive is not, unless people insist",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(5_days);
  const MemberId third = world.machine(c).id();
  CHECK_FALSE(world.machine(a).member().preview_forget({third}).refused.empty());
  CHECK_FALSE(world.forget(a, {c}, false));
  world.machine(c).power_off();
  world.run(3_days);
  const ForgetPreview preview = world.machine(a).member().preview_forget({third});
  CHECK(preview.refused.empty());
  CHECK(preview.impossible.empty());
  CHECK(preview.remain.size() == 2);
  CHECK(preview.risks.size() == 1);
  CHECK(world.forget(a, {c}, false));
}

TEST_CASE(
    "return as a new incarnation: it stops when it hears of the decree, and serves again when "
    "taken in",
    "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).power_off();
  world.run(3_days);
  REQUIRE(world.forget(a, {c}, false));
  world.run(20_days);
  world.machine(c).start();
  world.run(hours{12});
  // People, who look after it every day, may have thrown its old life away already.
  CHECK(world.context().counters["server started without a word of others"] == 0);
  CHECK_FALSE(world.machine(c).dns().answering());
  world.run(10_days);
  CHECK(world.machine(c).store().incarnation() == 2);
  CHECK(world.machine(c).dns().answering());
  check_all_is_well(world);
}

TEST_CASE("return as a new incarnation: what it let pass while it was out, its server has to catch up with",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).power_off();
  world.run(3_days);
  REQUIRE(world.forget(a, {c}, false));
  world.roll(a, Role::ksk);
  world.run(60_days);
  world.machine(c).dns().refuse(~0U);
  world.machine(c).start();
  world.run(10_days);
  CHECK(world.machine(c).store().incarnation() == 2);
  CHECK_FALSE(world.machine(c).dns().answering());
  world.machine(c).dns().recover();
  world.run(3_days);
  CHECK(world.machine(c).dns().answering());
  check_all_is_well(world);
}

TEST_CASE("a store restored from backup, or the whole machine: the member begins a new life by itself",
          "[simulation][members]") {
  const bool with_replica = GENERATE(false, true);
  sim::World world{quiet(3)};
  world.run(1_days);
  world.machine(b).keep_copy();
  world.run(40_days);
  world.machine(b).return_to_copy(with_replica);
  world.machine(b).start();
  world.run(10_days);
  CHECK(world.machine(b).store().incarnation() == 2);
  CHECK(world.context().counters["restored member noticed"] > 0);
  CHECK(world.machine(b).store().serving());
  CHECK(world.machine(b).dns().answering());
  check_all_is_well(world);
}

TEST_CASE("loss of all but one: it forgets the others, and goes on alone",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(b).lose_disk();
  world.machine(c).lose_disk();
  world.machine(a).reboot();
  world.machine(a).start();
  world.run(hours{1});
  CHECK(
      world.machine(a).dns().answering());  // nobody answers, and a zone must not be down for that
  world.run(3_days);
  REQUIRE(world.forget(a, {b, c}, true));
  world.run(40_days);
  check_all_is_well(world);
}

TEST_CASE("a whole directory restored from an old copy: everybody writes again what is missing",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(35_days);
  const std::size_t before = world.directory().distinct_facts(a);
  world.directory().return_to(world.context().start + 2_days);
  CHECK(world.directory().distinct_facts(a) < before);
  world.run(3_days);
  for (const std::size_t member : {a, b, c})
    CHECK(world.directory().distinct_facts(member) >= before);
  check_all_is_well(world);
}

TEST_CASE("the facts deleted everywhere: owners write theirs again, others those of who is gone",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).lose_disk();
  world.run(1_days);
  REQUIRE(world.forget(a, {c}, true));
  world.run(10_days);
  const std::size_t before = world.directory().distinct_facts(a);
  world.directory().lose_all_facts();
  world.run(3_days);
  for (const std::size_t member : {a, b}) CHECK(world.directory().distinct_facts(member) >= before);
  CHECK(world.context().counters["copy of a silent owner's fact"] > 0);
  world.run(20_days);
  check_all_is_well(world);
}

TEST_CASE(
    "entries lost in replication: whoever lacks them gets them from others if their owner is "
    "silent",
    "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(5_days);
  isolate(world, b, &sim::Directory::cut);  // what c writes now only a hears
  world.roll(c, Role::zsk);
  world.run(1_days);
  world.machine(c).power_off();
  isolate(world, b, &sim::Directory::repair);
  while (world.directory().lose_fact(a)) {
  }
  world.run(3_days);
  CHECK(world.context().counters["copy of a silent owner's fact"] > 0);
  world.machine(c).start();
  world.run(20_days);
  check_all_is_well(world);
}

TEST_CASE("two appointments on two sides of a cut: a priority, never a lock",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  isolate(world, a, &sim::Directory::cut);
  world.appoint(a, {a});
  world.appoint(b, {b, c});
  world.run(14_days);
  isolate(world, a, &sim::Directory::repair);
  world.run(30_days);
  check_all_is_well(world);
}

TEST_CASE("two decrees on two sides of a cut, about the same member: both hold",
          "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).lose_disk();
  isolate(world, a, &sim::Directory::cut);
  world.run(3_days);
  REQUIRE(world.forget(a, {c}, true));
  REQUIRE(world.forget(b, {c}, true));
  world.run(5_days);
  CHECK(world.unfinished() != "");  // neither is in force before the other side has said it
  isolate(world, a, &sim::Directory::repair);
  world.run(30_days);
  check_all_is_well(world);
}

TEST_CASE("two decrees on two sides of a cut, about each other: the side of the later stops",
          "[simulation][members]") {
  sim::World world{quiet(2)};
  world.run(10_days);
  isolate(world, a, &sim::Directory::cut);
  world.run(3_days);
  REQUIRE(world.forget(a, {b}, true));
  world.run(hours{1});
  REQUIRE(world.forget(b, {a}, true));
  world.run(hours{1});
  isolate(world, a, &sim::Directory::repair);
  world.run(hours{6});
  CHECK(world.machine(a).dns().answering());
  CHECK_FALSE(world.machine(b).dns().answering());
  world.run(20_days);  // people take it in again
  CHECK(world.machine(b).store().incarnation() == 2);
  check_all_is_well(world);
}

TEST_CASE("leave: whom the others forget meanwhile does not hold up who left", "[simulation][members]") {
  sim::World world{quiet(3)};
  world.run(10_days);
  world.machine(c).lose_disk();
  REQUIRE_FALSE(world.machine(b).member().leave(std::nullopt, "admin"));
  world.run(10_days);
  CHECK(world.context().counters["member left"] == 0);  // perhaps it could not be switched off ever
  REQUIRE(world.forget(a, {c}, false));
  world.run(3_days);
  CHECK(world.context().counters["member left"] == 1);
}

TEST_CASE("leave: the server stops, caches follow, and the heir ends its keys",
          "[simulation][members]") {
  sim::Swarm swarm = quiet(3);
  swarm.policy.purge = 1_days;
  sim::World world{swarm};
  world.run(10_days);
  CHECK(world.machine(c)
            .member()
            .leave(world.machine(c).id(), "admin")
            .has_value());  // nobody inherits from himself
  REQUIRE_FALSE(world.machine(c).member().leave(world.machine(a).id(), "admin").has_value());
  world.machine(c).poke();
  world.run(hours{1});
  CHECK_FALSE(world.machine(c).dns().answering());
  CHECK(world.context().counters["left for good"] == 0);  // caches have it still
  world.run(5_days);
  CHECK(world.context().counters["left for good"] == 1);
  CHECK(world.machine(c).retired());
  world.run(60_days);
  check_all_is_well(world);
  CHECK(ends_of(world) > 0);
}

TEST_CASE("return as a new incarnation: its server goes on signing with a key that the others only publish",
          "[simulation][members]") {
  sim::Swarm swarm = quiet(2);
  swarm.abilities[b] = SwapAbility::together;
  swarm.policy.retire_safety = 10_days;  // the old DNSKEY stays for so long
  sim::World world{swarm};
  world.run(10_days);
  world.machine(b).power_off();
  world.run(3_days);
  REQUIRE(world.forget(a, {b}, true));
  world.run(22_days);  // the other one alone swaps signatures exactly
  world.machine(b).start();
  world.run(hours{1});
  world.machine(b).join_again();
  world.admit(b);
  world.run(30_days);
  CHECK(world.machine(b).store().serving());
  check_all_is_well(world);
}
