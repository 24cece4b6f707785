// SPDX-License-Identifier: GPL-3.0-or-later
// What a forecast starts from.
#include <algorithm>

#include "lib/core/member_impl.h"
#include "lib/core/snapshot.h"

namespace rollcall {
namespace {

// A fact of another zone keeps its number, so that the order of the others stays, and says nothing.
FactContent said_nothing() { return Tombstone{}; }

bool at_parent(const KeyView& key) {
  const RecordView& ds = key[Record::ds];
  if (!key.was_introduced(Record::ds) || ds.state == State::hidden) return false;
  return ds.withdrawn ? !ds.pending.empty() : ds.pending.empty();
}

}  // namespace

std::vector<Fact> Member::Impl::facts_about(const ZoneRef& zone) const {
  std::vector<Fact> facts;
  facts.reserve(log_.size());
  for (const Incarnation& author : log_.authors()) {
    for (const Fact& fact : log_.in_order(author)) {
      const ZoneRef* about = zone_of(fact);
      const bool matters = !about || *about == zone;
      facts.push_back(matters ? fact : Fact{fact.id, fact.created, {}, said_nothing()});
    }
  }
  return facts;
}

Restored Member::Impl::restored_for(const ZoneWork& work) const {
  Restored restored;
  restored.facts = facts_about(work.zone);
  for (const auto& [author, seq] : vector_) restored.vector.push_back({author, seq, {}});
  for (const FactId& id : behind_) {
    const Fact* fact = log_.find(id);
    const ZoneRef* zone = fact ? zone_of(*fact) : nullptr;
    if (!zone || *zone == work.zone) restored.behind.push_back({work.zone, {id}});
  }
  for (const auto& [key, since] : waits_.running()) {
    if (key.zone == work.zone) restored.waits.emplace(key, since);
  }
  restored.counters = counters_;
  restored.serving = serving_;
  restored.ttls[work.zone] = {work.server.dnskey_ttl, work.server.zone_ttl, work.parent.ttl};
  restored.served[work.zone] = work.gate.ledger.entries();
  restored.asked_for = asked_for_;
  restored.compared = true;  // what is forecast is what happens once it is
  return restored;
}

// What agrees with the own digests, without them: digests of another world are others.
Heartbeat Member::Impl::as_understood(const Heartbeat& heartbeat) const {
  Heartbeat understood = heartbeat;
  std::erase_if(understood.vector, [this](const VectorEntry& entry) {
    return entry.seq > log_.prefix(entry.author) ||
           log_.digest(entry.author, entry.seq) != entry.digest;
  });
  return understood;
}

Snapshot::Parent Member::Impl::parent_in_snapshot(const ZoneWork& work) const {
  Snapshot::Parent parent;
  parent.configured = work.parent.configured;
  parent.silent = work.parent.silent;
  if (const auto& answer = work.parent.answer) {
    parent.unknown = answer->unknown;
    parent.ds = answer->ds;
    parent.ds.insert(parent.ds.end(), answer->ds_somewhere.begin(), answer->ds_somewhere.end());
    return parent;
  }
  for (const KeyView& key : work.view.keys) {
    if (at_parent(key)) parent.ds.push_back(key.key);
  }
  return parent;
}

std::optional<Snapshot> Member::Impl::snapshot(const ZoneName& zone, Moment now) const {
  const ZoneWork* work = find_work(zone);
  if (!work) return std::nullopt;
  Snapshot snapshot;
  snapshot.now = now;
  snapshot.self = self_;
  snapshot.settings = settings_;
  snapshot.restored = restored_for(*work);
  snapshot.config = config_;
  snapshot.policies = policies_;
  snapshot.zone = work->config;
  for (const auto& [member, keys] : known_) snapshot.names[member.member] = keys.host;
  for (const Incarnation& member : roster_) {
    if (member.member == self_.member) continue;
    snapshot.others.push_back(member);
    if (const Heartbeat* newest = acks_.newest(member.member)) {
      snapshot.heartbeats.push_back(as_understood(*newest));
    }
    if (!fresh(member.member)) snapshot.silent.push_back(member.member);
  }
  snapshot.parent = parent_in_snapshot(*work);
  snapshot.server_trouble = work->server.failure;
  snapshot.max_zone_ttl = work->server.seen.max_zone_ttl;
  snapshot.doubt = doubt_;
  return snapshot;
}

std::optional<Snapshot> Member::snapshot(const ZoneName& zone, Moment now) const {
  return impl_->snapshot(zone, now);
}

}  // namespace rollcall
