// SPDX-License-Identifier: GPL-3.0-or-later
// Who looks after the machines: what left is switched off, what is dead is forgotten, what was forgotten comes back.
#include <algorithm>

#include "lib/core/alarm_words.h"
#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

constexpr unsigned most_days_astray = 7;

}  // namespace

// People who look after their machines: they switch off what left, forget what is dead, and bring
// back what was forgotten.
void World::see_after_members(const Reports& reports, bool all) {
  for (const auto& [reporter, status] : reports) {
    const auto& machine = machines_[reporter->index()];
    if (status.out.starts_with("left: this machine can be switched off")) machine->retire();
    if (machine->stopped() && status.out.empty()) machine->server_started_by_hand();
    if (all || context_.dice.one_in(3)) take_out_foreign_keys(*machine, status);
    const bool uncounted = std::ranges::any_of(status.alarms, [](const std::string& alarm) {
      return alarm.starts_with(alarm_words::not_counted);
    });
    if (uncounted) context_.counters.add("taken in by a word that does not count");
    // It was taken in, they say, and nothing comes of it.
    const bool unheard = all && judge_.admitted(machine->life()) && !status.member && status.out.empty() &&
                         someone_serving(machine->index()).has_value();
    // A key that it cannot use holds up everybody, and a restored member may not reject it. What it waits
    // for may be lost.
    const bool stuck = all && !status.serving && std::ranges::any_of(status.alarms, [](const std::string& alarm) {
      return alarm.find(alarm_words::unusable_key) != std::string::npos || alarm.starts_with(alarm_words::not_serving);
    });
    unsigned& days = astray_for_[machine->index()];
    days = unheard || uncounted || stuck ? days + 1 : 0;
    const bool out = status.forgotten || days > most_days_astray;
    if (!out || (!all && !context_.dice.one_in(3))) continue;
    days = 0;
    machine->join_again();
    admit(machine->index());
  }
  forget_the_dead(all);
}

// As the alarm says; nobody asks whether it may be right.
void World::take_out_foreign_keys(Machine& machine, const MemberStatus& status) {
  for (const ZoneStatus& zone : status.zones) {
    const bool told = std::ranges::any_of(zone.alarms, [](const std::string& alarm) {
      return alarm.starts_with(alarm_words::foreign_keys);
    });
    if (told) machine.dns().take_out_foreign(zone.zone.name);
  }
}

bool World::somebody_counts(const Machine& one) const {
  return std::ranges::any_of(machines_, [&](const auto& other) {
    if (!other->alive() || !other->store().serving() || !judge_.counts(other->life())) return false;
    const MemberStatus status = other->status();
    return std::ranges::any_of(status.members, [&](const MemberLine& line) { return line.member == one.id() && line.in_roster; });
  });
}

// Only of a machine that is off can it be said that it is dead.
void World::forget_the_dead(bool all) {
  std::vector<std::size_t> dead;
  for (const auto& machine : machines_) {
    if (machine->gone()) directory_.go_around(machine->index());
    // Who threw its old life away, and is not taken in: that life will not answer any more.
    const bool waits =
        machine->alive() && machine->life().number > 1 && !judge_.admitted(machine->life());
    if ((!machine->off() && !waits) || machine->retired()) {
      away_for_.erase(machine->index());
      continue;
    }
    const unsigned days = ++away_for_[machine->index()];
    const bool wanted = waits             ? all && days > 2
                        : machine->gone() ? all || (context_.swarm.on(Fault::lost_disk) && days > 3)
                                          : context_.swarm.on(Fault::forget) && days > 2;
    // A decree may be lost with all who heard of it.
    const bool is_waited_for = waits || judge_.counts(machine->life()) || (all && somebody_counts(*machine));
    if (wanted && is_waited_for) dead.push_back(machine->index());
  }
  if (dead.empty() || (!all && !context_.dice.one_in(3))) return;
  const auto by = someone_serving(dead.front());
  // Its people were told; what two decrees against each other do has stories of its own.
  if (!by || judge_.forgotten(machine(*by).life())) return;
  const MemberStatus known = machine(*by).status();
  std::erase_if(dead, [&](std::size_t one) {
    const auto counts = [&](const MemberLine& line) {
      return line.member == machine(one).id() && line.in_roster;
    };
    return std::ranges::none_of(known.members, counts);
  });
  if (dead.empty()) return;
  // What it wrote last, and nobody got, is lost with it: people know that after a while.
  if (forget(*by, dead, all || context_.dice.one_in(3)))
    context_.counters.add(dead.size() > 1 ? "several forgotten" : "forget used");
}

bool World::forget(std::size_t at, const std::vector<std::size_t>& dead, bool force) {
  Machine& host = machine(at);
  if (!host.alive()) return false;
  Uuid decree;
  for (std::byte& byte : decree.bytes) byte = static_cast<std::byte>(context_.dice.below(256));
  std::vector<MemberId> members;
  std::string names;
  for (const std::size_t one : dead) {
    members.push_back(machine(one).id());
    names += ' ' + machine(one).name();
  }
  const auto refused = host.member().forget(decree, members, "admin", force);
  context_.trace.line("admin", "asks " + host.name() + " to forget" + names +
                                   (refused ? ", refused: " + *refused : ""));
  host.poke();
  return !refused;
}

}  // namespace rollcall::sim
