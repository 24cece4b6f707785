// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/succession.h"

#include <algorithm>

namespace rollcall {
namespace {

bool is_there(const KeyView& key) { return key.introduced() && !key.completely_hidden(); }

// The newest one of each role of a scheme that fits.
template <class Fits>
KeyPair newest_of(const ZoneView& view, Scheme scheme, Fits fits) {
  KeyPair pair;
  for (const Role role : all_roles) {
    const KeyView* newest = nullptr;
    for (const KeyView& key : view.keys) {
      if (key.role() == role && !key.out() && fits(key)) newest = &key;
    }
    if (scheme_of(role) == scheme && newest) pair.add(newest);
  }
  return pair;
}

// Whatever is in the DNS of the scheme that the key is not of.
KeyPair beside(const ZoneView& view, const KeyView& key) {
  return newest_of(view, other_than(scheme_of(key.role())), is_there);
}

bool all_in_use(const KeyPair& keys) {
  return !keys.empty() && std::ranges::all_of(keys, [](const KeyView* key) { return key->in_use(); });
}

bool leaves(const KeyPair& keys) {
  return std::ranges::any_of(keys, [](const KeyView* key) {
    return std::ranges::any_of(all_records, [key](Record record) { return key->has(record) && (*key)[record].withdrawn; });
  });
}

Time entered(const KeyPair& keys) {
  Time last{};
  for (const KeyView* key : keys) last = std::max(last, *key->entered);
  return last;
}

// Of the chains of two schemes that are in the DNS, which one takes over: the one that is not in use yet, or from which
// nothing is withdrawn yet. Times, which a wrong clock may have stamped, decide only where that says nothing.
bool comes_after(const KeyPair& one, const KeyPair& other) {
  if (all_in_use(one) != all_in_use(other)) return all_in_use(other);
  if (leaves(one) != leaves(other)) return leaves(other);
  return entered(one) > entered(other);
}

}  // namespace

Scheme followed_scheme(const ZoneView& view) {
  const Scheme wanted = view.wishes.scheme;
  const KeyPair old = newest_of(view, other_than(wanted), is_there), young = newest_of(view, wanted, is_there);
  if (old.empty()) return wanted;
  if (!young.empty()) return comes_after(young, old) ? wanted : other_than(wanted);
  const bool may_begin = view.swap == SwapAbility::exact || std::ranges::none_of(old, [&view](const KeyView* key) {
    return key->generation.algorithm == view.wishes.algorithm;
  });
  return may_begin ? wanted : other_than(wanted);
}

// Keys stand by role, then by generation; void and abandoned generations leave gaps.
const KeyView* predecessor_of(const ZoneView& view, const KeyView& key) {
  for (auto at = view.keys.begin() + (&key - view.keys.data()); at != view.keys.begin();) {
    --at;
    if (at->role() != key.role()) return nullptr;
    if (!at->out()) return &*at;
  }
  return nullptr;
}

const KeyView* successor_of(const ZoneView& view, const KeyView& key) {
  for (auto at = view.keys.begin() + (&key - view.keys.data()) + 1; at != view.keys.end(); ++at) {
    if (at->role() != key.role()) return nullptr;
    if (!at->out()) return &*at;
  }
  return nullptr;
}

KeyPair predecessors_of(const ZoneView& view, const KeyView& key) {
  KeyPair pair;
  const KeyView* before = predecessor_of(view, key);
  const bool is_gone = !before || before->completely_hidden();
  if (is_gone && scheme_of(key.role()) == view.scheme) pair = beside(view, key);
  if (before && pair.empty()) pair.add(before);
  return pair;
}

KeyPair successors_of(const ZoneView& view, const KeyView& key) {
  KeyPair pair;
  const KeyView* next = successor_of(view, key);
  if (next) {
    pair.add(next);
  } else if (scheme_of(key.role()) != view.scheme) {
    const auto is_whole = [&view](const KeyPair& keys) { return keys.size() == (view.scheme == Scheme::csk ? 1 : 2); };
    pair = newest_of(view, view.scheme, [](const KeyView& other) { return other.in_use() && !other.completely_hidden(); });
    if (!is_whole(pair)) pair = newest_of(view, view.scheme, [](const KeyView& other) { return !other.completely_hidden(); });
    if (!is_whole(pair)) return {};
  }
  return pair;
}

bool is_replaced(const ZoneView& view, const KeyView& key) { return all_in_use(successors_of(view, key)); }

bool keeps_algorithm(const ZoneView& view, const KeyView& key) {
  return std::ranges::all_of(successors_of(view, key), [&key](const KeyView* next) {
    return next->generation.algorithm == key.generation.algorithm;
  });
}

bool is_leaving(const ZoneView& view, const KeyView& key) {
  if (key.out() || key.completely_hidden()) return true;
  if (key.has(Record::ds) && key.in_use() && !key.serves(Record::ds)) return true;
  return is_replaced(view, key);
}

Entry entry_of(const ZoneView& view, const KeyView& key) {
  const auto keeps = [&key](const KeyView* other) { return other->generation.algorithm == key.generation.algorithm; };
  const KeyView* before = predecessor_of(view, key);
  if (before && !before->completely_hidden()) return keeps(before) ? Entry::successor : Entry::new_algorithm;
  return std::ranges::all_of(beside(view, key), keeps) ? Entry::new_chain : Entry::new_algorithm;
}

// The signatures of its ZSK come first, before any record of the KSK.
bool is_of_begun_chain(const ZoneView& view, const KeyView& key) {
  if (entry_of(view, key) == Entry::successor) return false;
  const KeyView* partner = partner_of(view, key);
  return key.introduced() || (partner && partner->introduced());
}

bool on_its_way_in(const KeyView& key) { return !key.in_use() && !key.abandoned; }

const KeyView* partner_of(const ZoneView& view, const KeyView& key) {
  if (key.role() == Role::csk) return nullptr;
  const auto found = std::ranges::find_if(view.keys, [&](const KeyView& other) {
    return other.role() != key.role() && other.role() != Role::csk && on_its_way_in(other) &&
           other.generation.algorithm == key.generation.algorithm &&
           (entry_of(view, other) == Entry::successor) == (entry_of(view, key) == Entry::successor);
  });
  return found == view.keys.end() ? nullptr : &*found;
}

// One that is published already, as the successor of its own kind; and one that is given up signs on until the next
// of its algorithm does.
bool has_partner(const ZoneView& view, const KeyView& key) {
  if (key.role() == Role::csk || partner_of(view, key)) return true;
  return std::ranges::any_of(view.keys, [&](const KeyView& other) {
    const KeyView* next = successor_of(view, other);
    const bool signs_on = other.serves(Record::dnskey) && next && next->generation.algorithm == other.generation.algorithm;
    const bool stays = !other.abandoned || signs_on;
    const bool there = other.serves(Record::dnskey);
    return other.role() != key.role() && other.role() != Role::csk && there && stays &&
           other.generation.algorithm == key.generation.algorithm && !is_leaving(view, other);
  });
}

}  // namespace rollcall
