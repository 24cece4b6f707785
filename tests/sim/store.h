// SPDX-License-Identifier: GPL-3.0-or-later
// A member's local store as a model: what it saved survives a crash, in whole transactions.
#pragma once

#include <set>
#include <vector>

#include "lib/core/member.h"

namespace rollcall::sim {

class Store {
 public:
  void apply(const std::vector<Save>& saves);
  bool intends() const { return !intents_.empty(); }

  /// What a new start finds. After a reboot the waits mean nothing.
  Restored load(bool same_boot);

  bool serving() const { return state_.serving; }
  std::uint32_t incarnation() const { return incarnation_; }
  void join_again();  ///< Under the next number; others have to take it in.
  const std::map<FactId, Fact>& facts() const { return facts_; }
  const Fact* find(const FactId& id) const;

  /// A fact came without its wrapped key, or that was removed.
  void wipe(const FactId& fact) { wiped_.insert(fact); }
  bool has_wrapped_key(const FactId& fact) const { return !wiped_.contains(fact); }

 private:
  void put(const Save& save);

  std::map<FactId, Fact> facts_;
  std::set<Intent> intents_;
  std::set<FactId> wiped_;
  std::uint32_t incarnation_ = 1;
  Restored state_;  ///< But for `facts` and `intents`.
};

}  // namespace rollcall::sim
