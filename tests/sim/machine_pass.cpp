// SPDX-License-Identifier: GPL-3.0-or-later
// The event loop of a machine's agent: what it hears of the directory, and a pass with what comes of it.
#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/sim/machine.h"

namespace rollcall::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t passes_a_day_at_most = 100'000;

bool writes_down_a_promise(const std::vector<Save>& saves) {
  return std::ranges::any_of(saves, [](const Save& save) {
    return std::holds_alternative<SaveFact>(save) || std::holds_alternative<SaveIntent>(save) ||
           std::holds_alternative<DropIntent>(save) || std::holds_alternative<SaveProgress>(save);
  });
}

bool has_fact_of(const Incarnation& author, const std::vector<Save>& saves) {
  return std::ranges::any_of(saves, [&author](const Save& save) {
    const auto* fact = std::get_if<SaveFact>(&save);
    return fact != nullptr && fact->fact.id.author == author;
  });
}

}  // namespace

// Events that come at about the same time are one pass, as they are in an event loop; in a big cluster
// more of them come while the loop is busy.
void Machine::poke() {
  if (!alive() || pass_planned_) return;
  pass_planned_ = true;
  const auto crowd = static_cast<int>(1 + site_.context.swarm.members / 8);
  later(site_.context.dice.between(Nanoseconds{0}, milliseconds{2} * crowd * crowd * crowd), [this] { pass(); });
}

void Machine::later(Nanoseconds delay, std::function<void()> action) {
  site_.context.schedule.after(delay, [this, life = life_, action = std::move(action)] {
    if (life_ == life) action();
  });
}

void Machine::to_directory(std::function<void()> action) {
  if (silent_) {
    unsent_.push_back(std::move(action));
    return;
  }
  const Time now = site_.context.schedule.now();
  directory_free_ = std::max(directory_free_, now + site_.context.dice.between(milliseconds{1}, milliseconds{50}));
  const bool survives_crash = site_.context.dice.one_in(2);
  site_.context.schedule.at(directory_free_, [this, life = life_, survives_crash, action = std::move(action)] {
    const bool dead = life_ != life;
    if (dead && !survives_crash) lost_from_ = life;
    if (!powered_ || lost_from_ == life) return;
    if (silent_ && !dead) {
      unsent_.push_back(action);
    } else {
      action();
    }
  });
}

void Machine::look_again(const std::optional<BootTime>& again) {
  const std::uint64_t wake = ++wake_;
  if (!again) return;
  const Nanoseconds delay = std::max(*again - now().boot, Nanoseconds{milliseconds{1}});
  later(delay, [this, wake] {
    if (wake_ == wake) poke();
  });
}

// What is new of our own is for the judge to know from the moment that it is durable.
void Machine::save(const std::vector<Save>& saves) {
  for (const Save& save : saves) {
    if (std::holds_alternative<DropIntent>(save)) key_in_hand_ = false;
    const auto* fact = std::get_if<SaveFact>(&save);
    if (fact != nullptr && site_.vault.wiped.contains(fact->fact.id)) store_.wipe(fact->fact.id);
    if (fact != nullptr && fact->fact.id.author == life() &&
        store_.find(fact->fact.id) == nullptr) {
      site_.judge.wrote(index_, fact->fact);
      if (std::holds_alternative<Candidate>(fact->fact.content)) key_in_hand_ = false;
    }
    if (const auto* leaving = std::get_if<SaveLeaving>(&save))
      site_.judge.leaves(life(), leaving->leaving.has_value());
  }
  store_.apply(saves);
}

void Machine::vanished(const FactId& fact) {
  if (!alive()) return;
  member_->fact_vanished(fact);
  poke();
}

void Machine::state(bool current, const std::string& why) {
  if (!alive()) return;
  member_->directory_current(current, why);
  poke();
}

void Machine::entry(const Entry& entry) {
  if (!alive()) return;
  struct {
    Machine& machine;
    const Entry& whole;
    void operator()(const Fact& fact) const { machine.member_->fact(fact); }
    void operator()(const Heartbeat& heartbeat) const {
      Member& member = *machine.member_;
      if (heartbeat.member.member == machine.id_) {
        member.own_heartbeat_seen(heartbeat);
      } else {
        machine.hear(heartbeat);
        member.heartbeat(HeardHeartbeat{whole, &heartbeat}, machine.now());  // all hold this one
      }
    }
    void operator()(const CopiedFact& copy) const { machine.member_->fact(copy.fact); }
    void operator()(const ClusterConfig& config) const { machine.member_->config(config); }
    void operator()(const PolicyEntry& entry) const { machine.member_->policy(entry.name, entry.policy); }
    void operator()(const ZoneConfig& entry) const {
      if (machine.dns_.served(entry.zone.name) == nullptr) machine.dns_.load(entry.zone.name);
      machine.member_->zone(entry);
    }
  } visitor{*this, entry};
  std::visit(visitor, *entry);
  poke();
}

void Machine::pass() {
  pass_planned_ = false;
  const Time day = std::chrono::floor<std::chrono::days>(site_.context.schedule.now());
  passes_today_ = day == today_ ? passes_today_ + 1 : 0;
  today_ = day;
  if (passes_today_ > passes_a_day_at_most) site_.judge.violated("busy loop: " + name());

  if (unsaved_ && disk_full_) return;
  const bool late = unsaved_.has_value();
  const Effects effects = late ? *std::exchange(unsaved_, std::nullopt)
                               : member_->pass(now(), [this] { return site_.context.dice.bits(); });
  if (!saved(effects)) return;
  for (const Act& act : effects.acts) {
    carry_out(act);
    if (dies(CrashPoint::between_acts, true)) return;
  }
  open_gate();
  update_answering();
  look_again(effects.again);
  if (late) poke();  // for what happened meanwhile
}

// What cannot be saved is not done; nothing else is, either, until it can.
bool Machine::saved(const Effects& effects) {
  const bool worth_it = writes_down_a_promise(effects.saves);
  if (dies(CrashPoint::before_saves, worth_it)) return false;
  if (disk_full_ && !effects.saves.empty()) {
    site_.context.counters.add("disk full");
    unsaved_ = effects;
    return false;
  }
  if (before_fact_ && has_fact_of(life(), effects.saves)) std::exchange(before_fact_, nullptr)();
  save(effects.saves);
  return !dies(CrashPoint::after_saves, worth_it);
}

}  // namespace rollcall::sim
