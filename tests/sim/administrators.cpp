// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/administrators.h"

#include <utility>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;

constexpr hours day{24};

}  // namespace

void Administrators::begin() {
  policy_ = world_.context().swarm.policy;
  for (const Rollover rollover : world_.context().swarm.rollovers) now_and_then(rollover);
}

void Administrators::end() {
  over_ = true;
  const auto [algorithm, scheme] = std::pair{policy_.algorithm, policy_.scheme};
  policy_ = world_.context().swarm.policy;
  policy_.algorithm = algorithm;
  policy_.scheme = scheme;
  wanted_.insecure = wanted_.suspended = false;
  for (int days = 0; days < 7; ++days) {  // a replica may be filled anew, and with it what was written there is gone
    world_.context().schedule.after(days * day, [this] {
      write_policy();
      write_zones();
    });
  }
}

void Administrators::later(Nanoseconds delay, std::function<void()> action) {
  world_.context().schedule.after(delay, [this, action = std::move(action)] {
    if (!over_) action();
  });
}

void Administrators::now_and_then(Rollover rollover) {
  later(world_.context().dice.between(hours{1}, 50 * day), [this, rollover] {
    ask(rollover);
    now_and_then(rollover);
  });
}

void Administrators::ask(Rollover rollover) {
  switch (rollover) {
    case Rollover::algorithm: return another_algorithm();
    case Rollover::scheme: return another_scheme();
    case Rollover::insecure: return go_insecure();
    case Rollover::emergency:
      world_.context().counters.add("emergency roll asked for");
      return world_.roll(world_.context().dice.below(world_.members()), some_role(), true);
    case Rollover::abandon: return give_up();
    case Rollover::suspend: return suspend();
    case Rollover::manual: return by_hand();
    case Rollover::rotate: return rotate();
    case Rollover::policy: return another_policy();
    case Rollover::standby:  // one that stands by is used when it is asked for
      return world_.roll(world_.context().dice.below(world_.members()), some_role());
    case Rollover::double_signature:  // what the policy is like from the beginning
    case Rollover::double_ds:
    case Rollover::double_rrset:
    case Rollover::csk:
    case Rollover::liberal:
    case Rollover::trust_anchor:
      return;
  }
}

Role Administrators::some_role() {
  if (policy_.scheme == Scheme::csk) return Role::csk;
  return world_.context().dice.one_in(2) ? Role::ksk : Role::zsk;
}

void Administrators::write_policy() {
  put(PolicyEntry{"default", policy_});
}

void Administrators::write_zones() {
  for (const ZoneName& zone : world_.zones()) {
    wanted_.zone = {zone, 1};
    put(wanted_);
  }
}

// In the middle of it they change what is to be otherwise; in the end they say it all.
void Administrators::put(Content content) {
  const std::size_t at = world_.some_replica();
  over_ ? world_.directory().set(at, std::move(content)) : world_.directory().write(at, std::move(content));
}

void Administrators::another_algorithm() {
  policy_.algorithm = world_.context().dice.pick<Algorithm>(
      {Algorithm::ecdsap256sha256, Algorithm::ecdsap384sha384, Algorithm::ed25519});
  world_.context().counters.add("another algorithm wanted");
  world_.context().trace.line("admin", "wants algorithm " + std::string(mnemonic(policy_.algorithm)));
  write_policy();
}

// Where servers sign with published keys only, it takes another algorithm, too.
void Administrators::another_scheme() {
  policy_.scheme = other_than(policy_.scheme);
  world_.context().counters.add("another scheme wanted");
  world_.context().trace.line("admin", "wants " + std::string(to_string(policy_.scheme)));
  if (world_.context().dice.one_in(2)) return another_algorithm();
  write_policy();
}

