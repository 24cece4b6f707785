// SPDX-License-Identifier: GPL-3.0-or-later
// Rolled in time, or everybody says why not: judged each day, by what is served and not by what
// members think.
#include <algorithm>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

constexpr unsigned days_to_say_so = 3 + 5;  // a member looks at its clock when it wakes, which is rare in here

bool says_something(const MemberStatus& status, const ZoneStatus& zone) {
  return !status.doubt.empty() || !status.alarms.empty() || !zone.alarms.empty() || !zone.holds.empty();
}

// What administrators want in the middle of it, and until when, is their own affair.
bool has_wishes(const Swarm& swarm) {
  return std::ranges::any_of(swarm.rollovers, [](Rollover rollover) {
    return rollover >= Rollover::algorithm && rollover != Rollover::liberal && rollover != Rollover::trust_anchor;
  });
}

}  // namespace

// Where replication itself or the parent takes its time, "long enough" is nobody's to say.
bool World::promises_deadlines() const {
  const Swarm& swarm = context_.swarm;
  const bool slow = std::ranges::any_of(swarm.faults, [](Fault fault) {
    return is_fatal(fault) || fault == Fault::lag || fault == Fault::notification || fault == Fault::refresh ||
           fault == Fault::parent || fault == Fault::ds_withdrawn || fault == Fault::ds_back;
  });
  return !slow;
}

std::string World::late(const ZoneName& zone) const {
  const bool csk = context_.swarm.policy.scheme == Scheme::csk;
  for (const auto& machine : machines_) {
    const Served* served = machine->dns().answering() ? machine->dns().served(zone) : nullptr;
    if (served == nullptr) continue;
    std::set<Fingerprint> signing;
    for (const auto& [key, records] : served->keys) {
      if (records.first_half && records.second_half) signing.insert(key);
    }
    if (auto why = overdue(zone, signing, csk ? Role::csk : Role::zsk); !why.empty()) return machine->name() + ": " + why;
  }
  const std::set<Fingerprint> ds = parent_.agreed(zone);
  return ds.empty() ? "" : overdue(zone, ds, csk ? Role::csk : Role::ksk);
}

void World::watch_deadlines(const Reports& reports) {
  if (has_wishes(context_.swarm)) return;
  const Time now = context_.schedule.now();
  const bool troubled = !directory_.whole() || std::ranges::any_of(machines_, [](const auto& machine) { return machine->troubled(); });
  if (troubled) calm_since_ = now;
  const Time calm = std::max({calm_since_, faults_.last_strike(), context_.start});
  const bool long_enough = promises_deadlines() && now - calm > patience() + context_.swarm.parent_lag;
  std::set<std::string> speechless;
  for (const ZoneName& zone : zones_) {
    const std::string why = late(zone);
    if (long_enough) context_.counters.add("deadline judged");
    if (why.empty()) continue;
    context_.counters.add("roll late");
    if (long_enough) judge_.violated("not in time: " + zone + ": " + why);
    // Whoever is cut off cannot have heard what was asked for elsewhere.
    if (why.find("asked for") != std::string::npos) continue;
    for (const auto& [machine, status] : reports) {
      if (machine->stuck() || !machine->store().serving()) continue;
      const auto of_zone = std::ranges::find(status.zones, zone, [](const ZoneStatus& each) { return each.zone.name; });
      const bool said = of_zone == status.zones.end() || says_something(status, *of_zone);
      if (!said) speechless.insert(machine->name() + " about " + zone);
    }
  }
  std::erase_if(speechless_for_, [&](const auto& entry) { return !speechless.contains(entry.first); });
  for (const std::string& who : speechless) {
    if (++speechless_for_[who] > days_to_say_so) judge_.violated("late and silent: " + who);
  }
}

}  // namespace rollcall::sim
