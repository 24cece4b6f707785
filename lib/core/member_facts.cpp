// SPDX-License-Identifier: GPL-3.0-or-later
// Facts: our own are made here, everybody's are carried out here.
//
// "Carried out" is what the vector of the heartbeat tells, so each kind says below what it takes.
#include <algorithm>

#include "lib/core/member_impl.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

bool collide(std::uint16_t a, std::uint16_t b) {
  return a == b || revoked_tag(a) == b || a == revoked_tag(b);
}

}  // namespace

const Fact& Member::Impl::add_fact(FactContent content) {
  const FactId id{self_, log_.prefix(self_) + 1};
  const auto* candidate = std::get_if<Candidate>(&content);
  const Time created = candidate ? candidate->created : now_.wall;  // one time, not two
  Fact fact{id, created, {}, std::move(content)};
  fact.signature = crypto_.sign(fact.id, fact.created, fact.content);
  effects_.saves.push_back(SaveFact{fact});
  effects_.acts.push_back(Publish{id});
  unseen_.insert(id);
  own_stale_ = true;
  MUST(log_.add(std::move(fact)) == FactLog::Added::added);
  again_ = true;
  const Fact& added = *log_.find(id);
  note(added);
  return added;
}

// What can be read off a fact as soon as it is held in order, whether carried out or not.
void Member::Impl::note(const Fact& fact) {
  std::uint64_t& noted = noted_[fact.id.author];
  if (fact.id.seq <= noted) return;
  noted = fact.id.seq;
  note_epoch(fact);
  if (const ZoneRef* zone = zone_of(fact)) {
    work_of(*zone).book.add(fact);
    work_of(*zone).stale = true;
  }
  if (const auto* tombstone = std::get_if<Tombstone>(&fact.content)) {
    if (members_.may_end(fact.id.author, tombstone->ended.author)) {
      ended_.insert(tombstone->ended);
    } else {
      foreign_tombstones_.push_back(fact.id);
    }
    all_stale_ = true;
  }
  if (const auto* admit = std::get_if<Admit>(&fact.content)) {
    all_stale_ = true;
    const auto know = [this](const MemberKeys& keys) {
      known_.try_emplace({keys.member, keys.incarnation}, keys);
    };
    for (const MemberKeys& keys : admit->known) know(keys);
    know(admit->joiner);
  }
  if (zone_of(fact) == nullptr) {
    members_.add(fact);
    members_stale_ = members_stale_ || !(std::holds_alternative<Epoch>(fact.content) ||
                                         std::holds_alternative<Rewrap>(fact.content));
  }
}

void Member::Impl::follow_facts() {
  if (log_.size() == followed_ && !unfinished_ && behind_.empty()) return;
  followed_ = log_.size();
  unfinished_ = false;
  for (const Incarnation& author : log_.authors()) {
    const auto& facts = log_.in_order(author);
    for (std::uint64_t seq = noted_[author]; seq < facts.size(); ++seq) note(facts[seq]);
  }
  for (const Incarnation& author : log_.authors()) follow(author);
}

// Moves the vector over what is carried out, and over what takes so long that it must not hold up
// the rest: that is said to be behind.
void Member::Impl::follow(const Incarnation& author) {
  for (auto at = behind_.lower_bound({author, 0}); at != behind_.end() && at->author == author;) {
    const Fact* fact = log_.find(*at);
    if (!fact || !carry(*fact)) {
      ++at;
      continue;
    }
    at = behind_.erase(at);
    own_answer_changed(*fact);
  }

  std::uint64_t& reached = vector_[author];
  const std::uint64_t last = log_.prefix(author);
  bool in_order = true;
  for (std::uint64_t seq = reached + 1; seq <= last; ++seq) {
    const Fact& fact = *log_.find({author, seq});
    if (std::holds_alternative<UnknownKind>(fact.content)) {  // never acked past
      unfinished_ = true;
      return;
    }
    bool done = !behind_.contains(fact.id) && carry(fact);
    if (!done) {
      const BootTime since = tried_since_.try_emplace(fact.id, now_.boot).first->second;
      const bool too_long = now_.boot - since >= settings_.patience;
      if (!too_long) wake(since + settings_.patience);
      if (too_long && in_order && behind_.insert(fact.id).second) own_answer_changed(fact);
      done = too_long;
    }
    in_order = in_order && done;
    unfinished_ = unfinished_ || !in_order;
    if (in_order) {
      reached = seq;
      tried_since_.erase(fact.id);
      own_answer_changed(fact);
    }
  }
}

