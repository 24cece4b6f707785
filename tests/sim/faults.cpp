// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/faults.h"

#include <algorithm>
#include <utility>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr hours day{24};

std::pair<std::size_t, std::size_t> two_of(Dice& dice, std::size_t members) {
  const std::size_t a = dice.below(members);
  return {a, (a + 1 + dice.below(members - 1)) % members};
}

}  // namespace

void Faults::begin() {
  const Swarm& swarm = world_.context().swarm;
  for (const Fault fault : swarm.faults) now_and_then(fault);
}

void Faults::later(Nanoseconds delay, std::function<void()> action) {
  world_.context().schedule.after(delay, [this, action = std::move(action)] {
    if (!over_) action();
  });
}

void Faults::now_and_then(Fault fault) {
  const Seconds interval = world_.context().swarm.fault_interval;
  later(world_.context().dice.between(minutes{1}, 2 * interval), [this, fault] {
    strike(fault);
    now_and_then(fault);
  });
}

void Faults::strike(Fault fault) {
  last_strike_ = world_.context().schedule.now();
  const bool alone = world_.members() < 2;
  Dice& dice = world_.context().dice;
  switch (fault) {
    case Fault::partition: return alone ? void() : partition();
    case Fault::isolation: return alone ? void() : isolation();
    case Fault::one_way: return alone ? void() : one_way();
    case Fault::flapping: return alone ? void() : flapping();
    case Fault::crash: return crash();
    case Fault::reboot: return reboot(dice.below(world_.members()), 1 + static_cast<unsigned>(dice.below(3)));
    case Fault::outage: return outage();
    case Fault::lost_entry: return lose_entry();
    case Fault::silence: return silence();
    case Fault::clock: return clock();
    case Fault::signer: return signer();
    case Fault::zone_lost: return victim().dns().lose_zone(dice.pick(world_.zones()));
    case Fault::parent: return parent();
    case Fault::check: return victim().dislike(1);
    case Fault::key: return victim().fail_keys(1 + static_cast<unsigned>(dice.below(3)));
    case Fault::admin: return admin();
    case Fault::drift: return drift();
    case Fault::epoch: return epoch();
    case Fault::disk_full: return disk_full();
    case Fault::wrong_key: return victim().dns().sign_with_another_key();
    case Fault::stale_zone: return victim().dns().restart_with_old_copy(dice.pick(world_.zones()));
    case Fault::liar: return liar();
    case Fault::ds_withdrawn: return world_.withdraw_ds(dice.pick(world_.zones()));
    case Fault::ds_back: return world_.bring_back_ds(dice.pick(world_.zones()));
    case Fault::ds_foreign: return world_.add_foreign_ds(dice.pick(world_.zones()));
    case Fault::restored: return restored();
    case Fault::unsynced: return unsynced();
    case Fault::lost_disk: return lost_disk();
    case Fault::leave:
      return leave();
    case Fault::forget:        // what people do
    case Fault::refresh:       // how its directory is
    case Fault::chain:         // how the world is wired
    case Fault::lag:           // how its directory is
    case Fault::notification:  // the same
    case Fault::join:          // how it began
      return;
  }
}

// Short ones for races, long ones for what must wait for weeks.
Nanoseconds Faults::how_long() {
  Dice& dice = world_.context().dice;
  const auto most = dice.pick<Nanoseconds>({minutes{10}, hours{6}, hours{30}, 3 * day, 20 * day, 45 * day});
  return dice.between(Seconds{1}, most);
}

Machine& Faults::victim() { return world_.machine(world_.context().dice.below(world_.members())); }

void Faults::partition() {
  Context& context = world_.context();
  const auto [a, b] = two_of(context.dice, world_.members());
  const Nanoseconds duration = how_long();
  context.counters.add("partition");
  context.trace.line("fault", "link " + member_name(a) + " - " + member_name(b) + " cut for " + to_words(duration));
  world_.directory().cut(a, b);
  world_.directory().cut(b, a);
  later(duration, [this, a = a, b = b] {
    world_.context().trace.line("fault", "link " + member_name(a) + " - " + member_name(b) + " back");
    world_.directory().repair(a, b);
    world_.directory().repair(b, a);
  });
}

