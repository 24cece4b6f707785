// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/policy_change.h"

#include <algorithm>

#include "lib/core/timing.h"

namespace rollcall {
namespace {

std::string name_of(const KeyStatus& key) {
  return std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag);
}

std::string lifetime_in_words(Seconds lifetime) {
  return lifetime == Seconds{0} ? "unlimited" : to_words(lifetime);
}

template <class Value>
std::string instead(std::string_view field, const Value& after, const Value& before) {
  return std::string{field} + " is " + std::string{after} + " instead of " + std::string{before};
}

// In use, and not replaced yet.
bool is_current(const KeyStatus& key) { return key.first_use && !key.leaving; }

std::string_view lifetime_field(Role role) { return role == Role::zsk ? "zsk_lifetime" : "ksk_lifetime"; }

// The planned end of a key was set when it was made; only a longer lifetime moves it.
std::optional<PolicyEffect> effect_of_lifetime(const KeyStatus& key, const Policy& before, const Policy& after) {
  const Role role = key.generation.role;
  const Seconds was = before.lifetime(role), is = after.lifetime(role);
  if (was == is) return std::nullopt;
  const std::string why = instead(lifetime_field(role), lifetime_in_words(is), lifetime_in_words(was));
  const auto needed = needed_by(key.expires, *key.first_use, is);
  if (!needed) return PolicyEffect{name_of(key) + " is no longer replaced by time", why, {}};
  const bool as_planned = needed == needed_by(key.expires, *key.first_use, was);
  return PolicyEffect{name_of(key) + (as_planned ? " is replaced when it was planned to be; the next one has the other lifetime"
                                                 : " is replaced"),
                      why, needed};
}

std::optional<PolicyEffect> effect_of_algorithm(const ZoneStatus& zone, const KeyStatus& key, const Policy& after) {
  const Algorithm has = key.generation.algorithm;
  if (has == after.algorithm) return std::nullopt;
  std::string why = instead("algorithm", mnemonic(after.algorithm), mnemonic(has));
  if (after.algorithm_rollover == AlgorithmRollover::conservative && !zone.signs_unpublished) {
    why += "; held until algorithm_rollover is liberal: not every DNS server can sign with a key that it does not publish";
  }
  return PolicyEffect{name_of(key) + " is replaced", std::move(why), {}};
}

// Of each algorithm a server that signs with published keys only has KSK and ZSK, or a CSK.
std::optional<PolicyEffect> effect_of_scheme(const ZoneStatus& zone, const KeyStatus& key, const Policy& after) {
  const Role role = key.generation.role;
  if (after.wants(role)) return std::nullopt;
  std::string why = instead("scheme", to_string(after.scheme), to_string(other_than(after.scheme)));
  const bool side_by_side = zone.signs_unpublished || key.generation.algorithm != after.algorithm;
  if (side_by_side) {
    if (const auto algorithm = effect_of_algorithm(zone, key, after)) why += ", " + algorithm->why;
    return PolicyEffect{name_of(key) + " is replaced", std::move(why), {}};
  }
  return PolicyEffect{name_of(key) + " stays until `algorithm` is another, too, or the zone went insecure and back",
                      why + "; not every DNS server can sign with a CSK and with KSK and ZSK of one algorithm at a time", {}};
}

// Of each role that the zone has keys of.
std::vector<Role> roles_of(const ZoneStatus& zone) {
  std::vector<Role> roles;
  for (const Role role : all_roles) {
    const auto is_it = [&](const KeyStatus& key) { return is_current(key) && key.generation.role == role; };
    if (std::ranges::any_of(zone.keys, is_it)) roles.push_back(role);
  }
  return roles;
}

std::optional<PolicyEffect> effect_of_standby(Role role, const Policy& before, const Policy& after) {
  if (before.standby(role) == after.standby(role)) return std::nullopt;
  const std::string name{to_string(role)}, field = role == Role::zsk ? "standby_zsk" : "standby_ksk";
  if (after.standby(role)) return PolicyEffect{"one more " + name + " is made, to stand by", field + " is yes", {}};
  return PolicyEffect{"no further " + name + " is made to stand by", field + " is no", {}};
}

std::optional<PolicyEffect> effect_of_times(Role role, const Policy& before, const Policy& after) {
  const Seconds was = publication_interval(role, intervals_of(before));
  const Seconds is = publication_interval(role, intervals_of(after));
  if (was == is) return std::nullopt;
  return PolicyEffect{"a new " + std::string{to_string(role)} + " is used " + to_words(is) +
                          " after its publication at the earliest, not " + to_words(was),
                      "of the TTLs and margins", {}};
}

void add(std::vector<PolicyEffect>& effects, std::optional<PolicyEffect> effect) {
  if (effect) effects.push_back(std::move(*effect));
}

void add_choices(std::vector<PolicyEffect>& effects, const Policy& before, const Policy& after) {
  const auto choice = [&](std::string_view field, auto was, auto is, const std::string& what) {
    if (was != is) effects.push_back({what, instead(field, to_string(is), to_string(was)), {}});
  };
  choice("zsk_rollover", before.zsk_rollover, after.zsk_rollover, "ZSKs are replaced in another way");
  choice("ksk_rollover", before.ksk_rollover, after.ksk_rollover, "KSKs are replaced in another way");
  if (before.trust_anchor != after.trust_anchor) {
    effects.push_back({after.trust_anchor ? "replaced KSKs are revoked" : "replaced KSKs are not revoked any more",
                       after.trust_anchor ? "trust_anchor is yes" : "trust_anchor is no", {}});
  }
  if (before.manual != after.manual) {
    effects.push_back({after.manual ? "each step waits for `rollcall step`" : "steps happen by themselves",
                       after.manual ? "manual is yes" : "manual is no", {}});
  }
}

}  // namespace

std::vector<PolicyEffect> effects_of_change(const ZoneStatus& zone, const Policy& before, const Policy& after) {
  std::vector<PolicyEffect> effects;
  if (before == after || zone.insecure) return effects;
  for (const KeyStatus& key : zone.keys) {
    if (!is_current(key)) continue;
    auto effect = effect_of_scheme(zone, key, after);
    if (!effect) effect = effect_of_algorithm(zone, key, after);
    if (!effect) effect = effect_of_lifetime(key, before, after);
    add(effects, std::move(effect));
  }
  for (const Role role : roles_of(zone)) {
    add(effects, effect_of_standby(role, before, after));
    add(effects, effect_of_times(role, before, after));
  }
  add_choices(effects, before, after);
  if (zone.suspended && !effects.empty()) {
    effects.push_back({"nothing of this before `rollcall resume " + zone.zone.name + '`', "the zone is suspended", {}});
  }
  return effects;
}

}  // namespace rollcall
