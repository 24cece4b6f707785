// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/store.h"

namespace rollcall::sim {

void Store::apply(const std::vector<Save>& saves) {
  for (const Save& save : saves) put(save);
}

void Store::put(const Save& save) {
  struct {
    Store& store;
    void operator()(const SaveFact& s) const { store.facts_.insert_or_assign(s.fact.id, s.fact); }
    void operator()(const SaveIntent& s) const { store.intents_.insert(s.intent); }
    void operator()(const DropIntent& s) const { store.intents_.erase(s.intent); }
    void operator()(const SaveWait& s) const { store.state_.waits.insert_or_assign(s.key, s.since); }
    void operator()(const DropWait& s) const { store.state_.waits.erase(s.key); }
    void operator()(const SaveCounter& s) const {
      store.state_.counters.insert_or_assign(s.member, s.counter);
    }
    void operator()(const SaveServed& s) const { store.state_.served.insert_or_assign(s.zone, s.entries); }
    void operator()(const SaveProgress& s) const {
      store.state_.vector = s.vector;
      store.state_.behind = s.behind;
      store.state_.serving = s.serving;
    }
    void operator()(const SaveLeaving& s) const { store.state_.leaving = s.leaving; }
    void operator()(const SaveNextLife& s) const {
      store.incarnation_ = s.incarnation;
      store.state_.serving = false;
      store.state_.took_itself_in = true;
    }
    void operator()(const DropFacts& s) const {
      std::erase_if(store.facts_, [&s](const auto& entry) {
        return entry.first.author == s.author && entry.first.seq > s.above;
      });
    }
  } visitor{*this};
  std::visit(visitor, save);
}

void Store::join_again() {
  ++incarnation_;
  state_.serving = state_.took_itself_in = false;
  state_.leaving.reset();
  state_.vector.clear();
  state_.behind.clear();
  state_.waits.clear();
  intents_.clear();
}

Restored Store::load(bool same_boot) {
  if (!same_boot) {
    state_.waits.clear();
    for (auto& [zone, entries] : state_.served) {
      std::erase_if(entries, [](const ServedEntry& entry) { return entry.until.has_value(); });
    }
  }
  Restored restored = state_;
  for (const auto& [id, fact] : facts_) restored.facts.push_back(fact);
  restored.intents.assign(intents_.begin(), intents_.end());
  return restored;
}

const Fact* Store::find(const FactId& id) const {
  const auto found = facts_.find(id);
  return found == facts_.end() ? nullptr : &found->second;
}

}  // namespace rollcall::sim
