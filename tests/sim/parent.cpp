// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/parent.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

}  // namespace

Parent::Parent(Context& context, Judge& judge, ReadCds read_cds)
    : context_(context),
      judge_(judge),
      read_cds_(std::move(read_cds)),
      lag_(context.swarm.parent_lag),
      spread_(context.swarm.on(Fault::parent) ? context.dice.between(hours{1}, hours{100}) : minutes{1}) {}

void Parent::delegate(const ZoneName& name) {
  zones_[name].addresses.resize(context_.swarm.parent_addresses);
  zones_[name].secondary_at.resize(context_.swarm.parent_addresses);
  scan(name);
}

void Parent::scan(const ZoneName& name) {
  const auto announced_now = announced(name);
  Zone& zone = zones_.at(name);
  if (announced_now && *announced_now != zone.accepted) {
    const std::set<Fingerprint>& ds = *announced_now;
    if (const auto had = agreed(name); !had.empty()) zone.before = had;
    zone.accepted = ds;
    const Nanoseconds lag = context_.dice.between(Nanoseconds{0}, lag_);
    if (lag > hours{24 * 7}) context_.counters.add("DS a week late");
    context_.schedule.after(lag, [this, name, ds] { accept(name, ds); });
  }
  context_.schedule.after(context_.dice.between(hours{1}, hours{12}), [this, name] { scan(name); });
}

// Empty unless all who answer announce the same, and anything.
std::optional<std::set<Fingerprint>> Parent::announced(const ZoneName& name) const {
  const std::vector<Cds> sets = read_cds_(name);
  if (sets.empty()) return std::nullopt;
  const bool equal = std::ranges::all_of(sets, [&sets](const auto& set) { return set == sets.front(); });
  const bool says_something = !sets.front().keys.empty() || sets.front().none_wanted;
  if (!equal || !says_something) return std::nullopt;
  return sets.front().keys;
}

void Parent::accept(const ZoneName& name, const std::set<Fingerprint>& ds) {
  Zone& zone = zones_.at(name);
  if (announced(name) != ds) {  // not what was read then: the next scan begins anew
    zone.accepted.reset();
    return;
  }
  const std::uint64_t change = ++zone.change;
  if (zone.addresses.size() > 1 && spread_ > hours{1}) context_.counters.add("parent addresses differ");
  for (std::size_t address = 0; address < zone.addresses.size(); ++address) {
    context_.schedule.after(context_.dice.between(Nanoseconds{0}, spread_), [this, name, ds, address, change] {
      Zone& now = zones_.at(name);
      const bool begun = std::ranges::find(now.addresses, ds) != now.addresses.end();
      if (now.change != change) return;
      if (begun || announced(name) == ds) return publish(name, address, ds);
      now.accepted.reset();  // not what was read then: the next scan begins anew
    });
  }
}

void Parent::publish(const ZoneName& name, std::size_t address, const std::set<Fingerprint>& ds) {
  zones_.at(name).addresses[address] = ds;
  std::string text = "address " + std::to_string(address + 1) + " has DS of";
  for (const Fingerprint& key : ds) text += " " + short_name(key).substr(0, 4);
  context_.trace.line("parent", text);
  const Seconds ttl = context_.swarm.parent_ds_ttl;
  judge_.parent_serves(2 * address, name, ds, ttl);
  const Nanoseconds longest = context_.swarm.policy.parent_propagation - Nanoseconds{1};
  if (longest < Nanoseconds{0}) return;
  // They follow in order, each change in time.
  Time& follows = zones_.at(name).secondary_at[address];
  follows = std::max(follows, context_.schedule.now() + context_.dice.between(Nanoseconds{0}, longest));
  context_.schedule.at(follows, [this, address, name, ds, ttl] {
    judge_.parent_serves(2 * address + 1, name, ds, ttl);
  });
}

ParentAnswer Parent::answer(const ZoneName& name, const std::set<Fingerprint>& known) const {
  ParentAnswer answer;
  answer.ttl = context_.swarm.parent_ds_ttl;
  const Zone& zone = zones_.at(name);
  if (zone.foreign) answer.unknown = 1;
  std::map<Fingerprint, std::size_t> seen;
  for (const auto& ds : zone.addresses) {
    for (const Fingerprint& key : ds) ++seen[key];
  }
  for (const auto& [key, times] : seen) {
    if (!known.contains(key)) {
      ++answer.unknown;
    } else {
      (times == zone.addresses.size() ? answer.ds : answer.ds_somewhere).push_back(key);
    }
  }
  return answer;
}

std::set<Fingerprint> Parent::agreed(const ZoneName& name) const {
  const Zone& zone = zones_.at(name);
  const bool equal = std::ranges::all_of(
      zone.addresses, [&zone](const auto& ds) { return ds == zone.addresses.front(); });
  return equal ? zone.addresses.front() : std::set<Fingerprint>{};
}

// Beside the right ones and of the same algorithms, or the parent itself would make the zone bogus; and only
// where that is over: a change that is under way is a matter of `parent_lag`.
void Parent::bring_back(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end()) return;
  Zone& zone = found->second;
  const std::set<Fingerprint> right = agreed(name);
  std::set<Fingerprint> ds = right;
  if (ds.empty() || ds != zone.accepted || announced(name) != right) return;
  const auto algorithm = [this](const Fingerprint& key) { return judge_.candidate(key)->generation.algorithm; };
  std::set<Algorithm> algorithms;
  for (const Fingerprint& key : ds) algorithms.insert(algorithm(key));
  for (const Fingerprint& key : zone.before) {
    if (algorithms.contains(algorithm(key))) ds.insert(key);
  }
  if (ds == zone.accepted) return;
  context_.counters.add("DS regressed");
  const std::size_t address = context_.dice.below(zone.addresses.size());
  judge_.regressed(ds);
  publish(name, address, ds);
  mend(name, address, zone.change, right);
}

void Parent::add_foreign(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end() || std::exchange(found->second.foreign, true)) return;
  context_.counters.add("DS of nobody's key");
  context_.schedule.after(context_.dice.between(hours{1}, hours{24 * 20}),
                          [this, name] { zones_.at(name).foreign = false; });
}

void Parent::mend(const ZoneName& name, std::size_t address, std::uint64_t change, std::set<Fingerprint> right) {
  context_.schedule.after(context_.dice.between(minutes{1}, hours{72}), [this, name, address, change, right = std::move(right)] {
    if (zones_.at(name).change == change) publish(name, address, right);
  });
}

void Parent::withdraw(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end() || agreed(name).empty()) return;
  context_.counters.add("DS withdrawn again");
  ++found->second.change;
  found->second.accepted = {};
  for (std::size_t address = 0; address < found->second.addresses.size(); ++address) publish(name, address, {});
}

bool Parent::has_none(const ZoneName& name) const {
  return std::ranges::all_of(zones_.at(name).addresses, [](const auto& ds) { return ds.empty(); });
}

void Parent::hurry() {
  lag_ = hours{1};
  spread_ = minutes{1};
  for (auto& [name, zone] : zones_) zone.foreign = false;
}

}  // namespace rollcall::sim