// What the servers' and the parent's true delays are, a policy cannot change; all else it can, while keys roll.
void Administrators::another_policy() {
  Dice& dice = world_.context().dice;
  const Policy& first = world_.context().swarm.policy;
  policy_.dnskey_ttl = dice.pick<Seconds>({Seconds{300}, first.dnskey_ttl, 1_days});
  policy_.publish_safety = dice.pick<Seconds>({Seconds{0}, first.publish_safety, 1_days});
  policy_.retire_safety = dice.pick<Seconds>({Seconds{0}, first.retire_safety, 1_days});
  policy_.zsk_lifetime = first.zsk_lifetime * (dice.one_in(2) ? 1 : 2);
  policy_.ksk_lifetime = first.ksk_lifetime * (dice.one_in(2) ? 1 : 2);
  policy_.lead = dice.pick<Seconds>({Seconds{3600}, first.lead});
  policy_.window = dice.pick<Seconds>({Seconds{60}, first.window});
  policy_.purge = dice.pick<Seconds>({Seconds{0}, first.purge});
  policy_.zsk_rollover = dice.pick<ZskRollover>({first.zsk_rollover, ZskRollover::pre_publication, ZskRollover::double_signature});
  policy_.ksk_rollover = dice.pick<KskRollover>({first.ksk_rollover, KskRollover::double_ksk, KskRollover::double_ds, KskRollover::double_rrset});
  world_.context().counters.add("policy changed");
  world_.context().trace.line("admin", "changes the policy");
  write_policy();
}

void Administrators::go_insecure() {
  wanted_.insecure = true;
  world_.context().counters.add("insecure wanted");
  world_.context().trace.line("admin", "wants all zones insecure");
  write_zones();
  later(world_.context().dice.between(hours{1}, 30 * day), [this] {
    wanted_.insecure = false;
    world_.context().trace.line("admin", "wants all zones secure again");
    write_zones();
  });
}

void Administrators::suspend() {
  wanted_.suspended = true;
  world_.context().counters.add("suspended");
  world_.context().trace.line("admin", "suspends all zones");
  write_zones();
  later(world_.context().dice.between(hours{1}, 20 * day), [this] {
    wanted_.suspended = false;
    world_.context().trace.line("admin", "resumes all zones");
    write_zones();
  });
}

void Administrators::by_hand() {
  policy_.manual = true;
  world_.context().trace.line("admin", "wants to take the steps by hand");
  write_policy();
  step();
  later(world_.context().dice.between(1 * day, 40 * day), [this] {
    policy_.manual = false;
    world_.context().trace.line("admin", "lets the steps happen again");
    write_policy();
  });
}

void Administrators::step() {
  if (!policy_.manual) return;
  for (const ZoneName& zone : world_.zones()) {
    Machine& host = world_.machine(world_.context().dice.below(world_.members()));
    if (!host.alive() || host.member().step(zone, "admin")) continue;
    world_.context().counters.add("step by hand");
    host.poke();
  }
  later(day, [this] { step(); });
}

void Administrators::give_up() {
  Machine& host = world_.machine(world_.context().dice.below(world_.members()));
  if (!host.alive()) return;
  const Role role = some_role();
  const ZoneName zone = world_.context().dice.pick(world_.zones());
  if (host.member().abandon(zone, role, "admin")) return;
  world_.context().counters.add("abandoned");
  world_.context().trace.line("admin", "gives up the next " + std::string(to_string(role)) + " of " + zone);
  host.poke();
}

// Often two ask at once, perhaps on two sides of a cut.
void Administrators::rotate() {
  for (std::uint64_t left = 1 + world_.context().dice.below(2); left > 0; --left) {
    Machine& host = world_.machine(world_.context().dice.below(world_.members()));
    if (!host.alive()) continue;
    const auto refused = host.member().rotate_master_key("admin");
    world_.context().counters.add(refused ? "rotation refused" : "rotation asked for");
    world_.context().trace.line("admin", "asks " + host.name() + " for another master key" + (refused ? ", refused: " + *refused : ""));
    host.poke();
  }
}

}  // namespace rollcall::sim
