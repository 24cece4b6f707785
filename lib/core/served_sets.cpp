// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/served_sets.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

using Kind = ServedSet::Kind;

// RRsets while they are put together.
struct Draft {
  KeyList keys, signers, data;

  ServedSet dnskey_set() && {
    std::ranges::sort(keys);
    std::ranges::sort(signers);
    return {Kind::dnskey, std::move(keys), std::move(signers)};
  }
  ServedChange change() && {
    std::ranges::sort(data);
    ServedSet signed_by{Kind::data, std::move(data), {}};
    return {std::move(*this).dnskey_set(), std::move(signed_by)};
  }
};

}  // namespace

void add_to(CarriedRecords& carried, const Decision& decision) {
  for (const KeyRecord& record : decision.introduces) carried.try_emplace(record, false);
  for (const KeyRecord& record : decision.withdraws) carried[record] = true;
}

ServedChange change_of(const std::vector<KeyTarget>& targets) {
  Draft draft;
  for (const KeyTarget& target : targets) {
    if (target.dnskey) draft.keys.push_back(target.key);
    if (target.krrsig) draft.signers.push_back(target.key);
    if (target.zrrsig) draft.data.push_back(target.key);
  }
  return std::move(draft).change();
}

ServedChange change_of(const CarriedRecords& carried) {
  Draft draft;
  for (const auto& [record, withdrawn] : carried) {
    if (withdrawn) continue;
    if (record.record == Record::dnskey) draft.keys.push_back(record.key);
    if (record.record == Record::krrsig) draft.signers.push_back(record.key);
    if (record.record == Record::zrrsig) draft.data.push_back(record.key);
  }
  return std::move(draft).change();
}

std::vector<ServedSet> sets_of(const std::vector<KeyTarget>& ordered, const std::vector<ServedKey>& seen) {
  Draft draft;
  KeyList somewhere;
  for (std::size_t i = 0; i < std::min(ordered.size(), seen.size()); ++i) {
    if (seen[i].dnskey) draft.keys.push_back(ordered[i].key);
    if (seen[i].krrsig) draft.signers.push_back(ordered[i].key);
    if (seen[i].zrrsig_everywhere) draft.data.push_back(ordered[i].key);
    if (seen[i].zrrsig_anywhere) somewhere.push_back(ordered[i].key);
  }
  std::vector<ServedSet> sets;
  for (const Fingerprint& key : somewhere) {
    if (draft.data.empty()) sets.push_back({Kind::data, {key}, {}});
  }
  ServedChange whole = std::move(draft).change();
  if (!whole.dnskey.keys.empty()) sets.push_back(std::move(whole.dnskey));
  if (!whole.data.keys.empty()) sets.push_back(std::move(whole.data));
  return sets;
}

DsSets ds_sets(const ZoneView& view) {
  DsSets sets{{Kind::ds, {}, {}}, {Kind::ds, {}, {}}};
  for (const KeyView& key : view.keys) {
    if (!key.was_introduced(Record::ds)) continue;
    const RecordView& ds = key[Record::ds];
    const bool pending = !ds.pending.empty();
    if (pending == ds.withdrawn) sets.confirmed.keys.push_back(key.key);
    if (!ds.withdrawn) sets.wanted.keys.push_back(key.key);
  }
  std::ranges::sort(sets.confirmed.keys);
  std::ranges::sort(sets.wanted.keys);
  return sets;
}

}  // namespace rollcall
