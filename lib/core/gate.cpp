// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/gate.h"

#include <algorithm>

namespace rollcall {
namespace {

using Kind = ServedSet::Kind;

KeyList common(const KeyList& a, const KeyList& b) {
  KeyList both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  return both;
}

// The two conditions of views.h, on sets of one zone.
bool chain_fits(const ServedSet& ds, const ServedSet& dnskey) {
  return ds.keys.empty() || !common(ds.keys, common(dnskey.keys, dnskey.signers)).empty();
}
bool data_fits(const ServedSet& dnskey, const ServedSet& data) {
  return !common(dnskey.keys, data.keys).empty();
}

class Gate {
 public:
  Gate(const ServedLedger& ledger, const ServedChange& change, BootTime now) : change_(change) {
    for (const ServedEntry& entry : ledger.entries()) {
      if (entry.alive(now)) alive_.push_back(&entry);
    }
    new_dnskey_ = !ledger.is_served(change.dnskey);
    new_data_ = !ledger.is_served(change.data);
  }

  std::vector<Misfit> operator()() {
    if (!anybody_validates()) return {};
    for (const ServedEntry* entry : alive_) {
      if (entry->set.kind == Kind::ds) check_ds(*entry);
      if (entry->set.kind == Kind::dnskey) check_dnskey(*entry);
      if (entry->set.kind == Kind::data) check_data(*entry);
    }
    if ((new_dnskey_ || new_data_) && !data_fits(change_.dnskey, change_.data)) {
      found_.push_back({Bogus::Pair::dnskey_data, change_.dnskey, change_.data, {}, true});
    }
    return std::move(found_);
  }

 private:
  bool anybody_validates() const {
    return std::ranges::any_of(alive_, [](const ServedEntry* entry) {
      return entry->set.kind == Kind::ds && !entry->set.keys.empty();
    });
  }

  void check_ds(const ServedEntry& ds) {
    if (!new_dnskey_ || chain_fits(ds.set, change_.dnskey)) return;
    found_.push_back({Bogus::Pair::ds_dnskey, ds.set, change_.dnskey, ds});
  }

  void check_dnskey(const ServedEntry& dnskey) {
    if (!new_data_ || data_fits(dnskey.set, change_.data)) return;
    found_.push_back({Bogus::Pair::dnskey_data, dnskey.set, change_.data, dnskey});
  }

  void check_data(const ServedEntry& data) {
    if (!new_dnskey_ || data_fits(change_.dnskey, data.set)) return;
    found_.push_back({Bogus::Pair::dnskey_data, change_.dnskey, data.set, data});
  }

  const ServedChange& change_;
  std::vector<const ServedEntry*> alive_;
  bool new_dnskey_ = false, new_data_ = false;
  std::vector<Misfit> found_;
};

}  // namespace

std::vector<Misfit> misfits(const ServedLedger& ledger, const ServedChange& change, BootTime now) {
  return Gate{ledger, change, now}();
}

std::string describe(const Misfit& misfit, const std::function<std::string(const Fingerprint&)>& name) {
  const auto list = [&](const KeyList& keys) {
    std::string text;
    for (const Fingerprint& key : keys) text += (text.empty() ? "" : " and ") + name(key);
    return text.empty() ? "no key" : text;
  };
  const auto dnskey = [&](const ServedSet& set) {
    return "the DNSKEY RRset of " + list(set.keys) + ", signed by " + list(set.signers);
  };
  if (misfit.pair == Bogus::Pair::ds_dnskey) {
    return "a cache could hold the DS of " + list(misfit.first.keys) + " and " + dnskey(misfit.second);
  }
  return "a cache could hold " + dnskey(misfit.first) + ", and data signed by " + list(misfit.second.keys);
}

std::optional<BootTime> fits_from(const std::vector<Misfit>& misfits) {
  BootTime last{};
  for (const Misfit& misfit : misfits) {
    if (!misfit.cached.until) return std::nullopt;
    last = std::max(last, *misfit.cached.until + misfit.cached.ttl);
  }
  return last;
}

}  // namespace rollcall
