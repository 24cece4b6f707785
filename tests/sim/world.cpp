// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours day{24};
constexpr unsigned most_days_asleep =
    5;  // a member looks at its clock when it wakes, which is rare in here
constexpr std::size_t most_that_replicate_with_all = 8;

Digest filled_with(int value) {
  Digest digest;
  digest.fill(static_cast<std::byte>(value));
  return digest;
}

}  // namespace

World::World(Swarm swarm, std::ostream* story, const DelayStrategy* delay)
    : context_(std::move(swarm), story),
      judge_(context_),
      directory_(context_),
      parent_(context_, judge_, [this](const ZoneName& zone) { return scanned(zone); }),
      site_{context_,
            judge_,
            directory_,
            parent_,
            crypto_,
            vault_,
            delay != nullptr ? *delay : random_delay_,
            [this](std::size_t index) { faults_.died(index); }},
      faults_(*this),
      administrators_(*this),
      deadlines_(*this) {
  begin();
}

// The first member makes the cluster, takes the others in, and gets a policy and zones.
void World::begin() {
  const Swarm& swarm = context_.swarm;
  for (std::size_t i = 0; i < swarm.members - swarm.late; ++i) add_machine();
  context_.schedule.after(Seconds{5}, [this] {
    machine(0).member().init(machine(0).keys(), sealed_to(machine(0).id(), {1, filled_with(1)}));
    machine(0).poke();
  });
  for (std::size_t i = 1; i < members(); ++i) {
    context_.schedule.after(minutes{1}, [this, i] { admit(i); });
  }
  for (std::size_t i = members(); i < swarm.members; ++i) {
    const Nanoseconds when = context_.dice.between(hours{1}, swarm.duration * 3 / 4);
    context_.schedule.after(when, [this] { admit(add_machine()); });
  }
  set_up_zones();
  context_.schedule.after(day, [this] { every_day(); });
  // What went wrong before there was a cluster would be a story about something else.
  context_.schedule.after(hours{2}, [this] {
    faults_.begin();
    administrators_.begin();
  });
}

void World::set_up_zones() {
  const Swarm& swarm = context_.swarm;
  std::vector<std::size_t> managers;
  for (std::size_t i = 0; swarm.mode == Mode::appointed && i < swarm.appointed; ++i)
    managers.push_back(i);
  std::erase_if(managers, [this](std::size_t i) { return i >= members(); });
  appoint(0, managers);
  directory_.write(0, PolicyEntry{"default", swarm.policy});
  for (std::size_t i = 0; i < swarm.zones; ++i) {
    const ZoneName zone = i == 0 ? "example." : "second.example.";
    zones_.push_back(zone);
    const Nanoseconds when = context_.dice.between(minutes{10}, hours{1});
    context_.schedule.after(when, [this, zone] {
      directory_.write(0, ZoneConfig{{zone, 1}, "default"});
      parent_.delegate(zone);
    });
  }
}

MemberId World::new_id() {
  MemberId id;
  for (std::byte& byte : id.bytes) byte = static_cast<std::byte>(context_.dice.below(256));
  id.bytes.back() = static_cast<std::byte>(machines_.size() + 0xa0);
  return id;
}

Epoch World::sealed_to(const MemberId& member, const MasterKeyId& key) {
  return {key.number, member, key.check, Bytes(48, std::byte{7})};
}

std::size_t World::add_machine() {
  const std::size_t index = machines_.size();
  machines_.push_back(std::make_unique<Machine>(site_, index, new_id()));
  wire(index);
  machines_.back()->start();
  return index;
}

// Small clusters replicate between all; in bigger ones each new replica gets a few partners, as
// those who run them do it.
void World::wire(std::size_t index) {
  const bool chain = context_.swarm.on(Fault::chain);
  if (index == 0 || (!chain && context_.swarm.members <= most_that_replicate_with_all)) return;
  std::set<std::size_t> partners{index - 1};
  if (!chain) partners.insert({index / 2, context_.dice.below(index)});
  for (std::size_t other = 0; other < index; ++other) {
    if (!partners.contains(other)) directory_.wire(other, index, false);
  }
}

void World::admit(std::size_t joiner) {
  if (judge_.admitted(machine(joiner).life()) || machine(joiner).gone()) return;
  if (const auto by = someone_serving(joiner)) admit(joiner, *by);
  context_.schedule.after(minutes{30}, [this, joiner] { admit(joiner); });
}

void World::admit(std::size_t joiner, std::size_t by) {
  Machine& host = machine(by);
  const auto key = host.member().current_master_key();
  if (!key || host.member().admit(machine(joiner).keys(), sealed_to(machine(joiner).id(), *key)))
    return;
  context_.trace.line("admin", host.name() + " is to admit " + machine(joiner).name());
  if (!directory_.whole()) context_.counters.add("joined during a cut");
  for (const ZoneName& zone : zones_) {
    if (host.dns().keys_published(zone) > 2) context_.counters.add("member joined mid-roll");
  }
  host.poke();
}

