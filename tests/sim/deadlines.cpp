// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/deadlines.h"

#include <algorithm>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;

constexpr hours day{24};

// What administrators want in the middle of it, and until when, is their own affair.
bool has_wishes(const Swarm& swarm) {
  constexpr Rollover shaping[] = {Rollover::algorithm, Rollover::insecure, Rollover::standby, Rollover::abandon,
                                  Rollover::suspend,   Rollover::manual,   Rollover::policy,  Rollover::scheme};
  return std::ranges::any_of(shaping, [&swarm](Rollover wish) { return swarm.on(wish); });
}

// Where replication itself, or the parent, takes its time, what is long enough is nobody's to say.
bool is_slow(const Swarm& swarm) {
  constexpr Fault slow[] = {Fault::lag,    Fault::notification, Fault::refresh,
                            Fault::parent, Fault::ds_withdrawn, Fault::ds_back};
  return std::ranges::any_of(slow, [&swarm](Fault fault) { return swarm.on(fault); });
}

const ZoneStatus* zone_of(const MemberStatus& status, const ZoneName& zone) {
  const auto found = std::ranges::find(status.zones, zone, [](const ZoneStatus& each) { return each.zone.name; });
  return found == status.zones.end() ? nullptr : &*found;
}

Generation next_of(Generation generation) {
  ++generation.number;
  return generation;
}

// Null if they do not agree.
const ClusterConfig* config_of_all(const Reports& reports) {
  if (reports.empty()) return nullptr;
  const ClusterConfig& config = reports.front().second.config;
  const bool agreed = std::ranges::all_of(reports, [&](const auto& report) { return report.second.config == config; });
  return agreed ? &config : nullptr;
}

}  // namespace

void Deadlines::look(const Reports& reports) {
  if (judges_lateness()) {
    for (const auto& [machine, status] : reports) watch(*machine, status);
    for (const ZoneName& zone : world_.zones()) watch_in_use("the parent", zone, world_.parent().agreed(zone));
  }
  watch_duplicates(reports);
}

// Plans are made by wall clocks: a key whose use was dated into the future stays longer. Who lost what it had
// written may plan by a later use than there was.
bool Deadlines::judges_lateness() const {
  const Context& context = world_.context();
  return !has_wishes(context.swarm) && context.counters["clock wrong by weeks"] == 0 && !world_.judge().somebody_forgot();
}

void Deadlines::watch(const Machine& machine, const MemberStatus& status) {
  const Time now = world_.context().schedule.now();
  const bool serves = machine.store().serving() && !machine.stuck() && world_.judge().counts(machine.life());
  Time& able_since = able_since_[&machine];
  able_since = std::max(able_since, serves && status.doubt.empty() && status.compared ? machine.well_since() : now);
  if (!serves) return;
  for (const ZoneName& zone : world_.zones()) {
    const Served* served = machine.dns().answering() ? machine.dns().served(zone) : nullptr;
    if (served == nullptr || machine.dns().troubled() || !world_.judge().trusted(machine.index(), zone)) continue;
    watch_in_use(machine.name(), zone, served->signing());
    for (const auto& keys : {served->signing(), world_.parent().agreed(zone)}) {
      const auto use = world_.judge().newest(keys, machine.index());
      if (!use) continue;
      watch_made(machine, zone, *use);
      watch_said(machine, status, zone, *use);
    }
  }
}

// The latest turn to make a key, after it is due.
Nanoseconds Deadlines::turns() const {
  const Policy& policy = world_.context().swarm.policy;
  return policy.window + 3 * policy.interval;
}

// Due `lead` before the end of its predecessor or earlier, but for two rollovers that would touch.
void Deadlines::watch_made(const Machine& machine, const ZoneName& zone, const InUse& use) {
  const auto end = world_.end_of_use(use);
  if (!end) return;
  const Policy& policy = world_.context().swarm.policy;
  const Seconds anchors = policy.trust_anchor ? 2 * (policy.hold_down + 1_days) : Seconds{0};
  const Time due = std::max(*end - policy.lead, use.since + 2 * world_.longest_wait() + anchors);
  const Time latest = std::max(due, able_since_.at(&machine)) + turns() + day;
  if (world_.context().schedule.now() <= latest) return;
  world_.context().counters.add("next key judged");
  if (!world_.judge().candidates(zone, next_of(use.key->generation)).empty()) return;
  world_.judge().violated("no key in time: " + machine.name() + " could have made the one after " +
                          to_string(use.key->generation) + " of " + zone);
}

