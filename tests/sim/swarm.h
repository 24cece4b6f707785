// SPDX-License-Identifier: GPL-3.0-or-later
// What a seed stands for: how many members, which policy, which faults and how hard.
//
// A swarm: each history has a different mix of faults switched off, since a fault that is always on
// hides what only happens without it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/member.h"

namespace rollcall::sim {

enum class Fault : std::uint8_t {
  partition,     ///< One link cut, both ways.
  isolation,     ///< One member cut off from all others.
  one_way,       ///< A link that passes changes in one direction only.
  flapping,      ///< A link that comes and goes.
  chain,         ///< Replication along a chain, not between all.
  lag,           ///< Replication takes up to hours.
  crash,         ///< The agent dies at any point, between any two writes.
  reboot,        ///< The machine restarts: boot clock anew, its servers away for a while.
  outage,        ///< The machine is away for hours to weeks.
  lost_entry,    ///< A directory server loses somebody's fact.
  notification,  ///< Notices of changes that come late, twice, or much later.
  silence,       ///< The agent cannot talk to its own directory server.
  clock,         ///< Wall clocks that are wrong.
  signer,        ///< DNS server refuses, hangs, or stops half-way.
  zone_lost,     ///< DNS server restarts without the zone.
  parent,        ///< DS very late, or at some addresses only; parent cannot be asked.
  check,         ///< A candidate that one member cannot use.
  key,           ///< Making a key fails; few different key tags.
  admin,         ///< Rolls asked for, on any side of a cut; the key manager changed.
  join,          ///< Members that join in the middle.
  drift,         ///< Clocks that run too fast or too slow.
  epoch,         ///< Machines that come back with an older clock, 1970 at worst.
  disk_full,     ///< Nothing can be saved for a while.
  refresh,       ///< Notices lost: the directory refuses the cookie, all is sent again.
  wrong_key,     ///< A server signs with another key than it was told.
  stale_zone,    ///< A server restarts with an old copy of the zone.
  liar,          ///< A member that answers for what its server does not do.
  ds_withdrawn,  ///< The parent takes a DS out, and puts it in again.
  ds_back,       ///< The parent shows DS of before again, beside the right ones.
  ds_foreign,    ///< The parent shows a DS of nobody's key, beside the right ones.
  restored,      ///< A machine comes back with an old copy of its store.
  unsynced,      ///< A disk that lost what it said was written.
  lost_disk,     ///< A machine that never comes back.
  forget,  ///< People forget machines that are away, and take them in again when they come back.
  leave,   ///< Members that leave for good.
};

/// After these a machine is not what it was: one or two in a history are enough.
bool is_fatal(Fault fault);

/// What replicates: the two directory servers differ in what stops them.
enum class Engine : std::uint8_t {
  slapd,
  ds389,  ///< Does not replicate between machines whose clocks are more than a day apart.
};

/// What administrators want beside the ordinary.
enum class Rollover : std::uint8_t {
  double_signature,  ///< Of ZSKs.
  double_ds,
  double_rrset,
  csk,
  algorithm,     ///< Another one, now and then.
  liberal,       ///< And its DNSKEYs and signatures together.
  insecure,      ///< For a while, and back.
  standby,
  trust_anchor,  ///< RFC 5011.
  emergency,
  abandon,
  suspend,
  manual,        ///< Somebody takes the steps, once a day.
  rotate,        ///< Another master key.
  policy,        ///< TTLs, lifetimes and ways to roll change in the middle.
  scheme,        ///< A CSK instead of KSK and ZSK, or the other way, now and then.
};
std::string_view to_string(Rollover rollover);
std::optional<Rollover> rollover_from(std::string_view name);
const std::vector<Rollover>& all_rollovers();

std::string_view to_string(Fault fault);
std::optional<Fault> fault_from(std::string_view name);
const std::vector<Fault>& all_faults();

/// What the command line fixes; the seed chooses the rest.
struct Fixed {
  std::optional<std::size_t> members;
  Seconds duration = 150_days;
  std::optional<std::set<Fault>> faults;  ///< Exactly these; empty: by seed.
  std::optional<std::set<Rollover>> rollovers = {};  ///< The same.
  bool last_gate = true;  ///< False: the rules stand alone.
};

struct Swarm {
  std::uint64_t seed = 0;
  std::size_t members = 3;
  std::size_t late = 0;  ///< How many of them join later.
  std::size_t zones = 1;
  Seconds duration = 150_days;
  std::set<Fault> faults;
  std::set<Rollover> rollovers;
  Seconds fault_interval = 10_days;  ///< About, between two of a kind.

  Policy policy;
  Settings settings;
  Mode mode = Mode::random;
  std::size_t appointed = 0;              ///< The first members are manager and fail-overs.
  std::vector<SwapAbility> abilities;     ///< By member.
  std::vector<Seconds> zone_ttls;         ///< By member: the largest TTL in its copy of the zone.
  std::vector<bool> serves_dns;           ///< By member.

  Seconds start_limit{600};  ///< For how long a DNS server waits for a word of others at most.
  Engine engine = Engine::slapd;
  Nanoseconds lag = Seconds{2};           ///< At most, of replication in good times.
  std::size_t parent_addresses = 1;
  Seconds parent_ds_ttl{3600};
  Seconds parent_lag = 1_days;            ///< At most, from CDS to DS.
  bool parent_by_hand = false;            ///< Members cannot ask the parent; people tell them.

  bool on(Fault fault) const { return faults.contains(fault); }
  bool on(Rollover rollover) const { return rollovers.contains(rollover); }
  bool clocks_go_wrong() const { return on(Fault::clock) || on(Fault::drift) || on(Fault::epoch); }
};

Swarm swarm(std::uint64_t seed, const Fixed& fixed);

}  // namespace rollcall::sim
