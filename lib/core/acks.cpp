// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/acks.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rollcall {
namespace {

// Whether nobody is said to be less far than the heartbeat before said.
bool says_no_less(const Heartbeat& now, const Heartbeat& before) {
  if (now.member != before.member || now.last_seq < before.last_seq) return false;
  auto entry = now.vector.begin();  // normally both name the same authors in the same order
  return std::ranges::all_of(before.vector, [&](const VectorEntry& old) {
    if (entry == now.vector.end() || entry->author != old.author) {
      entry = std::ranges::find(now.vector, old.author, &VectorEntry::author);
    }
    return entry != now.vector.end() && entry++->seq >= old.seq;
  });
}

// A member that has not looked at its server since it started knows no TTL; what it said before
// still counts, since caches go by it.
void keep_known_ttls(Heartbeat& now, const Heartbeat& before) {
  if (now.dnskey_ttl == Seconds{0}) now.dnskey_ttl = before.dnskey_ttl;
  if (now.max_zone_ttl == Seconds{0}) now.max_zone_ttl = before.max_zone_ttl;
}

}  // namespace

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

// What it said before is not compared again: a digest that agreed then agrees for ever.
void Acks::Answers::take(const Heartbeat& said, const FactLog& log) {
  const bool same_authors =
      in_order && std::ranges::equal(heartbeat.vector, said.vector, {}, &VectorEntry::author,
                                     &VectorEntry::author);
  if (!same_authors) covered.assign(said.vector.size(), {});
  for (std::size_t i = 0; i < said.vector.size(); ++i) {
    const VectorEntry& entry = said.vector[i];
    if (same_authors && heartbeat.vector[i] == entry) continue;
    const bool agrees = log.digest(entry.author, entry.seq) == entry.digest;
    covered[i] = {entry.author, agrees ? entry.seq : 0};
  }
  in_order = std::ranges::is_sorted(covered, {}, &Covered::first);
  if (!in_order) std::ranges::stable_sort(covered, {}, &Covered::first);
  if (heartbeat.roster != said.roster) {
    roster.clear();
    for (const Incarnation& member : said.roster) roster.push_back(member.member);
    std::ranges::sort(roster);
  }
  heartbeat = said;
}

bool Acks::Answers::covers(const FactId& fact) const {
  std::size_t place = 0;
  return covers(fact, place);
}

bool Acks::Answers::covers(const FactId& fact, std::size_t& place) const {
  if (place >= covered.size() || covered[place].first != fact.author) {
    const auto entry = std::ranges::lower_bound(covered, fact.author, {}, &Covered::first);
    if (entry == covered.end() || entry->first != fact.author) return false;
    place = static_cast<std::size_t>(entry - covered.begin());
  }
  return covered[place].second >= fact.seq;
}

void Acks::bury(const std::map<MemberId, std::uint32_t>& departed) {
  if (departed == departed_) return;
  departed_ = departed;
  std::erase_if(received_, [this](const auto& entry) {
    const auto out = departed_.find(entry.first);
    if (out == departed_.end() || entry.second.newest.member.number > out->second) return false;
    uncounted_.erase(entry.first);
    return true;
  });
  news_ = roster_stale_ = true;
  hear_all();
  seat_all();  // nothing that is asked meanwhile may meet those who are out
}

void Acks::set_guards(std::set<MemberId> kept, std::set<MemberId> removed) {
  if (kept == kept_ && removed == removed_) return;
  kept_ = std::move(kept);
  removed_ = std::move(removed);
  news_ = roster_stale_ = true;
}

bool Acks::receive(Heartbeat heartbeat) {
  const auto out = departed_.find(heartbeat.member.member);
  if (out != departed_.end() && heartbeat.member.number <= out->second) return false;
  const auto [at, first] = received_.try_emplace(heartbeat.member.member);
  Received& received = at->second;
  if (!first) {
    const Heartbeat& held = received.newest;
    const bool newer = std::pair{heartbeat.member.number, heartbeat.counter} >
                       std::pair{held.member.number, held.counter};
    if (!newer) return false;
    keep_known_ttls(heartbeat, held);
    received.fresh = received.fresh || !same_answers(held, heartbeat);
  }
  const bool says_no_more = !first && heartbeat.member == received.newest.member &&
                            heartbeat.last_seq == received.newest.last_seq &&
                            heartbeat.vector == received.newest.vector;
  const bool says_less = !first && !says_no_less(heartbeat, received.newest);
  if (!says_no_more && !says_less) hear(heartbeat, first ? nullptr : &received.newest);
  received.newest = std::move(heartbeat);
  if (says_less) hear_all();
  uncounted_.insert(received.newest.member.member);
  news_ = true;
  return true;
}

void Acks::set_self(Heartbeat heartbeat) {
  const bool same_roster = self_ && self_->heartbeat.roster == heartbeat.roster;
  if (!same_roster) news_ = roster_stale_ = seats_stale_ = true;
  if (!self_) self_ = Answers{};
  self_->take(heartbeat, log_);
}

void Acks::hear(const Heartbeat& heartbeat, const Heartbeat* before) {
  const auto raise = [this](const Incarnation& author, std::uint64_t seq) {
    std::uint64_t& highest = heard_[author];
    if (seq <= highest) return;
    highest = seq;
    if (log_.prefix(author) < seq) wanting_.insert(author);
  };
  raise(heartbeat.member, heartbeat.last_seq);
  for (std::size_t i = 0; i < heartbeat.vector.size(); ++i) {
    const VectorEntry& entry = heartbeat.vector[i];
    if (!before || i >= before->vector.size() || before->vector[i] != entry)
      raise(entry.author, entry.seq);
  }
}

