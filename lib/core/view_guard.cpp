// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/view_guard.h"

#include <algorithm>
#include <set>

#include "lib/util/must.h"

namespace rollcall {
namespace {

constexpr std::size_t most_changes = 12;  // 4096 combinations; more than a few mean trouble anyway

KeySet bit_of(const ZoneView& view, const Fingerprint& key) {
  for (std::size_t i = 0; i < view.keys.size(); ++i) {
    if (view.keys[i].key == key) return KeySet{1} << i;
  }
  MUST(false);
}

// A change of the records that share one RRset, as bits.
struct BitChange {
  DnskeyView in, out;
  KeySet data_in = 0, data_out = 0;
  bool touches_dnskey() const { return (in.keys | in.signers | out.keys | out.signers) != 0; }
  bool touches_data() const { return (data_in | data_out) != 0; }
};

void put(const ZoneView& view, const std::vector<KeyRecord>& records, DnskeyView& dnskey,
         KeySet& data) {
  for (const KeyRecord& record : records) {
    const KeySet bit = bit_of(view, record.key);
    switch (record.record) {
      case Record::dnskey: dnskey.keys |= bit; break;
      case Record::krrsig: dnskey.signers |= bit; break;
      case Record::zrrsig: data |= bit; break;
      case Record::ds:       // the parent's RRset: see ds_views
      case Record::revoked:  // fits no DS and signs no data
        break;
    }
  }
}

BitChange bits_of(const ZoneView& view, const std::vector<KeyRecord>& introduces,
                  const std::vector<KeyRecord>& withdraws) {
  BitChange change;
  put(view, introduces, change.in, change.data_in);
  put(view, withdraws, change.out, change.data_out);
  return change;
}

// What every server serves, but for the changes that are not settled.
void settled(const ZoneView& view, DnskeyView& dnskey, KeySet& data) {
  for (std::size_t i = 0; i < view.keys.size(); ++i) {
    const KeyView& key = view.keys[i];
    const KeySet bit = KeySet{1} << i;
    // Whatever leaves is there before the change that withdraws it.
    const auto there = [&](Record record) {
      return key[record].state == State::omnipresent || key[record].state == State::unretentive;
    };
    if (there(Record::dnskey)) dnskey.keys |= bit;
    if (there(Record::krrsig)) dnskey.signers |= bit;
    if (there(Record::zrrsig)) data |= bit;
  }
}

std::vector<DnskeyView> dnskey_views(DnskeyView base, const std::vector<BitChange>& changes) {
  std::set<DnskeyView> views;
  for (std::size_t mask = 0; mask < (std::size_t{1} << changes.size()); ++mask) {
    DnskeyView in = base, out;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if ((mask >> i & 1) == 0) continue;
      in.keys |= changes[i].in.keys;
      in.signers |= changes[i].in.signers;
      out.keys |= changes[i].out.keys;
      out.signers |= changes[i].out.signers;
    }
    views.insert({in.keys & ~out.keys, in.signers & ~out.signers});
  }
  return {views.begin(), views.end()};
}

std::vector<KeySet> data_views(KeySet base, const std::vector<BitChange>& changes) {
  std::set<KeySet> views;
  for (std::size_t mask = 0; mask < (std::size_t{1} << changes.size()); ++mask) {
    KeySet in = base, out = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if ((mask >> i & 1) == 0) continue;
      in |= changes[i].data_in;
      out |= changes[i].data_out;
    }
    views.insert(in & ~out);
  }
  return {views.begin(), views.end()};
}

// The parent changes by itself and step by step: of the DS that come or go a cache may hold any.
std::vector<KeySet> ds_views(const ZoneView& view, const Step& step) {
  KeySet there = 0, changing = 0;
  const auto in = [](const std::vector<KeyRecord>& records, const KeyView& key) {
    return std::ranges::find(records, KeyRecord{key.key, Record::ds}) != records.end();
  };
  for (std::size_t i = 0; i < view.keys.size(); ++i) {
    const KeyView& key = view.keys[i];
    const State state = key[Record::ds].state;
    const bool moves = in(step.introduces, key) || in(step.withdraws, key);
    if (state == State::omnipresent && !moves) {
      there |= KeySet{1} << i;
    } else if (state != State::hidden || moves) {
      changing |= KeySet{1} << i;
    }
  }
  std::vector<KeySet> views;
  for (KeySet some = changing;; some = (some - 1) & changing) {  // every subset
    views.push_back(there | some);
    if (some == 0) return views;
  }
}

}  // namespace

std::optional<Views> views_after(const ZoneView& view, const Step& step) {
  if (view.keys.size() > 64) return std::nullopt;
  std::vector<BitChange> dnskey_changes, data_changes;
  const auto take = [&](const BitChange& change) {
    if (change.touches_dnskey()) dnskey_changes.push_back(change);
    if (change.touches_data()) data_changes.push_back(change);
  };
  for (const UnsettledChange& change : view.unsettled) {
    take(bits_of(view, change.introduces, change.withdraws));
  }
  take(bits_of(view, step.introduces, step.withdraws));
  if (std::max(dnskey_changes.size(), data_changes.size()) > most_changes) return std::nullopt;

  DnskeyView dnskey;
  KeySet data = 0;
  settled(view, dnskey, data);
  return Views{ds_views(view, step), dnskey_views(dnskey, dnskey_changes),
               data_views(data, data_changes)};
}

}  // namespace rollcall
