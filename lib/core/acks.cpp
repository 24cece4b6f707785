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
HeardHeartbeat with_known_ttls(HeardHeartbeat now, const Heartbeat& before) {
  const Seconds none{0};
  const bool learns = (now->dnskey_ttl == none && before.dnskey_ttl != none) ||
                      (now->max_zone_ttl == none && before.max_zone_ttl != none);
  if (!learns) return now;
  Heartbeat knows = *now;
  if (knows.dnskey_ttl == none) knows.dnskey_ttl = before.dnskey_ttl;
  if (knows.max_zone_ttl == none) knows.max_zone_ttl = before.max_zone_ttl;
  return std::make_shared<const Heartbeat>(std::move(knows));
}

bool same_but_for_vector(const Heartbeat& a, const Heartbeat& b) {
  return a.member == b.member && a.last_seq == b.last_seq && a.roster == b.roster && a.behind == b.behind &&
         a.serving == b.serving && a.signer == b.signer && a.dnskey_ttl == b.dnskey_ttl &&
         a.max_zone_ttl == b.max_zone_ttl;
}

}  // namespace

bool same_answers(const Heartbeat& a, const Heartbeat& b) { return same_but_for_vector(a, b) && a.vector == b.vector; }

bool says_behind(const Heartbeat& heartbeat, const FactId& fact, const ZoneRef* zone) {
  return std::ranges::any_of(heartbeat.behind, [&](const Behind& behind) {
    if (behind.facts.empty()) return zone != nullptr && behind.zone == *zone;
    return std::ranges::find(behind.facts, fact) != behind.facts.end();
  });
}

// What it said before is not compared again: a digest that agreed then agrees for ever.
void Acks::Answers::take(const HeardHeartbeat& said, bool same_vector, const FactLog& log) {
  if (!same_vector) take_vector(said->vector, log);
  if (!heartbeat || heartbeat->roster != said->roster) {
    roster.clear();
    for (const Incarnation& member : said->roster) roster.push_back(member.member);
    std::ranges::sort(roster);
  }
  heartbeat = said;
}

void Acks::Answers::take_vector(const std::vector<VectorEntry>& said, const FactLog& log) {
  static const std::vector<VectorEntry> nothing;
  const std::vector<VectorEntry>& before = heartbeat ? heartbeat->vector : nothing;
  const bool same_authors =
      in_order && std::ranges::equal(before, said, {}, &VectorEntry::author, &VectorEntry::author);
  if (!same_authors) covered.assign(said.size(), {});
  for (std::size_t i = 0; i < said.size(); ++i) {
    const VectorEntry& entry = said[i];
    if (same_authors && before[i] == entry) continue;
    const bool agrees = log.digest(entry.author, entry.seq) == entry.digest;
    covered[i] = {entry.author, agrees ? entry.seq : 0};
  }
  in_order = std::ranges::is_sorted(covered, {}, &Covered::first);
  if (!in_order) std::ranges::stable_sort(covered, {}, &Covered::first);
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
    if (out == departed_.end() || entry.second.newest->member.number > out->second) return false;
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

bool Acks::receive(HeardHeartbeat heartbeat) {
  const auto out = departed_.find(heartbeat->member.member);
  if (out != departed_.end() && heartbeat->member.number <= out->second) return false;
  const auto [at, first] = received_.try_emplace(heartbeat->member.member);
  seats_stale_ = seats_stale_ || first;
  Received& received = at->second;
  if (first) {
    hear(*heartbeat, nullptr);
  } else {
    const Heartbeat& held = *received.newest;
    const bool newer = std::pair{heartbeat->member.number, heartbeat->counter} >
                       std::pair{held.member.number, held.counter};
    if (!newer) return false;
    heartbeat = with_known_ttls(std::move(heartbeat), held);
    follow(received, *heartbeat);
  }
  received.newest = std::move(heartbeat);
  if (std::exchange(hear_anew_, false)) hear_all();
  uncounted_.insert(at->first);
  news_ = true;
  return true;
}

// What is new in it, compared with the one before.
void Acks::follow(Received& received, const Heartbeat& next) {
  const Heartbeat& held = *received.newest;
  const bool same_vector = held.vector == next.vector;
  received.fresh = received.fresh || !same_vector || !same_but_for_vector(held, next);
  received.same_vector = received.same_vector && same_vector;
  if (same_vector && next.member == held.member && next.last_seq == held.last_seq) return;
  if (says_no_less(next, held)) {
    hear(next, &held);
  } else {
    hear_anew_ = true;
  }
}

void Acks::set_self(const Heartbeat& heartbeat) {
  const bool same_roster = self_ && self_->heartbeat->roster == heartbeat.roster;
  if (!same_roster) news_ = roster_stale_ = seats_stale_ = true;
  if (!self_) self_ = Answers{};
  self_->take(std::make_shared<const Heartbeat>(heartbeat), false, log_);
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
  for (const auto& [member, received] : received_) hear(*received.newest, nullptr);
}

// What is held stays held: of what was counted before only the new has to be looked at.
bool Acks::closed(const Received& received) const {
  const Heartbeat& heartbeat = *received.newest;
  if (log_.prefix(heartbeat.member) < heartbeat.last_seq) return false;
  if (received.same_vector) return true;
  const std::vector<VectorEntry>* before =
      received.counted ? &received.counted->heartbeat->vector : nullptr;
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
    if (fresh) received.changes = ++changes_;  // its `behind` holds at once
    if (!closed(received)) {
      changed = changed || fresh;
      ++member;
      continue;
    }
    member = uncounted_.erase(member);
    const HeardHeartbeat before = received.counted ? received.counted->heartbeat : nullptr;
    const bool same_vector = before && (received.same_vector || before->vector == received.newest->vector);
    const bool more = !same_vector || !same_but_for_vector(*before, *received.newest);
    if (more) received.changes = ++changes_;
    changed = changed || fresh || more;
    roster_stale_ = roster_stale_ || !before || before->roster != received.newest->roster;
    if (!received.counted) {
      received.counted = Answers{};
      seats_stale_ = true;
    }
    received.counted->take(received.newest, same_vector, log_);
    received.same_vector = true;
  }
  note_lacking();
  const bool others = unite_rosters();
  if (std::exchange(seats_stale_, false) || others) seat_all();
  return others || changed;
}

