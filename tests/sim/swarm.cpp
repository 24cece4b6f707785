// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/swarm.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/sim/random.h"

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<std::pair<Fault, std::string_view>, 35> names{{
    {Fault::partition, "partition"},
    {Fault::isolation, "isolation"},
    {Fault::one_way, "one-way"},
    {Fault::flapping, "flapping"},
    {Fault::chain, "chain"},
    {Fault::lag, "lag"},
    {Fault::crash, "crash"},
    {Fault::reboot, "reboot"},
    {Fault::outage, "outage"},
    {Fault::lost_entry, "lost-entry"},
    {Fault::notification, "notification"},
    {Fault::silence, "silence"},
    {Fault::clock, "clock"},
    {Fault::signer, "signer"},
    {Fault::zone_lost, "zone-lost"},
    {Fault::parent, "parent"},
    {Fault::check, "check"},
    {Fault::key, "key"},
    {Fault::admin, "admin"},
    {Fault::join, "join"},
    {Fault::drift, "drift"},
    {Fault::epoch, "epoch"},
    {Fault::disk_full, "disk-full"},
    {Fault::refresh, "refresh"},
    {Fault::wrong_key, "wrong-key"},
    {Fault::stale_zone, "stale-zone"},
    {Fault::liar, "liar"},
    {Fault::ds_withdrawn, "ds-withdrawn"},
    {Fault::restored, "restored"},
    {Fault::unsynced, "unsynced"},
    {Fault::lost_disk, "lost-disk"},
    {Fault::forget, "forget"},
    {Fault::leave, "leave"},
    {Fault::ds_back, "ds-back"},
    {Fault::ds_foreign, "ds-foreign"},
}};

constexpr std::array<std::pair<Rollover, std::string_view>, 16> rollover_names{{
    {Rollover::double_signature, "double-signature"}, {Rollover::double_ds, "double-ds"},
    {Rollover::double_rrset, "double-rrset"}, {Rollover::csk, "csk"},
    {Rollover::algorithm, "algorithm"},       {Rollover::liberal, "liberal"},
    {Rollover::insecure, "insecure"},         {Rollover::standby, "standby"},
    {Rollover::trust_anchor, "trust-anchor"}, {Rollover::emergency, "emergency"},
    {Rollover::abandon, "abandon"},           {Rollover::suspend, "suspend"},
    {Rollover::manual, "manual"},             {Rollover::rotate, "rotate"},
    {Rollover::policy, "policy"},             {Rollover::scheme, "scheme"},
}};

std::size_t draw_members(Dice& dice) {
  if (dice.one_in(150)) return dice.pick<std::size_t>({12, 20});
  return dice.pick<std::size_t>({1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 7});
}

// The lifetimes are long enough for lead, window and both waits, as the policy check demands.
Policy draw_policy(Dice& dice) {
  Policy policy;
  policy.zsk_lifetime = dice.pick<Seconds>({20_days, 30_days, 45_days, 60_days});
  policy.ksk_lifetime = dice.pick<Seconds>({30_days, 60_days, 90_days, Seconds{0}});
  policy.dnskey_ttl = dice.pick<Seconds>({Seconds{300}, Seconds{3600}, 1_days});
  policy.max_zone_ttl = dice.pick<Seconds>({Seconds{3600}, 1_days, 2_days});
  policy.ds_ttl = dice.pick<Seconds>({Seconds{300}, Seconds{3600}, 1_days});
  policy.propagation = dice.pick<Seconds>({Seconds{0}, Seconds{300}, Seconds{3600}});
  policy.parent_propagation = dice.pick<Seconds>({Seconds{0}, Seconds{3600}, 1_days});
  policy.publish_safety = dice.pick<Seconds>({Seconds{0}, Seconds{3600}, 1_days});
  policy.retire_safety = dice.pick<Seconds>({Seconds{0}, Seconds{3600}, 1_days});
  policy.lead = dice.pick<Seconds>({Seconds{3600}, 3_days, 10_days});
  policy.window = dice.pick<Seconds>({Seconds{60}, 1_days, 3_days});
  policy.window_first = dice.pick<Seconds>({Seconds{0}, Seconds{60}, Seconds{3600}});
  policy.interval = dice.pick<Seconds>({Seconds{60}, Seconds{3600}, Seconds{21600}});
  policy.purge = dice.pick<Seconds>({Seconds{0}, 5_days, 90_days});
  return policy;
}

