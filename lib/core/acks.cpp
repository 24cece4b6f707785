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

// A member that has not looked at its server since it started knows no TTL; what it said before still
// counts, since caches go by it.
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

Acks::Answers::Answers(Heartbeat said, const FactLog& log) : heartbeat(std::move(said)) {
  for (const VectorEntry& entry : heartbeat.vector) {
    const bool agrees = log.digest(entry.author, entry.seq) == entry.digest;
    covered.emplace_back(entry.author, agrees ? entry.seq : 0);
  }
  std::ranges::stable_sort(covered, {}, &Covered::first);
  for (const Incarnation& member : heartbeat.roster) roster.push_back(member.member);
  std::ranges::sort(roster);
}

bool Acks::Answers::covers(const FactId& fact) const {
  const auto entry = std::ranges::lower_bound(covered, fact.author, {}, &Covered::first);
  return entry != covered.end() && entry->first == fact.author && entry->second >= fact.seq;
}

bool Acks::receive(Heartbeat heartbeat) {
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
  received.newest = std::move(heartbeat);
  if (says_less) {
    hear_all();
  } else if (!says_no_more) {
    hear(received.newest);
  }
  uncounted_.insert(received.newest.member.member);
  news_ = true;
  return true;
}

void Acks::set_self(Heartbeat heartbeat) {
  const bool same_roster = self_ && self_->heartbeat.roster == heartbeat.roster;
  if (!same_roster) news_ = roster_stale_ = true;
  self_.emplace(std::move(heartbeat), log_);
}

void Acks::hear(const Heartbeat& heartbeat) {
  const auto raise = [this](const Incarnation& author, std::uint64_t seq) {
    std::uint64_t& highest = heard_[author];
    highest = std::max(highest, seq);
  };
  raise(heartbeat.member, heartbeat.last_seq);
  for (const VectorEntry& entry : heartbeat.vector) raise(entry.author, entry.seq);
}

void Acks::hear_all() {
  heard_.clear();
  for (const auto& [member, received] : received_) hear(received.newest);
}

bool Acks::closed(const Heartbeat& heartbeat) const {
  if (log_.prefix(heartbeat.member) < heartbeat.last_seq) return false;
  return std::ranges::all_of(heartbeat.vector, [&](const VectorEntry& entry) {
    return log_.prefix(entry.author) >= entry.seq;
  });
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
    if (!closed(received.newest)) {
      ++member;
      continue;
    }
    member = uncounted_.erase(member);
    const Heartbeat* before = received.counted ? &received.counted->heartbeat : nullptr;
    changed = changed || !before || !same_answers(*before, received.newest);
    roster_stale_ = roster_stale_ || !before || before->roster != received.newest.roster;
    received.counted.emplace(received.newest, log_);
  }
  note_lacking();
  return unite_rosters() || changed;
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
  const bool changed = everybody != roster_;
  roster_ = std::move(everybody);
  return changed;
}

void Acks::note_lacking() {
  lacking_.clear();
  for (const auto& [author, seq] : heard_) {
    if (log_.prefix(author) < seq) lacking_.push_back(author);
  }
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
  const Answers* answers = answers_of(member);
  return answers && answers->covers(fact) && !says_behind(answers->heartbeat, fact, nullptr);
}

bool Acks::acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const {
  return acked_any(member, {fact}, zone);
}

bool Acks::acked_any(const MemberId& member, const std::vector<FactId>& facts,
                     const ZoneRef* zone) const {
  const Answers* answers = answers_of(member);
  if (!answers) return false;
  const Heartbeat& latest = *newest(member);
  return std::ranges::any_of(facts, [&](const FactId& fact) {
    return answers->covers(fact) && !says_behind(answers->heartbeat, fact, zone) &&
           !says_behind(latest, fact, zone);
  });
}

std::uint64_t Acks::highest_heard_of(const Incarnation& author) const {
  const auto found = heard_.find(author);
  return found == heard_.end() ? 0 : found->second;
}

}  // namespace rollcall