void Deadlines::watch_in_use(const std::string& where, const ZoneName& zone, const std::set<Fingerprint>& in_use) {
  const auto use = world_.judge().newest(in_use);
  const auto end = use ? world_.end_of_use(*use) : std::nullopt;
  if (!end || is_slow(world_.context().swarm)) return;
  const Time now = world_.context().schedule.now();
  // It waits for a rollover of the other role that began before.
  const Nanoseconds slack = std::max<Nanoseconds>(turns() - world_.context().swarm.policy.lead, Nanoseconds{0}) +
                            2 * world_.longest_wait() + world_.context().swarm.parent_lag + day;
  if (now > *end) world_.context().counters.add("roll late");
  const Time calm = world_.calm_since() + world_.patience() + slack;
  if (now > calm) world_.context().counters.add("deadline judged");
  if (now <= std::max(*end + slack, calm)) return;
  world_.judge().violated("not in time: " + where + " still has " + to_string(use->key->generation) + " of " + zone +
                          ", to be replaced " + to_words(now - *end) + " ago");
}

// By its own clock, since it knows no other; a day more, as others may have dated it by theirs. It looks at that
// clock when it wakes, which is rare in here.
void Deadlines::watch_said(const Machine& machine, const MemberStatus& status, const ZoneName& zone, const InUse& use) {
  const Swarm& swarm = world_.context().swarm;
  const auto end = world_.end_of_use(use);
  const ZoneStatus* said = zone_of(status, zone);
  const Time alarm = machine.now().wall - swarm.policy.missing_keys_alarm;
  const bool awake = machine.well_since() + swarm.settings.heartbeat_idle + day < world_.context().schedule.now();
  if (!end || said == nullptr || *end + day >= alarm || !awake) return;
  world_.context().counters.add("late roll alarmed");
  const auto next = said->next_roll.find(use.key->generation.role);
  const bool late = next != said->next_roll.end() && next->second < alarm;
  if (late || !status.doubt.empty() || !status.compared || !said->alarms.empty()) return;  // what it knows may be old: that it says
  world_.judge().violated("late and silent: " + machine.name() + " does not say that " + to_string(use.key->generation) +
                          " of " + zone + " was to be replaced " + to_words(machine.now().wall - *end) + " ago");
}

// The strategies differ in how far apart the first two turns are. If that is longer than news take, and
// nothing was wrong since before it was due, nobody makes a key that somebody else has made.
void Deadlines::watch_duplicates(const Reports& reports) {
  const Swarm& swarm = world_.context().swarm;
  const auto& made = world_.judge().made();
  const Time calm = std::max(world_.calm_since(), world_.directory().lost_at()) + swarm.settings.silence + day;
  const Nanoseconds news = Seconds{30} + swarm.lag * static_cast<long>(world_.members());
  const ClusterConfig* config = config_of_all(reports);
  for (; judged_ < made.size(); ++judged_) {
    const auto& [id, when] = made[judged_];
    const Candidate& candidate = world_.judge().candidate(id);
    const bool quiet = calm <= std::min(candidate.due, when) && !is_slow(swarm) && config != nullptr;
    if (!quiet || between_turns(candidate, *config) < news) continue;
    world_.context().counters.add("turn judged");
    const auto rivals = world_.judge().candidates(candidate.zone.name, candidate.generation);
    if (rivals.size() == 1) continue;
    world_.judge().violated("made twice: " + to_string(candidate.generation) + " of " + candidate.zone.name +
                            ", although all could see each other");
  }
}

// In random mode rank 0 acts in the first hundredth of the window, the next one after a tenth of it. Where an
// appointed member is gone nobody promises anything: its fail-overs and all others may act at the end together.
Nanoseconds Deadlines::between_turns(const Candidate& candidate, const ClusterConfig& config) const {
  const Policy& policy = world_.context().swarm.policy;
  Generation before = candidate.generation;
  --before.number;
  const bool planned = candidate.why.starts_with("predecessor ") && world_.judge().introduced(candidate.zone.name, before);
  if (config.appointed.empty()) return (planned ? policy.window : policy.window_first) * 9 / 100;
  for (std::size_t i = 0; i < world_.members(); ++i) {
    if (world_.machine(i).gone()) return Nanoseconds{0};
  }
  return policy.interval;
}

}  // namespace rollcall::sim