// What costs a heartbeat or a look although nothing changed is rare here, and the rarer the bigger the
// cluster, or years would take hours.
Settings draw_settings(Dice& dice, std::size_t members) {
  const auto crowd = static_cast<int>(1 + members / 8);
  Settings settings;
  settings.heartbeat_idle = dice.pick<Seconds>({hours{12}, hours{24}}) * crowd;
  settings.heartbeat_debounce = dice.pick<Nanoseconds>({milliseconds{200}, Seconds{2}, minutes{1}}) * crowd;
  settings.step_stagger = dice.pick<Nanoseconds>({Seconds{0}, Seconds{2}, minutes{10}});
  settings.patience = dice.pick<Nanoseconds>({Seconds{1}, Seconds{5}, minutes{5}});
  settings.look_interval = dice.pick<Seconds>({hours{12}, hours{48}});
  settings.parent_poll = dice.pick<Seconds>({hours{2}, hours{8}});
  settings.silence = 3 * settings.heartbeat_idle;
  settings.cds_delete = true;
  settings.version = "simulated";
  return settings;
}

std::set<Fault> draw_faults(Dice& dice) {
  std::set<Fault> faults;
  const std::uint64_t density = dice.pick<std::uint64_t>({5, 25, 40, 60});
  for (const Fault fault : all_faults()) {
    if (dice.percent(density) && !is_fatal(fault)) faults.insert(fault);
  }
  if (dice.one_in(15)) faults.insert(dice.pick({Fault::restored, Fault::unsynced, Fault::lost_disk}));
  return faults;
}

std::set<Rollover> draw_rollovers(Dice& dice) {
  std::set<Rollover> rollovers;
  const std::uint64_t density = dice.pick<std::uint64_t>({0, 10, 25, 50});
  for (const Rollover rollover : all_rollovers()) {
    if (dice.percent(density)) rollovers.insert(rollover);
  }
  return rollovers;
}

void apply_rollovers(const Swarm& swarm, Policy& policy) {
  if (swarm.on(Rollover::csk)) policy.scheme = Scheme::csk;
  if (swarm.on(Rollover::double_signature)) policy.zsk_rollover = ZskRollover::double_signature;
  if (swarm.on(Rollover::double_ds)) policy.ksk_rollover = KskRollover::double_ds;
  if (swarm.on(Rollover::double_rrset)) policy.ksk_rollover = KskRollover::double_rrset;
  // Conservative is refused where some server cannot do it.
  const bool all_exact = std::ranges::all_of(
      swarm.abilities, [](SwapAbility ability) { return ability == SwapAbility::exact; });
  if (swarm.on(Rollover::liberal) || !all_exact) policy.algorithm_rollover = AlgorithmRollover::liberal;
  policy.standby_ksk = policy.standby_zsk = swarm.on(Rollover::standby);
  policy.trust_anchor = swarm.on(Rollover::trust_anchor);
  policy.hold_down = 10_days;
  // A lifetime in which the whole rollover fits.
  if (policy.trust_anchor && policy.ksk_lifetime > Seconds{0}) policy.ksk_lifetime = 90_days;
}

void draw_servers(Dice& dice, Swarm& swarm) {
  const auto cluster = dice.pick<SwapAbility>({SwapAbility::exact, SwapAbility::together});
  const bool mixed = dice.one_in(3);
  const bool odd_ttls = dice.one_in(4);
  for (std::size_t i = 0; i < swarm.members; ++i) {
    const bool other = mixed && dice.one_in(2);
    swarm.abilities.push_back(other ? SwapAbility::exact : cluster);
    swarm.zone_ttls.push_back(odd_ttls ? dice.pick<Seconds>({Seconds{60}, 1_days, 3_days})
                                       : swarm.policy.max_zone_ttl);
    swarm.serves_dns.push_back(i == 0 || !dice.one_in(15));
  }
}

