// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/timing.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall {

namespace {

// mQI: how often resolvers of RFC 5011 look, at least. RFC 5011, 2.3; RFC 7583, 3.3.4.
Seconds query_interval(const Policy& p) {
  const Seconds often = std::min({Seconds{15_days}, p.dnskey_ttl / 2, p.signature_validity / 2});
  return std::max(Seconds{3600}, often);
}

// Of the first keys of a zone: caches may hold that there are none, for as long as for any negative
// answer, which max_zone_ttl covers.
Seconds first_publication_interval(const Intervals& i) {
  return std::max(i.dnskey_ttl + i.publish_safety, i.max_zone_ttl) + i.propagation;
}

}  // namespace

Intervals intervals_of(const Policy& p) {
  return {.dnskey_ttl = p.dnskey_ttl,
          .max_zone_ttl = p.max_zone_ttl,
          .ds_ttl = p.ds_ttl,
          .propagation = p.propagation,
          .parent_propagation = p.parent_propagation,
          .publish_safety = p.publish_safety,
          .retire_safety = p.retire_safety,
          .hold_down = p.trust_anchor ? p.hold_down + 2 * query_interval(p) : Seconds{0},
          .revocation = p.trust_anchor ? query_interval(p) : Seconds{0}};
}

Intervals largest(const Intervals& a, const Intervals& b) {
  return {.dnskey_ttl = std::max(a.dnskey_ttl, b.dnskey_ttl),
          .max_zone_ttl = std::max(a.max_zone_ttl, b.max_zone_ttl),
          .ds_ttl = std::max(a.ds_ttl, b.ds_ttl),
          .propagation = std::max(a.propagation, b.propagation),
          .parent_propagation = std::max(a.parent_propagation, b.parent_propagation),
          .publish_safety = std::max(a.publish_safety, b.publish_safety),
          .retire_safety = std::max(a.retire_safety, b.retire_safety),
          .resign = std::max(a.resign, b.resign),
          .hold_down = std::max(a.hold_down, b.hold_down),
          .revocation = std::max(a.revocation, b.revocation)};
}

Intervals without_safety(Intervals intervals) {
  intervals.publish_safety = Seconds{0};
  intervals.retire_safety = Seconds{0};
  return intervals;
}

Seconds wait_for(Record record, Change change, bool rolling, Role role, const Intervals& i) {
  switch (record) {
    case Record::dnskey:
    case Record::krrsig:
      if (change == Change::withdrawn) return i.dnskey_ttl + i.propagation + i.retire_safety;
      if (!rolling) return first_publication_interval(i);
      return publication_interval(role, i);
    case Record::revoked:  // mQI or TTLkey + Dprp + retsafe
      return std::max(i.dnskey_ttl, i.revocation) + i.propagation + i.retire_safety;
    case Record::zrrsig:  // TTLsig + Dprp [+ Dsgn + retsafe]
      return i.max_zone_ttl + i.propagation + (rolling ? i.resign + i.retire_safety : Seconds{0});
    case Record::ds:  // TTLds + DprpP [+ retsafe]
      return i.ds_ttl + i.parent_propagation + (rolling ? i.retire_safety : Seconds{0});
  }
  MUST(false);
}

Seconds publication_interval(Role role, const Intervals& i) {
  const Seconds trusted = signs_keys(role) ? i.hold_down : Seconds{0};
  return std::max(i.dnskey_ttl, trusted) + i.propagation + i.publish_safety;
}

Seconds retire_interval(Role role, const Intervals& i) {
  const auto after = [&](Record record) { return wait_for(record, Change::withdrawn, true, role, i); };
  Seconds interval{0};
  if (signs_keys(role)) interval = std::max(interval, after(Record::ds));
  if (signs_zone(role)) interval = std::max(interval, after(Record::zrrsig));
  return interval;
}

std::optional<Time> needed_by(std::optional<Time> expires, Time first_use, Seconds lifetime) {
  if (lifetime == Seconds{0}) return std::nullopt;
  return std::max(expires.value_or(first_use + lifetime), first_use + lifetime);
}

Time due_time(Role role, Time needed, Time first_use, const Policy& policy, const Intervals& i) {
  const Time planned = needed - publication_interval(role, i) - policy.lead;
  return std::max(planned, first_use + publication_interval(role, i) + retire_interval(role, i));
}

std::optional<Time> planned_expiry(Role role, Time created, std::optional<Time> predecessor_expires,
                                   bool has_predecessor, Seconds lifetime, const Intervals& i) {
  if (lifetime == Seconds{0}) return std::nullopt;
  const Time made = std::chrono::floor<Seconds>(created);
  if (!has_predecessor) return made + lifetime;  // used as soon as it is published
  const Time usable = made + publication_interval(role, i);
  return std::max(usable, predecessor_expires.value_or(usable)) + lifetime;
}

Seconds shortest_lifetime(Role role, const Policy& policy) {
  const Intervals i = intervals_of(policy);
  return publication_interval(role, i) + retire_interval(role, i);
}

}  // namespace rollcall