void Faults::isolation() {
  Context& context = world_.context();
  const std::size_t one = context.dice.below(world_.members());
  const std::size_t others = world_.members();
  const Nanoseconds duration = how_long();
  context.counters.add("isolation");
  context.trace.line("fault", member_name(one) + " cut off for " + to_words(duration));
  const auto each = [this, one, others](void (Directory::*change)(std::size_t, std::size_t)) {
    for (std::size_t other = 0; other < others; ++other) {
      if (other == one) continue;
      (world_.directory().*change)(one, other);
      (world_.directory().*change)(other, one);
    }
  };
  each(&Directory::cut);
  later(duration, [this, one, each] {
    world_.context().trace.line("fault", member_name(one) + " connected again");
    each(&Directory::repair);
  });
}

void Faults::one_way() {
  Context& context = world_.context();
  const auto [from, to] = two_of(context.dice, world_.members());
  const Nanoseconds duration = how_long();
  context.counters.add("one-way link");
  context.trace.line("fault", member_name(to) + " hears nothing of " + member_name(from) + " for " + to_words(duration));
  world_.directory().cut(from, to);
  later(duration, [this, from = from, to = to] { world_.directory().repair(from, to); });
}

void Faults::flapping() {
  Context& context = world_.context();
  const auto [a, b] = two_of(context.dice, world_.members());
  context.counters.add("flapping link");
  context.trace.line("fault", "link " + member_name(a) + " - " + member_name(b) + " flaps");
  flap(a, b, 5 + static_cast<unsigned>(context.dice.below(30)));
}

void Faults::flap(std::size_t a, std::size_t b, unsigned times) {
  if (times == 0) return;
  Dice& dice = world_.context().dice;
  world_.directory().cut(a, b);
  world_.directory().cut(b, a);
  const Nanoseconds down = dice.between(milliseconds{100}, minutes{30});
  const Nanoseconds up = dice.between(milliseconds{100}, minutes{30});
  later(down, [this, a, b, times, up] {
    world_.directory().repair(a, b);
    world_.directory().repair(b, a);
    later(up, [this, a, b, times] { flap(a, b, times - 1); });
  });
}

void Faults::crash() {
  Dice& dice = world_.context().dice;
  const auto point = dice.pick<CrashPoint>(
      {CrashPoint::before_saves, CrashPoint::after_saves, CrashPoint::between_acts});
  victim().doom(point, dice.below(12));
}

void Faults::died(std::size_t index) {
  Dice& dice = world_.context().dice;
  if (dice.one_in(3)) return reboot(index, 1);
  later(dice.between(Seconds{1}, hours{dice.one_in(4) ? 72 : 1}), [this, index] { world_.machine(index).start(); });
}

void Faults::reboot(std::size_t index, unsigned times) {
  if (times == 0) return;
  world_.machine(index).reboot();
  Dice& dice = world_.context().dice;
  const Nanoseconds down = dice.between(Seconds{20}, hours{1});
  const Nanoseconds up = dice.between(Seconds{1}, hours{2});
  later(down, [this, index, times, up] {
    world_.machine(index).start();
    later(up, [this, index, times] { reboot(index, times - 1); });
  });
}

void Faults::outage() {
  Machine& machine = victim();
  const Nanoseconds duration = how_long();
  world_.context().counters.add("outage");
  if (duration > 20 * day) world_.context().counters.add("late return");
  world_.context().trace.line("fault", machine.name() + " is away for " + to_words(duration));
  machine.power_off();
  later(duration, [&machine] { machine.start(); });
}

void Faults::silence() {
  Machine& machine = victim();
  world_.context().counters.add("directory silent");
  world_.context().trace.line("fault", "directory of " + machine.name() + " does not answer");
  machine.silence(true);
  later(how_long(), [&machine] { machine.silence(false); });
}

void Faults::clock() {
  Machine& machine = victim();
  Dice& dice = world_.context().dice;
  const auto most = dice.pick<Nanoseconds>({Seconds{2}, Seconds{250}, minutes{20}, hours{9}, 400 * day});
  const Nanoseconds wrong_by = dice.one_in(2) ? dice.between(Nanoseconds{1}, most) : -dice.between(Nanoseconds{1}, most);
  world_.context().counters.add("clock wrong");
  if (most > 7 * day) world_.context().counters.add("clock wrong by weeks");
  world_.context().trace.line("fault", "clock of " + machine.name() + " is " + (wrong_by < Nanoseconds{0} ? "late by " : "early by ") +
                                           to_words(wrong_by < Nanoseconds{0} ? -wrong_by : wrong_by));
  machine.set_clock(wrong_by);
  later(how_long(), [&machine] { machine.set_clock({}); });
}

