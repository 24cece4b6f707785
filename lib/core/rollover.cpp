// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/rollover.h"

#include "lib/core/timing.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

using enum Record;

bool exact(SwapAbility swap) { return swap == SwapAbility::exact; }

// Where signatures cannot be swapped while both DNSKEYs stay, the old ones leave with theirs.
std::vector<Stage> zsk_successor(const Wishes& wishes, SwapAbility swap) {
  if (wishes.zsk_rollover == ZskRollover::double_signature) return {{{dnskey, zrrsig}}};
  if (!exact(swap)) return {{{dnskey}}, {{zrrsig}}};
  return {{{dnskey}}, {{zrrsig}, {zrrsig}}};
}

std::vector<Stage> ksk_successor(const Wishes& wishes) {
  switch (wishes.ksk_rollover) {
    case KskRollover::double_ksk: return {{{dnskey, krrsig}}, {{ds}, {ds}}};
    case KskRollover::double_ds: return {{{ds}}, {{dnskey, krrsig}, {dnskey, krrsig}}};
    case KskRollover::double_rrset: return {{{dnskey, krrsig, ds}}};
  }
  MUST(false);
}

bool signs_first(Entry entry, const Wishes& wishes, SwapAbility swap) {
  return entry == Entry::new_algorithm && exact(swap) &&
         wishes.algorithm_rollover == AlgorithmRollover::conservative;
}

}  // namespace

std::vector<Stage> stages_in(Role role, Entry entry, const Wishes& wishes, SwapAbility swap) {
  if (entry == Entry::successor) {
    if (role == Role::zsk) return zsk_successor(wishes, swap);
    if (role == Role::ksk) return ksk_successor(wishes);
    return {{{dnskey, krrsig, zrrsig}}, {{ds}, {ds}}};
  }
  if (signs_first(entry, wishes, swap)) {
    if (role == Role::zsk) return {{{zrrsig}}, {{dnskey}}};
    if (role == Role::ksk) return {{{dnskey, krrsig}}, {{ds}, {ds}}};
    return {{{zrrsig}}, {{dnskey, krrsig}}, {{ds}, {ds}}};
  }
  if (role == Role::zsk) return {{{dnskey, zrrsig}}};
  if (role == Role::ksk) return {{{dnskey, krrsig}}, {{ds}, {ds}}};
  return {{{dnskey, krrsig, zrrsig}}, {{ds}, {ds}}};
}

std::vector<RecordSet> stages_out(Role role, Entry successor, const Wishes& wishes, SwapAbility swap) {
  if (signs_first(successor, wishes, swap)) {
    if (role == Role::ksk) return {{ds}, {dnskey, krrsig}};
    return {{ds}, {dnskey, krrsig}, {zrrsig}};
  }
  // Of an algorithm that ends, a DS that nothing replaced goes first: below it no other key fits.
  if (successor == Entry::new_algorithm) return {{ds}, {dnskey, krrsig, zrrsig}};
  return {{dnskey, krrsig, zrrsig, ds}};
}

Seconds lead_in(Role role, const Wishes& wishes, const Intervals& intervals) {
  if (role == Role::zsk) {
    const bool at_once = wishes.zsk_rollover == ZskRollover::double_signature;
    return at_once ? Seconds{0} : publication_interval(role, intervals);
  }
  if (role == Role::ksk && wishes.ksk_rollover == KskRollover::double_rrset) return Seconds{0};
  if (role == Role::ksk && wishes.ksk_rollover == KskRollover::double_ds) {
    return wait_for(ds, Change::introduced, true, role, intervals);
  }
  return publication_interval(role, intervals);
}

}  // namespace rollcall
