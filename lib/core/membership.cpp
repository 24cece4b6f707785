// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/membership.h"

#include <algorithm>
#include <utility>

namespace rollcall {

Membership::Membership(Incarnation self, bool took_itself_in,
                       std::function<std::uint64_t(const Incarnation&)> prefix)
    : self_(self), took_itself_in_(took_itself_in), prefix_(std::move(prefix)) {
  if (!took_itself_in) invited_.insert(self_);  // or will be, before it counts
}

void Membership::add(const Fact& fact) {
  if (const auto* admit = std::get_if<Admit>(&fact.content)) {
    add(fact.id, *admit);
  } else if (const auto* leave = std::get_if<Leave>(&fact.content)) {
    left_.push_back({fact.id.author, leave->heir});
  } else if (const auto* forget = std::get_if<Forget>(&fact.content)) {
    decrees_.add(fact.id, *forget);
    heard_.add(fact.id, *forget);
    for (const FactId& last : forget->had) had_[last.author][fact.id.author] = last.seq;
  } else {
    return;
  }
  evaluate();
}

// One's own next life is taken in by oneself: whoever believes the one before believes it.
void Membership::add(const FactId& id, const Admit& admit) {
  const Incarnation joiner{admit.joiner.member, admit.joiner.incarnation};
  admitted_.insert(joiner);
  if (id.author.member != joiner.member || joiner.number == 1) invited_.insert(joiner);
  std::uint32_t& latest = latest_[joiner.member];
  latest = std::max(latest, joiner.number);
  without_[joiner].push_back(admit.forgotten);
  for (const FactId& last : admit.had) had_[last.author][id.author] = last.seq;
  if (joiner.member == self_.member) {
    // Who took in an earlier life may not count now, nor what he said of others: its own word will tell.
    if (joiner != self_ && !took_itself_in_) return;
    inherited_.insert(inherited_.end(), admit.forgotten.begin(), admit.forgotten.end());
    for (const MemberKeys& keys : admit.known) vouched_.insert({keys.member, keys.incarnation});
  }
}

void Membership::overhear(const FactId& id, const Forget& forget) {
  heard_.add(id, forget);
  heard_.evaluate(*this);
}

void Membership::evaluate() {
  decrees_.evaluate(*this);
  heard_.evaluate(*this);
  recount();
}

void Membership::recount() {
  roster_.clear();
  departed_.clear();
  buried_.clear();
  for (const Incarnation& member : admitted_) {
    if (left_or_followed(member))
      buried_[member.member] = member.number;  // sorted: the last one stays
  }
  for (const auto& [member, number] : latest_) {
    // The newest life that is not out; an older one is out with it.
    const Incarnation latest{member, number};
    const auto first = invited_.lower_bound({member, 0});
    if (first == invited_.end() || first->member != member) continue;  // it takes itself in only
    if (!left_or_followed(latest)) {
      roster_.insert(latest);
      continue;
    }
    departed_[member] = number;
  }
}

std::optional<Incarnation> Membership::last_life(const MemberId& member) const {
  const auto found = latest_.find(member);
  return found == latest_.end() ? std::nullopt : std::optional{Incarnation{member, found->second}};
}

bool Membership::left(const MemberId& member) const { return left(latest(member)); }

bool Membership::left(const Incarnation& life) const {
  return std::ranges::any_of(left_, [&](const Departure& departure) {
    return rollcall::names({departure.member}, life, invited_);
  });
}

// What overrules it may be heard of only: by it the author of that one is forgotten.
bool Membership::follows(const Decrees::Decree& decree) const {
  if (decree.standing == Decrees::Standing::overruled || !decree.said.contains(self_.member))
    return false;
  return std::ranges::none_of(heard_.all(), [&decree](const auto& heard) {
    return heard.content.decree == decree.content.decree &&
           heard.standing == Decrees::Standing::overruled;
  });
}

bool Membership::forgotten_by_others(const Incarnation& member) const {
  return std::ranges::any_of(decrees_.all(), [&](const auto& decree) {
    return decree.standing == Decrees::Standing::in_force && names(decree.content, member);
  });
}

// Who took us in knew which lives count, perhaps before the word that made them count arrives here.
bool Membership::inherited(const Incarnation& member) const {
  if (std::ranges::find(inherited_, member) != inherited_.end()) return true;
  return !vouched_.contains(member) && rollcall::names(inherited_, member, invited_);
}

// Whoever took us in knows that life, and the word that took it in may not have arrived here: until it does, it
// is no later life of the forgotten that took itself in.
bool Membership::names(const Forget& decree, const Incarnation& member) const {
  if (std::ranges::find(decree.forgotten, member) != decree.forgotten.end()) return true;
  const bool only_vouched_for = vouched_.contains(member) && !admitted_.contains(member);
  return !only_vouched_for && rollcall::names(decree.forgotten, member, invited_);
}

bool Membership::forgotten(const Incarnation& member) const {
  return inherited(member) || std::ranges::any_of(decrees_.all(), [&](const auto& decree) {
           return follows(decree) && names(decree.content, member);
         });
}

bool Membership::left_or_followed(const Incarnation& member) const {
  return left(member) || forgotten(member);
}

// The highest number that anybody who is not forgotten himself says that he had.
std::uint64_t Membership::highest_had(const Incarnation& author) const {
  std::uint64_t highest = 0;
  const auto had = had_.find(author);
  if (had == had_.end()) return highest;
  const bool before_us = !vouched_.empty() && inherited(author);
  for (const auto& [by, seq] : had->second) {
    const bool counts = !forgotten(by) && !(before_us && returned_unknown(by));
    if (counts) highest = std::max(highest, seq);
  }
  return highest;
}

// A later life of a forgotten one, of which whoever took us in had not heard: if it was taken in by facts that do not
// count, its word would make them count.
bool Membership::returned_unknown(const Incarnation& life) const {
  return life != self_ && !vouched_.contains(life) && std::ranges::any_of(inherited_, [&](const Incarnation& gone) {
           return gone.member == life.member && gone.number < life.number;
         });
}

std::optional<std::uint64_t> Membership::limit(const Incarnation& author) const {
  if (inherited_.empty() && decrees_.empty()) return std::nullopt;
  if (!forgotten(author)) return std::nullopt;
  return highest_had(author);
}

std::vector<Incarnation> Membership::forgotten() const {
  std::vector<Incarnation> list;
  for (const Incarnation& member : admitted_) {
    if (limit(member)) list.push_back(member);
  }
  return list;
}

Incarnation Membership::latest(const MemberId& member) const {
  const auto found = latest_.find(member);
  return {member, found == latest_.end() ? 1 : found->second};
}

// Who was taken in by somebody who did not know of the decree is bound by nobody's word but its
// own.
std::set<MemberId> Membership::others(const Forget& decree) const {
  std::set<MemberId> members;
  for (const auto& [member, number] : latest_) {
    const auto taken_in = without_.find({member, number});
    const bool bound = taken_in != without_.end() &&
                       std::ranges::any_of(taken_in->second, [&](const auto& forgotten) {
                         return std::ranges::all_of(decree.forgotten, [&](const Incarnation& gone) {
                           return rollcall::names(forgotten, gone, invited_);
                         });
                       });
    if (!bound) members.insert(member);
  }
  return members;
}

bool Membership::complete(const Forget& decree) const {
  return std::ranges::all_of(admitted_, [&](const Incarnation& member) {
    return !names(decree, member) || prefix_(member) >= highest_had(member);
  });
}

bool Membership::forgets_us(const Decrees::Decree& decree) const {
  if (decree.standing == Decrees::Standing::overruled || !names(decree.content, self_))
    return false;
  if (decree.standing == Decrees::Standing::in_force) return true;
  // One that contradicts an earlier one of ours will most likely come to nothing.
  return std::ranges::none_of(heard_.all(), [&](const auto& other) {
    return follows(other) && contradict(other, decree, *this);
  });
}

const Decrees::Decree* Membership::forgets_us() const {
  const auto found =
      std::ranges::find_if(heard_.all(), [&](const auto& decree) { return forgets_us(decree); });
  return found == heard_.all().end() ? nullptr : &*found;
}

std::vector<MemberId> Membership::heirs(const Incarnation& author) const {
  std::vector<MemberId> list;
  for (const Departure& departure : left_) {
    if (rollcall::names({departure.member}, author, invited_)) list.push_back(departure.heir);
  }
  for (const auto& decree : decrees_.all()) {
    if (decree.standing != Decrees::Standing::overruled && names(decree.content, author)) {
      list.push_back(decree.content.heir);
    }
  }
  return list;
}

bool Membership::awaits_decree(const Incarnation& author) const {
  return std::ranges::any_of(decrees_.all(), [&](const auto& decree) {
    return decree.standing == Decrees::Standing::open && names(decree.content, author);
  });
}

// An heir who is out has one himself. Before a decree is in force nobody ends anything.
MemberId Membership::ender(const Incarnation& author) const {
  Incarnation at = author;
  for (std::size_t hops = 0; hops <= latest_.size(); ++hops) {
    const auto list = heirs(at);
    if (list.empty()) return at.member;
    if (awaits_decree(at)) return at.member;
    at = latest(list.front());
  }
  return at.member;
}

bool Membership::may_end(const Incarnation& by, const Incarnation& author) const {
  if (by.member == author.member && by.number >= author.number) return true;
  std::set<MemberId> seen{author.member};
  std::vector<MemberId> todo = heirs(author);
  while (!todo.empty()) {
    const MemberId heir = todo.back();
    todo.pop_back();
    if (!seen.insert(heir).second) continue;
    if (heir == by.member) return true;
    // Of all its lives: what was ended while it was out stays ended when it has come back.
    const auto first = admitted_.lower_bound({heir, 0});
    for (auto life = first; life != admitted_.end() && life->member == heir; ++life) {
      for (const MemberId& next : heirs(*life)) todo.push_back(next);
    }
  }
  return false;
}

}  // namespace rollcall