// Up to a hundredth: worse than any crystal, as bad as a virtual machine that sleeps.
void Faults::drift() {
  Machine& machine = victim();
  Dice& dice = world_.context().dice;
  const double most = dice.pick<double>({1e-6, 1e-4, 1e-2});
  world_.context().counters.add("clock drifts");
  machine.set_clock({}, dice.one_in(2) ? most : -most);
  later(how_long(), [&machine] { machine.set_clock({}); });
}

void Faults::epoch() {
  Dice& dice = world_.context().dice;
  const std::size_t index = dice.below(world_.members());
  const bool dead_battery = dice.one_in(2);
  const Nanoseconds age = dead_battery ? world_.context().schedule.now().time_since_epoch()
                                       : dice.between(Seconds{1}, 400 * day);
  world_.context().counters.add(dead_battery ? "clock of 1970" : "clock backwards over a reboot");
  reboot(index, 1);
  Machine& machine = world_.machine(index);
  machine.set_clock(-age);
  later(dice.between(Seconds{1}, hours{dice.one_in(3) ? 200 : 1}), [&machine] { machine.set_clock({}); });
}

void Faults::disk_full() {
  Machine& machine = victim();
  machine.fill_disk(true);
  later(how_long(), [&machine] { machine.fill_disk(false); });
}

void Faults::liar() {
  if (world_.members() < 2) return;
  Machine& machine = victim();
  machine.dns().lie(true);
  later(how_long(), [&machine] { machine.dns().lie(false); });
}

void Faults::restored() {
  if (fatal_++ > 1) return;
  restore(world_.context().dice.below(world_.members()), how_long());
}

// The power goes shortly after a write; what others got of it meanwhile they keep.
void Faults::unsynced() {
  if (fatal_++ > 1) return;
  const std::size_t index = world_.context().dice.below(world_.members());
  world_.machine(index).before_its_next_fact([this, index] {
    restore(index, world_.context().dice.between(Nanoseconds{0}, Seconds{10}));
  });
}

void Faults::restore(std::size_t index, Nanoseconds age) {
  world_.machine(index).keep_copy();
  later(age, [this, index] {
    // What the last one that counts knew, nobody could know any more.
    const bool with_replica = world_.someone_answers_beside(index) && world_.context().dice.one_in(2);
    world_.context().counters.add(with_replica ? "store and replica of before" : "store of before");
    world_.context().trace.line("fault", "the store " + std::string{with_replica ? "and the replica " : ""} + "of " +
                                             world_.machine(index).name() + (with_replica ? " are old copies" : " is an old copy"));
    world_.machine(index).return_to_copy(with_replica);
    died(index);
  });
}

// What nobody else has, nobody could know any more.
void Faults::lose_entry() {
  const std::size_t at = world_.context().dice.below(world_.members());
  world_.directory().lose_fact(at, [this](const FactId& id) { return world_.somebody_stores(id); });
}

// What the last one that counts knows, nobody has any more.
void Faults::lost_disk() {
  Machine& machine = victim();
  if (!world_.someone_answers_beside(machine.index()) || fatal_++ > 1) return;
  machine.lose_disk();
}

void Faults::leave() {
  Machine& machine = victim();
  if (!machine.alive() || !world_.someone_answers_beside(machine.index()) || fatal_++ > 1) return;
  if (machine.member().leave(std::nullopt, "admin")) return;
  world_.context().trace.line("admin", machine.name() + " is to leave");
  world_.context().counters.add("leave asked for");
  machine.poke();
}

void Faults::signer() {
  Machine& machine = victim();
  Context& context = world_.context();
  switch (context.dice.below(3)) {
    case 0: return machine.dns().refuse(1 + static_cast<unsigned>(context.dice.below(5)));
    case 1: return machine.dns().hang_until(context.schedule.now() + how_long());
    default: return machine.dns().stop_half_way();
  }
}

void Faults::parent() {
  Machine& machine = victim();
  world_.context().counters.add("parent out of reach");
  machine.deafen(true);
  later(how_long(), [&machine] { machine.deafen(false); });
}

void Faults::admin() {
  Dice& dice = world_.context().dice;
  const std::size_t at = dice.below(world_.members());
  if (dice.one_in(3)) {
    world_.context().counters.add("managers changed");
    return world_.appoint(at, dice.one_in(3) ? std::vector<std::size_t>{} : std::vector{at, dice.below(world_.members())});
  }
  const Role role = dice.one_in(2) ? Role::ksk : Role::zsk;
  world_.roll(at, role);
  if (dice.one_in(2)) world_.roll(dice.below(world_.members()), role);
}

}  // namespace rollcall::sim