// Neither what is counted nor what is newest ever moves; only that there is one at all can change.
void Acks::seat_all() {
  seats_.clear();
  for (const MemberId& member : roster_) {
    const auto received = received_.find(member);
    const bool heard = received != received_.end();
    seats_.push_back({member, answers_of(member), heard_of(member), heard ? &received->second.changes : nullptr});
  }
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
  if (self_ && self_->heartbeat->member.member == member) return &*self_;
  const auto found = received_.find(member);
  return found == received_.end() || !found->second.counted ? nullptr : &*found->second.counted;
}

const Heartbeat* Acks::counted(const MemberId& member) const {
  return heartbeat_of(answers_of(member));
}

const HeardHeartbeat* Acks::heard_of(const MemberId& member) const {
  if (self_ && self_->heartbeat->member.member == member) return &self_->heartbeat;
  const auto found = received_.find(member);
  return found == received_.end() ? nullptr : &found->second.newest;
}

const Heartbeat* Acks::newest(const MemberId& member) const {
  const HeardHeartbeat* heard = heard_of(member);
  return heard ? heard->get() : nullptr;
}

bool Acks::promised(const MemberId& member, const FactId& fact) const {
  return promised(answers_of(member), fact);
}

bool Acks::promised(std::size_t place, const FactId& fact) const {
  return promised(seats_[place].answers, fact);
}

bool Acks::promised(const Answers* answers, const FactId& fact) {
  return answers && answers->covers(fact) && !says_behind(*answers->heartbeat, fact, nullptr);
}

bool Acks::acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const {
  return acked_any(member, {fact}, zone);
}

bool Acks::acked_any(const MemberId& member, const std::vector<FactId>& facts,
                     const ZoneRef* zone) const {
  std::size_t place = 0;
  return acked_any({member, answers_of(member), heard_of(member), nullptr}, facts, zone, place);
}

bool Acks::acked(std::size_t place, const FactId& fact, const ZoneRef* zone) const {
  std::size_t author = 0;
  return acked(seats_[place], fact, zone, author);
}

bool Acks::acked(const Seat& seat, const FactId& fact, const ZoneRef* zone, std::size_t& place) {
  return seat.answers && seat.answers->covers(fact, place) &&
         !says_behind(*seat.answers->heartbeat, fact, zone) && !says_behind(**seat.newest, fact, zone);
}

bool Acks::acked_any(const Seat& seat, const std::vector<FactId>& facts, const ZoneRef* zone,
                     std::size_t& place) {
  return std::ranges::any_of(facts, [&](const FactId& fact) { return acked(seat, fact, zone, place); });
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
