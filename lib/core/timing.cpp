// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/timing.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall {

Intervals intervals_of(const Policy& p) {
  return {.dnskey_ttl = p.dnskey_ttl,
          .max_zone_ttl = p.max_zone_ttl,
          .ds_ttl = p.ds_ttl,
          .propagation = p.propagation,
          .parent_propagation = p.parent_propagation,
          .publish_safety = p.publish_safety,
          .retire_safety = p.retire_safety};
}

Intervals largest(const Intervals& a, const Intervals& b) {
  return {.dnskey_ttl = std::max(a.dnskey_ttl, b.dnskey_ttl),
          .max_zone_ttl = std::max(a.max_zone_ttl, b.max_zone_ttl),
          .ds_ttl = std::max(a.ds_ttl, b.ds_ttl),
          .propagation = std::max(a.propagation, b.propagation),
          .parent_propagation = std::max(a.parent_propagation, b.parent_propagation),
          .publish_safety = std::max(a.publish_safety, b.publish_safety),
          .retire_safety = std::max(a.retire_safety, b.retire_safety),
          .resign = std::max(a.resign, b.resign)};
}

Seconds wait_for(Record record, Change change, bool rolling, const Intervals& i) {
  const Seconds margin = change == Change::introduced ? i.publish_safety : i.retire_safety;
  switch (record) {
    case Record::dnskey:
    case Record::krrsig:
      return i.dnskey_ttl + i.propagation + margin;  // TTLkey + Dprp + pubsafe | retsafe
    case Record::zrrsig:                             // TTLsig + Dprp [+ Dsgn + retsafe]
      return i.max_zone_ttl + i.propagation + (rolling ? i.resign + i.retire_safety : Seconds{0});
    case Record::ds:  // TTLds + DprpP [+ retsafe]
      return i.ds_ttl + i.parent_propagation + (rolling ? i.retire_safety : Seconds{0});
  }
  MUST(false);
}

Seconds publication_interval(const Intervals& i) {
  return i.dnskey_ttl + i.propagation + i.publish_safety;
}

Seconds retire_interval(Role role, const Intervals& i) {
  return wait_for(role == Role::ksk ? Record::ds : Record::zrrsig, Change::withdrawn, true, i);
}

std::optional<Time> needed_by(std::optional<Time> expires, Time first_use, Seconds lifetime) {
  if (lifetime == Seconds{0}) return std::nullopt;
  return std::max(expires.value_or(first_use + lifetime), first_use + lifetime);
}

Time due_time(Role role, Time needed, Time first_use, const Policy& policy, const Intervals& i) {
  const Time planned = needed - publication_interval(i) - policy.lead;
  return std::max(planned, first_use + publication_interval(i) + retire_interval(role, i));
}

std::optional<Time> planned_expiry(Time created, std::optional<Time> predecessor_expires,
                                   bool has_predecessor, Seconds lifetime, const Intervals& i) {
  if (lifetime == Seconds{0}) return std::nullopt;
  const Time made = std::chrono::floor<Seconds>(created);
  if (!has_predecessor) return made + lifetime;  // used as soon as it is published
  const Time usable = made + publication_interval(i);
  return std::max(usable, predecessor_expires.value_or(usable)) + lifetime;
}

Seconds shortest_lifetime(Role role, const Policy& policy) {
  const Intervals i = intervals_of(policy);
  return publication_interval(i) + retire_interval(role, i);
}

}  // namespace rollcall