std::optional<std::size_t> World::someone_serving(std::size_t but) {
  std::vector<std::size_t> able;
  for (std::size_t i = 0; i < members(); ++i) {
    if (i != but && machine(i).alive() && machine(i).store().serving()) able.push_back(i);
  }
  if (able.empty()) return std::nullopt;
  return context_.dice.pick(able);
}

bool World::somebody_stores(const FactId& fact) const {
  return std::ranges::any_of(machines_, [&fact](const auto& machine) {
    return !machine->gone() && machine->store().find(fact) != nullptr;
  });
}

bool World::someone_answers_beside(std::size_t but) const {
  return std::ranges::any_of(machines_, [&](const auto& machine) {
    const bool serves = machine->store().serving() && context_.swarm.serves_dns[machine->index()];
    return machine->index() != but && !machine->gone() && serves && judge_.counts(machine->life());
  });
}

std::size_t World::some_replica() {
  std::size_t replica = context_.dice.below(members());
  for (std::size_t i = 0; i < members() && machine(replica).gone(); ++i)
    replica = (replica + 1) % members();
  return replica;
}

void World::roll(std::size_t at, Role role, bool emergency) {
  Machine& host = machine(at);
  if (!host.alive()) return;
  Uuid request;
  for (std::byte& byte : request.bytes) byte = static_cast<std::byte>(context_.dice.below(256));
  const ZoneName& zone = context_.dice.pick(zones_);
  const auto refused = host.member().roll(zone, role, request, "admin", emergency);
  context_.trace.line("admin", "asks " + host.name() + " for a new " +
                                   std::string(to_string(role)) + " of " + zone +
                                   (refused ? ", refused: " + *refused : ""));
  host.poke();
}

void World::appoint(std::size_t at, const std::vector<std::size_t>& managers) {
  ClusterConfig config;
  config.cluster.bytes.fill(std::byte{0xc1});
  config.mode = managers.empty() ? Mode::random : Mode::appointed;
  for (const std::size_t manager : managers) {
    if (std::ranges::count(config.appointed, machine(manager).id()) == 0)
      config.appointed.push_back(machine(manager).id());
  }
  judge_.appointed(managers);
  directory_.write(at, config);
}

std::vector<Parent::Cds> World::announced(const ZoneName& zone,
                                          const std::function<bool(const Machine&)>& asked) const {
  std::vector<Parent::Cds> sets;
  for (const auto& machine : machines_) {
    if (asked(*machine) && machine->dns().answering() && machine->dns().served(zone) != nullptr) {
      sets.push_back({machine->dns().cds(zone), machine->dns().asks_for_no_ds(zone)});
    }
  }
  return sets;
}

// Old copies alone do not lead a parent back: it looks at the inception of signatures. RFC
// 7344, 6.2
std::vector<Parent::Cds> World::scanned(const ZoneName& zone) const {
  const auto current = [&zone](const Machine& server) { return !server.dns().is_old_copy(zone); };
  if (announced(zone, current).empty()) return {};
  return announced(zone, [](const Machine&) { return true; });
}

void World::run(Nanoseconds duration) {
  const Time until = context_.schedule.now() + duration;
  while (!violation() && context_.schedule.step(until)) {
  }
}

Reports World::reports_of_all() const {
  Reports reports;
  for (const auto& machine : machines_) {
    if (machine->alive()) reports.emplace_back(machine.get(), machine->status());
  }
  return reports;
}

void World::every_day() {
  const Reports reports = reports_of_all();
  watch_holds(reports);
  watch_alarms(reports);
  deadlines_.look(reports);
  if (context_.swarm.parent_by_hand) tell_of_ds();
  if (!converging_) see_after_members(reports, false);  // else they do it all the time
  context_.schedule.after(day, [this] { every_day(); });
}

Time World::calm_since() const {
  Time since = std::max({context_.start, directory_.whole_since(), faults_.last_strike()});
  for (const auto& machine : machines_) {
    if (!machine->gone()) since = std::max(since, machine->well_since());
  }
  return since;
}

void World::watch_holds(const Reports& reports) {
  std::set<std::string> held;
  for (const auto& [machine, status] : reports) {
    for (const ZoneStatus& zone : status.zones) {
      for (const Hold& hold : zone.holds) {
        if (hold.reason == Reason::member)
          held.insert(machine->name() + zone.zone.name + hold.step);
      }
    }
  }
  std::erase_if(held_for_, [&held](const auto& entry) { return !held.contains(entry.first); });
  for (const std::string& step : held) {
    const unsigned days = ++held_for_[step];
    if (days > 1) context_.counters.add("step held over a day");
    if (days == 8) context_.counters.add("step held over a week");
  }
}

