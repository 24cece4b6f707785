// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/acks.h"

#include <algorithm>

namespace rollcall {

bool same_answers(const Heartbeat& a, const Heartbeat& b) {
  return a.member == b.member && a.last_seq == b.last_seq && a.roster == b.roster &&
         a.vector == b.vector && a.behind == b.behind && a.serving == b.serving &&
         a.signer == b.signer && a.dnskey_ttl == b.dnskey_ttl && a.max_zone_ttl == b.max_zone_ttl;
}

bool says_behind(const Heartbeat& heartbeat, const FactId& fact, const ZoneRef* zone) {
  return std::ranges::any_of(heartbeat.behind, [&](const Behind& behind) {
    if (behind.facts.empty()) return zone != nullptr && behind.zone == *zone;
    return std::ranges::find(behind.facts, fact) != behind.facts.end();
  });
}

bool Acks::receive(Heartbeat heartbeat) {
  const auto found = received_.find(heartbeat.member.member);
  if (found == received_.end()) {
    const MemberId member = heartbeat.member.member;
    received_.emplace(member, Received{std::nullopt, std::move(heartbeat), true});
    return true;
  }
  const Heartbeat& held = found->second.newest;
  const bool newer = std::pair{heartbeat.member.number, heartbeat.counter} >
                     std::pair{held.member.number, held.counter};
  if (!newer) return false;
  Received& received = found->second;
  received.fresh = received.fresh || !same_answers(held, heartbeat);
  received.newest = std::move(heartbeat);
  return true;
}

bool Acks::closed(const Heartbeat& heartbeat) const {
  if (log_.prefix(heartbeat.member) < heartbeat.last_seq) return false;
  return std::ranges::all_of(heartbeat.vector, [&](const VectorEntry& entry) {
    return log_.prefix(entry.author) >= entry.seq;
  });
}

bool Acks::recount() {
  bool changed = false;
  std::vector<MemberId> everybody;
  const auto count = [&](const Heartbeat& heartbeat) {
    for (const Incarnation& member : heartbeat.roster) everybody.push_back(member.member);
  };
  if (self_) count(*self_);
  for (auto& [member, received] : received_) {
    changed = changed || received.fresh;  // its `behind` holds at once
    received.fresh = false;
    const bool same_one = received.counted && received.counted->counter == received.newest.counter &&
                          received.counted->member == received.newest.member;
    if (!same_one && closed(received.newest)) {
      changed = changed || !received.counted || !same_answers(*received.counted, received.newest);
      received.counted = received.newest;
    }
    if (received.counted) count(*received.counted);
  }
  std::ranges::sort(everybody);
  everybody.erase(std::unique(everybody.begin(), everybody.end()), everybody.end());
  changed = changed || everybody != roster_;
  roster_ = std::move(everybody);
  return changed;
}

const Heartbeat* Acks::counted(const MemberId& member) const {
  if (self_ && self_->member.member == member) return &*self_;
  const auto found = received_.find(member);
  if (found == received_.end() || !found->second.counted) return nullptr;
  return &*found->second.counted;
}

const Heartbeat* Acks::newest(const MemberId& member) const {
  if (self_ && self_->member.member == member) return &*self_;
  const auto found = received_.find(member);
  return found == received_.end() ? nullptr : &found->second.newest;
}

bool Acks::covers(const Heartbeat& heartbeat, const FactId& fact) const {
  const auto entry = std::ranges::find(heartbeat.vector, fact.author, &VectorEntry::author);
  if (entry == heartbeat.vector.end() || entry->seq < fact.seq) return false;
  return log_.digest(fact.author, entry->seq) == entry->digest;
}

bool Acks::promised(const MemberId& member, const FactId& fact) const {
  const Heartbeat* heartbeat = counted(member);
  return heartbeat && covers(*heartbeat, fact) && !says_behind(*heartbeat, fact, nullptr);
}

bool Acks::acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const {
  const Heartbeat* heartbeat = counted(member);
  return heartbeat && covers(*heartbeat, fact) && !says_behind(*heartbeat, fact, zone) &&
         !says_behind(*newest(member), fact, zone);
}

std::uint64_t Acks::highest_heard_of(const Incarnation& author) const {
  std::uint64_t highest = 0;
  for (const auto& [member, received] : received_) {
    const Heartbeat& heartbeat = received.newest;
    if (heartbeat.member == author) highest = std::max(highest, heartbeat.last_seq);
    const auto entry = std::ranges::find(heartbeat.vector, author, &VectorEntry::author);
    if (entry != heartbeat.vector.end()) highest = std::max(highest, entry->seq);
  }
  return highest;
}

}  // namespace rollcall