void Acks::hear_all() {
  heard_.clear();
  wanting_.clear();
  for (const auto& [member, received] : received_) hear(received.newest, nullptr);
}

// What is held stays held: of what was counted before only the new has to be looked at.
bool Acks::closed(const Received& received) const {
  const Heartbeat& heartbeat = received.newest;
  if (log_.prefix(heartbeat.member) < heartbeat.last_seq) return false;
  const std::vector<VectorEntry>* before =
      received.counted ? &received.counted->heartbeat.vector : nullptr;
  for (std::size_t i = 0; i < heartbeat.vector.size(); ++i) {
    const VectorEntry& entry = heartbeat.vector[i];
    if (before && i < before->size() && (*before)[i] == entry) continue;
    if (log_.prefix(entry.author) < entry.seq) return false;
  }
  return true;
}

bool Acks::recount() {
  if (!news_ && log_.size() == facts_at_recount_) return false;
  news_ = false;
  facts_at_recount_ = log_.size();
  bool changed = false;
  for (auto member = uncounted_.begin(); member != uncounted_.end();) {
    Received& received = received_.at(*member);
    const bool fresh = std::exchange(received.fresh, false);
    changed = changed || fresh;  // its `behind` holds at once
    if (!closed(received)) {
      ++member;
      continue;
    }
    member = uncounted_.erase(member);
    const Heartbeat* before = received.counted ? &received.counted->heartbeat : nullptr;
    changed = changed || !before || !same_answers(*before, received.newest);
    roster_stale_ = roster_stale_ || !before || before->roster != received.newest.roster;
    if (!received.counted) {
      received.counted = Answers{};
      seats_stale_ = true;
    }
    received.counted->take(received.newest, log_);
  }
  note_lacking();
  const bool others = unite_rosters();
  if (std::exchange(seats_stale_, false) || others) seat_all();
  return others || changed;
}

// Neither what is counted nor what is newest ever moves; only that there is one at all can change.
void Acks::seat_all() {
  seats_.clear();
  for (const MemberId& member : roster_)
    seats_.push_back({member, answers_of(member), newest(member)});
}

// Most rosters are equal: a union grows only by what is new in it.
bool Acks::unite_rosters() {
  if (!std::exchange(roster_stale_, false)) return false;
  std::vector<MemberId> everybody;
  const auto unite = [&everybody](const std::vector<MemberId>& roster) {
    if (std::ranges::includes(everybody, roster)) return;
    std::vector<MemberId> both;
    std::ranges::set_union(everybody, roster, std::back_inserter(both));
    everybody = std::move(both);
  };
  if (self_) unite(self_->roster);
  for (const auto& [member, received] : received_) {
    if (received.counted) unite(received.counted->roster);
  }
  unite({kept_.begin(), kept_.end()});
  std::erase_if(everybody, [this](const MemberId& member) { return removed_.contains(member); });
  const bool changed = everybody != roster_;
  roster_ = std::move(everybody);
  return changed;
}

void Acks::note_lacking() {
  std::erase_if(wanting_, [this](const Incarnation& author) {
    return log_.prefix(author) >= heard_[author];
  });
  lacking_.assign(wanting_.begin(), wanting_.end());
}

const Acks::Answers* Acks::answers_of(const MemberId& member) const {
  if (self_ && self_->heartbeat.member.member == member) return &*self_;
  const auto found = received_.find(member);
  return found == received_.end() || !found->second.counted ? nullptr : &*found->second.counted;
}

const Heartbeat* Acks::counted(const MemberId& member) const {
  const Answers* answers = answers_of(member);
  return answers ? &answers->heartbeat : nullptr;
}

const Heartbeat* Acks::newest(const MemberId& member) const {
  if (self_ && self_->heartbeat.member.member == member) return &self_->heartbeat;
  const auto found = received_.find(member);
  return found == received_.end() ? nullptr : &found->second.newest;
}

bool Acks::promised(const MemberId& member, const FactId& fact) const {
  return promised(answers_of(member), fact);
}

bool Acks::promised(std::size_t place, const FactId& fact) const {
  return promised(seats_[place].answers, fact);
}

bool Acks::promised(const Answers* answers, const FactId& fact) {
  return answers && answers->covers(fact) && !says_behind(answers->heartbeat, fact, nullptr);
}

bool Acks::acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const {
  return acked_any(member, {fact}, zone);
}

bool Acks::acked_any(const MemberId& member, const std::vector<FactId>& facts,
                     const ZoneRef* zone) const {
  std::size_t place = 0;
  return acked_any({member, answers_of(member), newest(member)}, facts, zone, place);
}

bool Acks::acked_any(const Seat& seat, const std::vector<FactId>& facts, const ZoneRef* zone,
                     std::size_t& place) {
  return seat.answers && std::ranges::any_of(facts, [&](const FactId& fact) {
           return seat.answers->covers(fact, place) &&
                  !says_behind(seat.answers->heartbeat, fact, zone) &&
                  !says_behind(*seat.newest, fact, zone);
         });
}

std::vector<MemberId> Acks::not_acked(const std::vector<FactId>& facts, const ZoneRef* zone) const {
  std::vector<MemberId> missing;
  std::size_t place = 0;
  for (const Seat& seat : seats_) {
    if (!acked_any(seat, facts, zone, place)) missing.push_back(seat.member);
  }
  return missing;
}

std::uint64_t Acks::highest_heard_of(const Incarnation& author) const {
  const auto found = heard_.find(author);
  return found == heard_.end() ? 0 : found->second;
}

}  // namespace rollcall