// Our own answer counts like the others'.
void Member::Impl::own_answer_changed(const Fact& fact) {
  progressed_ = own_stale_ = epochs_stale_ = true;
  if (const ZoneRef* zone = zone_of(fact)) {
    work_of(*zone).stale = true;
  } else {
    all_stale_ = true;
  }
}

bool Member::Impl::carry(const Fact& fact) {
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
    return carry_candidate(fact, *candidate);
  }
  if (const auto* decision = std::get_if<Decision>(&fact.content)) {
    return carry_decision(fact, *decision);
  }
  if (const auto* epoch = std::get_if<Epoch>(&fact.content)) return carry_epoch(fact, *epoch);
  if (const auto* rewrap = std::get_if<Rewrap>(&fact.content)) return carry_rewrap(fact, *rewrap);
  if (const auto* tombstone = std::get_if<Tombstone>(&fact.content)) {
    carry_tombstone(*tombstone);
  }
  return true;  // the others are carried out by being stored
}

// A candidate: unwrapped, compared with its DNSKEY and tried, with no own intent pending. Or a
// rejection written. Either way it is also the promise to make no candidate.
bool Member::Impl::carry_candidate(const Fact& fact, const Candidate& candidate) {
  if (fact.id.author == self_ || ended_.contains(fact.id)) return true;
  const ZoneWork& work = work_of(candidate.zone);
  if (work.book.rejected(self_.member, fact.id)) return true;
  if (intends(candidate.zone, candidate.generation.role)) return false;

  const auto wrap = wrap_to_check(fact.id, candidate);
  if (!wrap) return false;
  std::optional<std::string> no;
  const Checked checked = check_wrap(*wrap);
  if (checked == Checked::failed) {
    if (*wrap != fact.id) return false;  // the key may be good, its newest copy is not
    no = failed_checks_.at(fact.id);
  } else {
    if (checked == Checked::not_yet) return false;
    if (!work.configured || !policy_known(work)) return false;
    if (serving_) no = objection(candidate);  // whom not everybody counts yet has no opinion
  }
  if (!no) return true;
  if (!may_decide()) return false;
  tell(Notice::Level::warning, "candidate rejected", candidate.zone.name,
       to_string(candidate.generation) + ", key tag " + std::to_string(candidate.key_tag) + ", of " +
           name_of_member(fact.id.author.member) + ": " + *no);
  add_fact(Reject{candidate.zone, candidate.generation, fact.id, *no});
  return true;
}

// Whatever rests on policy, a clock or an opinion.
std::optional<std::string> Member::Impl::objection(const Candidate& candidate) {
  const ZoneWork& work = work_of(candidate.zone);
  const Policy policy = policy_of(work);
  const auto taken = taken_tags(work, candidate.generation);
  const auto same = std::ranges::find_if(
      taken, [&](std::uint16_t tag) { return collide(tag, candidate.key_tag); });
  if (same != taken.end()) {
    return "its key tag collides with that of key " + std::to_string(*same);
  }
  if (candidate.due > now_.wall + settings_.clock_tolerance) {
    return "it says that it was due in the future, at " + to_iso(candidate.due);
  }
  // Later ones come in any case: a member may not have heard yet that another algorithm is wanted. So does one of
  // another scheme.
  const bool is_first = candidate.generation.number == 1 && std::ranges::none_of(work.view.keys, [&](const KeyView& key) {
    return scheme_of(key.role()) != scheme_of(candidate.generation.role);
  });
  if (!is_first || policy.algorithm == candidate.generation.algorithm) return std::nullopt;
  return "the policy wants algorithm " + std::string{mnemonic(policy.algorithm)};
}

bool Member::Impl::carry_decision(const Fact& fact, const Decision& decision) {
  if (!settings_.serves_dns || is_out()) return true;
  return work_of(decision.zone).server.carried_decisions.contains(fact.id);
}

// A wiped key is gone for good, so a tombstone for a key that is served is not believed.
void Member::Impl::carry_tombstone(const Tombstone& tombstone) {
  if (!ended_.contains(tombstone.ended)) return;
  const Fact* ended = log_.find(tombstone.ended);
  const auto* candidate = ended ? std::get_if<Candidate>(&ended->content) : nullptr;
  if (!candidate) return;
  const ZoneBook& book = work_of(candidate->zone).book;
  for (const Record record : all_records) {
    if (book.history({candidate->fingerprint, record}).served()) return;
  }
  if (!wiped_.insert(tombstone.ended).second) return;
  effects_.acts.push_back(Wipe{tombstone.ended});
  for (const auto& rewrap : epochs_.rewraps(tombstone.ended)) effects_.acts.push_back(WipeWrap{rewrap.id});
}

}  // namespace rollcall