// Whoever misses keys says so within days, even alone.
void World::watch_alarms(const Reports& reports) {
  const Policy& policy = context_.swarm.policy;
  const Nanoseconds latest = policy.window + 3 * policy.interval + policy.missing_keys_alarm;
  std::set<std::string> silent;
  for (const auto& [machine, status] : reports) {
    if (machine->stuck() || !machine->store().serving()) continue;
    for (const ZoneStatus& zone : status.zones) {
      const bool told = std::ranges::any_of(
          zone.alarms, [](const std::string& alarm) { return alarm.starts_with("no key for "); });
      if (told) context_.counters.add("missing keys alarmed");
      for (const auto& [role, due] : zone.next_keys) {
        if (told || machine->now().wall <= due + latest) continue;
        silent.insert(machine->name() + " misses a " + std::string(to_string(role)) + " of " +
                      zone.zone.name);
      }
    }
  }
  std::erase_if(silent_for_,
                [&silent](const auto& entry) { return !silent.contains(entry.first); });
  for (const std::string& who : silent) {
    if (++silent_for_[who] > most_days_asleep)
      judge_.violated("silent: " + who + " and does not say so");
  }
}

// Where members cannot ask the parent somebody looks once a day and tells one of them.
void World::tell_of_ds() {
  Machine& host = machine(context_.dice.below(members()));
  if (!host.alive()) return;
  for (const ZoneStatus& zone : host.status().zones) {
    const bool asked = std::ranges::any_of(
        zone.holds, [](const Hold& hold) { return hold.reason == Reason::parent; });
    const std::set<Fingerprint> there = parent_.agreed(zone.zone.name);
    // People look at servers that they can trust; what liars say alone would be nobody's word.
    const auto seen = announced(zone.zone.name, [this, &zone](const Machine& server) {
      return judge_.trusted(server.index(), zone.zone.name);
    });
    const auto all_say = [&](const Parent::Cds& wanted) {
      return !seen.empty() &&
             std::ranges::all_of(seen, [&](const Parent::Cds& cds) { return cds == wanted; });
    };
    if (!asked || !judge_.trusted(host.index(), zone.zone.name)) continue;
    if (all_say({{}, true}) && parent_.has_none(zone.zone.name)) {
      host.member().ds_withdrawn(zone.zone.name, "admin");
      host.poke();
    }
    if (there.empty() || !all_say({there, false})) continue;
    context_.counters.add("DS told by hand");
    context_.trace.line(
        "admin", "tells " + host.name() + " that the DS of " + zone.zone.name + " is published");
    host.member().ds_published(zone.zone.name, "admin");
    host.member().ds_withdrawn(zone.zone.name, "admin");  // of the old key, if there is one
    host.poke();
  }
}

void World::heal() {
  faults_.end();
  administrators_.end();
  context_.trace.line("world", "everything is healed");
  directory_.set_hostile(false);
  directory_.set_lag(Seconds{2});
  parent_.hurry();
  for (const auto& machine : machines_) machine->recover();
  directory_.repair_all();
}

void World::converge() {
  converging_ = true;
  const Time until = context_.schedule.now() + patience();
  while (!violation() && context_.schedule.now() < until) {
    run(hours{12});
    see_after_members(reports_of_all(), true);
    if (unfinished().empty()) return;
  }
  tell_state();
  judge_.violated("not converged: " + unfinished());
}

void World::tell_state() {
  for (const auto& machine : machines_) {
    if (!machine->alive()) continue;
    const MemberStatus status = machine->status();
    const auto tell = [&](const std::string& text) { context_.trace.line(machine->name(), text); };
    if (!status.doubt.empty()) tell("doubts: " + status.doubt);
    if (!status.out.empty()) tell("is out: " + status.out);
    if (!status.member) tell("is no member");
    for (const MemberLine& line : status.members) {
      tell("knows " + line.host + ", " + std::to_string(line.facts) + " facts" +
           (line.fresh ? "" : ", silent") + (line.serving ? "" : ", not serving") +
           (line.in_roster ? "" : ", not in the roster"));
    }
    for (const std::string& alarm : status.alarms) tell("alarm: " + alarm);
    for (const Hold& hold : status.holds) tell("holds: " + hold.step + ": " + hold.text);
    if (!status.master_key.text.empty()) tell("rotates the master key: " + status.master_key.text);
    for (const ZoneStatus& zone : status.zones) {
      for (const std::string& alarm : zone.alarms) tell(zone.zone.name + " alarm: " + alarm);
      for (const auto& [role, due] : zone.next_keys) {
        tell(zone.zone.name + " next " + std::string(to_string(role)) + " due " + to_iso(due));
      }
      for (const KeyStatus& key : zone.keys) {
        std::string records;
        for (const auto& [record, state] : key.records) {
          if (state.state != State::hidden)
            records +=
                " " + std::string(to_string(record)) + " " + std::string(to_string(state.state));
        }
        tell(zone.zone.name + " " + to_string(key.generation) + ", key tag " +
             std::to_string(key.key_tag) + ", " + std::string(mnemonic(key.generation.algorithm)) +
             ", " + key.stage + ":" + records);
      }
      for (const Hold& hold : zone.holds)
        tell(zone.zone.name + " holds: " + hold.step + ": " + hold.text);
    }
  }
}

}  // namespace rollcall::sim
