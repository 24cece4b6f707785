// SPDX-License-Identifier: GPL-3.0-or-later
// What the judge knows of members: who was taken in, who is out, what they may still say, and who
// may end whose facts.
#include <algorithm>
#include <limits>

#include "lib/core/decrees.h"
#include "tests/sim/judge.h"

namespace rollcall::sim {

void Judge::beats(std::size_t member, const Heartbeat& heartbeat) {
  const auto [at, first] = said_.try_emplace(member, heartbeat);
  if (first) return;
  const Heartbeat before = at->second;
  if (heartbeat.member.number < before.member.number) return;  // an old copy speaks as an earlier life: nobody listens
  at->second = heartbeat;
  if (before.member != heartbeat.member) {
    amnesiac_.erase(member);
    forgetful_.erase(member);
    if (before.serving && counts(before.member)) promised_.insert_or_assign(member, before);
  } else if (const std::string what = taken_back(before, heartbeat);
             !amnesiac_.contains(member) && !what.empty()) {
    violated("backwards: " + member_name(member) +
             " takes back what it said in a heartbeat: " + what);
  }
  if (heartbeat.serving) check_new_life(member, heartbeat);
  if (heartbeat.serving && serving_.insert(heartbeat.member).second && heartbeat.member.number > 1 &&
      invited_.contains(heartbeat.member))
    taken_in_again(member);
}

// Who is out says less, and of those who are out nobody says any more.
std::string Judge::taken_back(const Heartbeat& before, const Heartbeat& heartbeat) const {
  const bool out = !counts(heartbeat.member) || leaving_.contains(heartbeat.member);
  if (heartbeat.counter <= before.counter) return "its counter";
  if (heartbeat.last_seq < before.last_seq) return "its own facts";
  if (before.serving && !heartbeat.serving && !out) return "that it serves";
  for (const VectorEntry& old : before.vector) {
    const auto entry = std::ranges::find(heartbeat.vector, old.author, &VectorEntry::author);
    const std::uint64_t counts = believed_.contains(old.author) ? std::min(old.seq, last_that_counts(old.author)) : 0;
    const bool less = counts > 0 && (entry == heartbeat.vector.end() || entry->seq < counts);
    if (less && heartbeat.serving) return "facts of " + to_string(FactId{old.author, old.seq});
  }
  for (const Incarnation& known : before.roster) {
    const bool still = std::ranges::any_of(heartbeat.roster, [&](const Incarnation& now) {
      return now.member == known.member && now.number >= known.number;
    });
    // Before it is taken in it may know of facts of its old life only that count no more.
    if (!still && counts(known) && !out && before.serving) return "that " + to_string(known.member) + " is a member";
  }
  return {};
}

// A restored member serves again only when it has carried out all that it had answered before.
void Judge::check_new_life(std::size_t member, const Heartbeat& heartbeat) {
  const auto found = promised_.find(member);
  if (found == promised_.end()) return;
  const Heartbeat before = std::move(found->second);
  promised_.erase(found);
  if (!counts(before.member)) return;
  for (const VectorEntry& old : before.vector) {
    if (cuts_.contains(old.author) || old.author.member == heartbeat.member.member) continue;
    const auto entry = std::ranges::find(heartbeat.vector, old.author, &VectorEntry::author);
    if (entry != heartbeat.vector.end() && entry->seq >= old.seq) continue;
    violated("promise forgotten: " + member_name(member) +
             " serves again and has not carried out what it had answered");
  }
}

void Judge::taken_in_again(std::size_t member) {
  std::erase_if(gone_, [&](const auto& gone) { return std::get<0>(gone) == member; });
}

void Judge::leaves(const Incarnation& member, bool on) {
  if (on) {
    leaving_.insert(member);
  } else {
    leaving_.erase(member);
  }
}

void Judge::said_of_members(const Fact& fact) {
  if (const auto* admit = std::get_if<Admit>(&fact.content)) {
    const Incarnation joiner{admit->joiner.member, admit->joiner.incarnation};
    admitted_.insert(joiner);
    admissions_[joiner].push_back(fact.id);
    believe();
    if (fact.id.author.member != joiner.member) invited_.insert(joiner);
  }
  if (const auto* leave = std::get_if<Leave>(&fact.content)) {
    left_.insert(fact.id.author);
    heirs_[fact.id.author].insert(leave->heir);
    context_.counters.add("left for good");
  }
  const auto* forget = std::get_if<Forget>(&fact.content);
  if (forget == nullptr) return;
  if (fact.id.author.member == forget->decreed_by) context_.counters.add("decree");
  for (const Incarnation& dead : forget->forgotten) {
    cuts_.try_emplace(dead);
    remain_[dead].insert(forget->remain.begin(), forget->remain.end());
    heirs_[dead].insert(forget->heir);
  }
  for (const FactId& last : forget->had) {
    std::uint64_t& had = cuts_[last.author][fact.id.author];
    had = std::max(had, last.seq);
  }
  believe();
}

// Who was taken in by a word that does not count is nobody to those who remain, and so is what it says. Each
// who is believed may make more words count.
void Judge::believe() {
  believed_.clear();
  for (bool more = true; more;) {
    more = false;
    for (const auto& [joiner, words] : admissions_) {
      const auto takes_in = [this, &one = joiner](const FactId& word) { return admits(word, one); };
      if (!believed_.contains(joiner) && std::ranges::any_of(words, takes_in)) more = believed_.insert(joiner).second;
    }
  }
}

bool Judge::admits(const FactId& word, const Incarnation& joiner) const {
  if (word.author != joiner) return believed_.contains(word.author) && counts(word);
  const auto before = believed_.lower_bound(joiner);  // it took itself in: the first of all, or a life after another
  return joiner.number == 1 || (before != believed_.begin() && std::prev(before)->member == joiner.member);
}

bool Judge::counts(const Incarnation& member) const {
  std::vector<Incarnation> out{left_.begin(), left_.end()};
  for (const auto& [gone, last] : cuts_) out.push_back(gone);
  return !rollcall::names(out, member, invited_);
}

bool Judge::counts(const FactId& fact) const {
  return fact.seq <= last_that_counts(fact.author);
}

std::uint64_t Judge::last_that_counts(const Incarnation& author) const {
  const auto found = cuts_.find(author);
  if (found == cuts_.end()) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t last = 0;
  for (const auto& [by, seq] : found->second) {
    const auto remain = remain_.find(author);
    const bool remains = remain != remain_.end() && remain->second.contains(by.member);
    if (!cuts_.contains(by) && (remains || believed_.contains(by))) last = std::max(last, seq);
  }
  return last;
}

// Its author, a later life of that, or an heir; of an heir who is out his own.
bool Judge::may_end(const Incarnation& by, const Incarnation& author) const {
  if (by == author || (by.member == author.member && counts(author))) return true;
  std::set<MemberId> seen;
  std::vector<MemberId> todo{author.member};
  while (!todo.empty()) {
    const MemberId member = todo.back();
    todo.pop_back();
    for (const auto& [out, heirs] : heirs_) {
      if (out.member != member) continue;
      if (heirs.contains(by.member)) return true;
      for (const MemberId& heir : heirs) {
        if (seen.insert(heir).second) todo.push_back(heir);
      }
    }
  }
  return false;
}

void Judge::ended(const FactId& by, const Tombstone& tombstone) {
  const auto found = written_.find(tombstone.ended);
  if (found == written_.end()) return;
  Written& fact = found->second;
  // What one who is out wrote last nobody may have heard; an heir may go and come back; and a machine that is an old copy
  // may be cut off from those who heard it.
  const bool handed_on = heirs_.contains(tombstone.ended.author) && fact.ended_by != by.author;
  const bool later_life = fact.ended_by && fact.ended_by->member == by.author.member && fact.ended_by->number < by.author.number;
  const bool forgot = fact.ended_by && std::ranges::any_of(unwritten_, [&fact](const FactId& lost) { return lost.author == *fact.ended_by; });
  if (fact.ended_by && !handed_on && !later_life && !forgot && counts(*fact.ended_by) && counts(by))
    violated("fact ended twice: " + to_string(tombstone.ended) + ", by " +
             to_string(fact.ended_by->member) + "." + std::to_string(fact.ended_by->number) +
             " and " + to_string(by));
  if (!may_end(by.author, tombstone.ended.author)) violated("somebody ended another's fact");
  if (by.author.member != tombstone.ended.author.member) context_.counters.add("heir ended a fact");
  fact.ended_by = by.author;
  const Zone& zone = zones_[fact.candidate.zone.name];
  const auto winner = zone.introduced.find(fact.candidate.generation);
  const bool lost = winner != zone.introduced.end() && winner->second != fact.candidate.fingerprint;
  context_.counters.add(lost ? "loser pruned" : "key purged");
}

}  // namespace rollcall::sim
