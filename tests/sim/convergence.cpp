// SPDX-License-Identifier: GPL-3.0-or-later
// What "all agree and everything wanted is done" means, asked of the servers and the parent as far
// as possible and of the members only for what nobody else can know.
#include <algorithm>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;

constexpr hours day{24};

std::map<Fingerprint, Served::Key> published(const Served& zone) {
  std::map<Fingerprint, Served::Key> keys = zone.keys;
  std::erase_if(keys, [](const auto& entry) { return entry.second.nothing(); });
  return keys;
}

}  // namespace

Seconds World::longest_wait() const {
  const Policy& policy = context_.swarm.policy;
  const Seconds ttl = std::max({policy.max_zone_ttl, policy.dnskey_ttl, policy.ds_ttl, 3_days});
  return ttl + policy.propagation + policy.parent_propagation + policy.publish_safety + policy.retire_safety;
}

// A key in time, then the slower of its roll and the one that it has to wait for.
Nanoseconds World::patience() const {
  const Policy& policy = context_.swarm.policy;
  const Settings& settings = context_.swarm.settings;
  const Seconds wait = longest_wait();
  const Seconds habits = settings.heartbeat_idle + settings.look_interval + settings.parent_poll;
  // What administrators wanted last may take several rollovers one after the other.
  const bool more = !context_.swarm.rollovers.empty();
  const Seconds anchors = policy.trust_anchor ? 4 * (policy.hold_down + 1_days) : Seconds{0};
  const Seconds extra = more ? 12 * wait + 3 * policy.window + 10_days + anchors : Seconds{0};
  // After a decree nothing happens before caches have followed; then the member may come back.
  const auto& faults = context_.swarm.faults;
  const bool decrees = std::ranges::any_of(faults, is_fatal) || context_.swarm.on(Fault::forget) ||
                       context_.swarm.on(Fault::leave);
  if (decrees)
    return 2 * policy.window + 9 * wait + 9 * habits + 4 * settings.silence + 4 * policy.interval +
           15 * day + extra;
  return 2 * policy.window + 6 * wait + 3 * habits + 4 * policy.interval + 5 * day + extra;
}

// Of two facts with one number each member keeps the one that it got first, and that is told; so they may never agree.
std::string World::unfinished() const {
  const bool may_agree = context_.counters["two facts of one number"] == 0;
  for (const auto& machine : machines_) {
    if (machine->retired() || (machine->gone() && !is_waited_for(*machine))) continue;
    if (!machine->alive()) return machine->name() + " is dead";
    if (auto why = unfinished_member(*machine); may_agree && !why.empty()) return machine->name() + " " + why;
  }
  if (!may_agree) return "";
  for (const ZoneName& zone : zones_) {
    if (auto why = unfinished_zone(zone); !why.empty()) return zone + ": " + why;
  }
  const std::vector<FactId> left = judge_.losers_left();
  return left.empty() ? "" : "loser not pruned: " + to_string(left.front());
}

// Whom nobody took in before its disk was lost, nobody knows, and nobody can forget.
bool World::is_waited_for(const Machine& machine) const {
  for (Incarnation life{machine.id(), 1}; life.number <= machine.life().number; ++life.number) {
    if (judge_.believed(life) && judge_.counts(life)) return true;
  }
  return false;
}

std::string World::unfinished_member(const Machine& machine) const {
  if (!judge_.admitted(machine.life())) return "is not admitted";
  const MemberStatus status = machine.status();
  if (!status.member) return "is no member";
  if (!status.doubt.empty()) return "is in doubt: " + status.doubt;
  if (!machine.store().serving()) return "does not serve";
  if (status.zones.size() != zones_.size()) return "does not know all zones";
  if (status.master_key.rotating) return "still rotates the master key: " + status.master_key.text;
  if (const auto key = machine.key_it_cannot_read()) return "cannot read " + to_string(*key);
  for (const Hold& hold : status.holds) {
    if (hold.reason == Reason::member) return "holds: " + hold.step + ": " + hold.text;
  }
  for (const ZoneStatus& zone : status.zones) {
    for (const Hold& hold : zone.holds) {
      if (hold.reason == Reason::member) return "holds: " + hold.step + ": " + hold.text;
    }
  }
  return "";
}

std::string World::unfinished_zone(const ZoneName& zone) const {
  const Served* first = nullptr;
  for (const auto& machine : machines_) {
    if (!machine->dns().answering()) continue;
    const Served* served = machine->dns().served(zone);
    if (served == nullptr) return machine->name() + " lost it";
    if (first == nullptr) first = served;
    for (const auto& [key, records] : published(*served)) {
      const auto other = first->keys.find(key);
      const bool same = other != first->keys.end() && other->second.dnskey == records.dnskey &&
                        other->second.krrsig == records.krrsig && other->second.cds == records.cds;
      if (!same) {
        return machine->name() + " serves something else: " +
               key_name(records.generation.role, records.generation.number, key) + (records.dnskey ? " DNSKEY" : "") +
               (records.krrsig ? " KRRSIG" : "") + (records.cds ? " CDS" : "");
      }
    }
  }
  if (first == nullptr) return "nobody serves it";
  if (auto why = unfinished_scheme(*first); !why.empty()) return why;
  const bool csk = scheme_of(judge_.newest(first->signing())->key->generation.role) == Scheme::csk;
  if (auto why = overdue(zone, first->signing(), csk ? Role::csk : Role::zsk); !why.empty()) return why;
  return overdue(zone, parent_.agreed(zone), csk ? Role::csk : Role::ksk);
}

// Which one it is depends on what the servers can; where all can, it is the one that is wanted.
std::string World::unfinished_scheme(const Served& served) const {
  const auto newest = judge_.newest(served.signing());
  if (!newest) return "no key is in use";
  const Scheme scheme = scheme_of(newest->key->generation.role), wanted = administrators_.policy().scheme;
  const bool all_can = std::ranges::all_of(context_.swarm.abilities, [](SwapAbility one) { return one == SwapAbility::exact; });
  if (all_can && scheme != wanted) return "is not signed as " + std::string{to_string(wanted)};
  for (const auto& [key, records] : published(served)) {
    if (scheme_of(records.generation.role) != scheme) return "still has a " + std::string{to_string(records.generation.role)};
  }
  return "";
}

std::string World::overdue(const ZoneName& zone, const std::set<Fingerprint>& in_use, Role role) const {
  const auto newest = judge_.newest(in_use);
  const std::string kind{to_string(role)};
  if (!newest) return "no " + kind + " is in use";
  if (newest->key->generation.number < judge_.requested(zone, role)) return "the " + kind + " asked for is not in use";
  // Plans are made by wall clocks: a key whose use was dated into the future stays longer.
  if (context_.counters["clock wrong by weeks"] > 0) return "";
  const auto end = end_of_use(*newest);
  if (!end || context_.schedule.now() <= *end + 2 * day) return "";
  return to_string(newest->key->generation) + " should have been replaced " + to_words(context_.schedule.now() - *end) + " ago";
}

std::optional<Time> World::end_of_use(const InUse& use) const {
  const Seconds lifetime = context_.swarm.policy.lifetime(use.key->generation.role);
  if (lifetime == Seconds{0}) return std::nullopt;
  return std::max(use.since + lifetime, use.key->expires.value_or(use.since));
}

}  // namespace rollcall::sim
