// SPDX-License-Identifier: GPL-3.0-or-later
// Which key takes over from which: the next one of its role, or keys of the other scheme.
#pragma once

#include <array>
#include <span>

#include "lib/core/decide.h"
#include "lib/core/rollover.h"

namespace rollcall {

/// None, one, or the KSK and the ZSK of a chain.
class KeyPair {
 public:
  void add(const KeyView* key) {
    if (key) keys_[size_++] = key;
  }
  const KeyView* const* begin() const { return keys_.data(); }
  const KeyView* const* end() const { return keys_.data() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<const KeyView*, 2> keys_{};
  std::size_t size_ = 0;
};

/// The scheme that the zone follows: the policy's, or the one that it has while its servers cannot serve both side by
/// side, which one that signs with published keys only can with two algorithms. A change that has begun ends first.
Scheme followed_scheme(const ZoneView& view);

/// The key before this one in its role, those left out that were abandoned before their use.
const KeyView* predecessor_of(const ZoneView& view, const KeyView& key);
const KeyView* successor_of(const ZoneView& view, const KeyView& key);

/// What this key replaces, or will: the key before it in its role or, where nothing of that is left, those of the scheme
/// that is not followed any more.
KeyPair predecessors_of(const ZoneView& view, const KeyView& key);
KeyPair successors_of(const ZoneView& view, const KeyView& key);

/// Whether all that succeeds it is in use, and something does.
bool is_replaced(const ZoneView& view, const KeyView& key);
/// Whether that is of its algorithm.
bool keeps_algorithm(const ZoneView& view, const KeyView& key);
/// Whether it is replaced or gone, or its DS was withdrawn without a successor.
bool is_leaving(const ZoneView& view, const KeyView& key);

Entry entry_of(const ZoneView& view, const KeyView& key);
/// Whether some of its new chain is in the DNS already: it cannot be given up alone.
bool is_of_begun_chain(const ZoneView& view, const KeyView& key);
/// Neither in use nor given up.
bool on_its_way_in(const KeyView& key);
/// A chain takes a KSK and a ZSK of one algorithm, which enter together; null: there is none.
const KeyView* partner_of(const ZoneView& view, const KeyView& key);
/// Whether there is one, or the other half of its chain is in use.
bool has_partner(const ZoneView& view, const KeyView& key);

}  // namespace rollcall