void draw_parent(Dice& dice, Swarm& swarm) {
  swarm.parent_addresses = 1 + dice.below(3);
  swarm.parent_by_hand = dice.one_in(8);
  swarm.parent_lag = swarm.on(Fault::parent) ? dice.pick<Seconds>({1_days, 10_days, 30_days})
                                             : dice.pick<Seconds>({Seconds{60}, Seconds{7200}});
  // Who tells by hand that the DS is there gives no TTL, so the policy's must be true then.
  swarm.parent_ds_ttl = swarm.parent_by_hand || dice.one_in(2)
                            ? swarm.policy.ds_ttl
                            : dice.pick<Seconds>({Seconds{60}, Seconds{3600}, 2_days});
}

}  // namespace

std::string_view to_string(Fault fault) {
  return std::ranges::find(names, fault, &std::pair<Fault, std::string_view>::first)->second;
}

std::optional<Fault> fault_from(std::string_view name) {
  const auto found = std::ranges::find(names, name, &std::pair<Fault, std::string_view>::second);
  if (found == names.end()) return std::nullopt;
  return found->first;
}

bool is_fatal(Fault fault) {
  return fault == Fault::restored || fault == Fault::unsynced || fault == Fault::lost_disk;
}

const std::vector<Fault>& all_faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> faults;
    for (const auto& entry : names) faults.push_back(entry.first);
    return faults;
  }();
  return all;
}

std::string_view to_string(Rollover rollover) {
  return std::ranges::find(rollover_names, rollover, &std::pair<Rollover, std::string_view>::first)->second;
}

std::optional<Rollover> rollover_from(std::string_view name) {
  const auto found = std::ranges::find(rollover_names, name, &std::pair<Rollover, std::string_view>::second);
  if (found == rollover_names.end()) return std::nullopt;
  return found->first;
}

const std::vector<Rollover>& all_rollovers() {
  static const std::vector<Rollover> all = [] {
    std::vector<Rollover> rollovers;
    for (const auto& entry : rollover_names) rollovers.push_back(entry.first);
    return rollovers;
  }();
  return all;
}

Swarm swarm(std::uint64_t seed, const Fixed& fixed) {
  Dice dice{seed};
  Swarm swarm;
  swarm.seed = seed;
  swarm.duration = fixed.duration;
  const std::size_t members = draw_members(dice);
  swarm.members = fixed.members.value_or(members);
  swarm.zones = dice.one_in(5) ? 2 : 1;
  std::set<Fault> faults = draw_faults(dice);
  swarm.faults = fixed.faults.value_or(std::move(faults));
  swarm.fault_interval = dice.pick<Seconds>({3_days, 10_days, 30_days});
  swarm.policy = draw_policy(dice);
  swarm.settings = draw_settings(dice, swarm.members);
  swarm.settings.last_gate = fixed.last_gate;
  swarm.mode = dice.one_in(3) ? Mode::appointed : Mode::random;
  swarm.appointed = std::min<std::size_t>(swarm.members, 1 + dice.below(3));
  if (swarm.on(Fault::join) && swarm.members > 1) swarm.late = 1 + dice.below(swarm.members - 1);
  swarm.lag = swarm.on(Fault::lag) ? dice.pick<Nanoseconds>({minutes{10}, hours{6}})
                                   : dice.pick<Nanoseconds>({milliseconds{50}, Seconds{3}});
  // Whoever runs a directory that is hours behind sets it to more than there and back.
  swarm.start_limit = swarm.on(Fault::lag) ? Seconds{hours{24}} : Seconds{600};
  swarm.engine = dice.one_in(3) ? Engine::ds389 : Engine::slapd;
  draw_servers(dice, swarm);
  draw_parent(dice, swarm);
  Dice wishes{seed ^ 0x5eed0f5eed0f5eedULL};
  std::set<Rollover> rollovers = draw_rollovers(wishes);
  swarm.rollovers = fixed.rollovers.value_or(std::move(rollovers));
  // Who joins in the middle of a change that its server cannot do waits until people forget it again.
  if (swarm.on(Rollover::scheme)) std::ranges::fill(swarm.abilities, swarm.abilities.front());
  apply_rollovers(swarm, swarm.policy);
  return swarm;
}

}  // namespace rollcall::sim
