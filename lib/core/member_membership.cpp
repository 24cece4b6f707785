// SPDX-License-Identifier: GPL-3.0-or-later
// Who belongs to the cluster, and what follows from it: whose facts still count and up to which,
// whose answers are needed, and when this member itself must not answer any more.
#include <algorithm>
#include <utility>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {

void Member::Impl::settle_membership() {
  const bool more_facts = std::exchange(members_at_, log_.size()) != log_.size();
  if (!std::exchange(members_stale_, false) && !(more_facts && !members_.decrees().empty()))
    return guard();
  members_.evaluate();
  follow_decrees();
  notice_forgotten();
  notice_left();
  std::set<Incarnation> roster = members_.roster();
  if (forgotten_ || members_.left(self_.member)) roster.erase(self_);
  if (std::exchange(roster_, std::move(roster)) != roster_) {
    own_stale_ = all_stale_ = progressed_ = true;
    again_ = true;
  }
  taken_in_at_ = in_roster() ? std::optional{taken_in_at_.value_or(now_.boot)} : std::nullopt;
  for (const auto& [member, number] : members_.departed()) {
    not_counted_by_.erase(member);  // who is out says nothing about us any more
    const Heartbeat* last = acks_.newest(member);
    if (!last) continue;
    Nanoseconds& ttl = served_ttl_[member];
    ttl = std::max<Nanoseconds>({ttl, last->dnskey_ttl, last->max_zone_ttl});
  }
  acks_.bury(members_.buried());
  if (!keep_limits()) return;
  settle_tombstones();
  guard();
}

// Every decree that binds whoever remains is said again by each of them, with what he had.
void Member::Impl::follow_decrees() {
  while (may_say() && !forgotten_) {
    const auto* decree = members_.to_follow();
    if (!decree) return;
    Forget own = say(decree->content);
    tell(Notice::Level::warning, "forgotten", "",
         name_of_member(own.forgotten.front().member) +
             (own.forgotten.size() > 1 ? " and others" : "") + ", by decree of " +
             name_of_member(own.decreed_by) + ", asked by " + own.asked_by);
    add_fact(std::move(own));
    members_.evaluate();
  }
}

// Also how far those are held who were forgotten before: who said it then may be forgotten now.
Forget Member::Impl::say(Forget decree) const {
  decree.had.clear();
  for (const Incarnation& author : log_.authors()) {
    const bool named = members_.names(decree, author) || members_.limit(author).has_value();
    if (named && log_.prefix(author) > 0) decree.had.push_back({author, log_.prefix(author)});
  }
  return decree;
}

// Facts of the forgotten that do not count are held back: some of them may count after all, when it
// is heard that another member had them.
//
// Returns  False if facts were carried out already that never counted: this life ends.
bool Member::Impl::keep_limits() {
  bool dropped = false;
  for (const Incarnation& author : log_.authors()) {
    const auto limit = members_.limit(author);
    if (!limit) continue;
    for (Fact& fact : log_.take_early(author, *limit))
      beyond_.insert_or_assign(fact.id, std::move(fact));
    if (log_.prefix(author) <= *limit || serving_) continue;
    effects_.saves.push_back(DropFacts{author, *limit});
    dropped = true;
  }
  if (dropped) {
    life_begins_ = true;
    // What was begun with facts that are dropped is not gone on with.
    std::erase_if(effects_.acts,
                  [](const Act& act) { return !std::holds_alternative<Notice>(act); });
    effects_.acts.push_back(StartOver{});
    return false;
  }
  std::vector<Fact> counts;
  for (auto at = beyond_.begin(); at != beyond_.end();) {
    const auto limit = members_.limit(at->first.author);
    if (limit && at->first.seq > *limit) {
      ++at;
      continue;
    }
    counts.push_back(std::move(at->second));
    at = beyond_.erase(at);
  }
  for (Fact& fact : counts) log_.add(std::move(fact));
  again_ = again_ || !counts.empty();
  return true;
}

// Who is forgotten must not wait for facts that were lost on the way, nor for whose facts count.
void Member::Impl::overhear(const Fact& fact) {
  const auto* forget = std::get_if<Forget>(&fact.content);
  if (forget == nullptr || fact.id.seq <= log_.prefix(fact.id.author)) return;
  members_.overhear(fact.id, *forget);
  members_stale_ = true;
}

bool Member::Impl::hold_back(const Fact& fact) {
  const auto limit = members_.limit(fact.id.author);
  if (!limit || fact.id.seq <= *limit) return false;
  beyond_.insert_or_assign(fact.id, fact);
  return true;
}

// Whoever took it in may be forgotten since, and what he said then may not count for those who remain.
std::optional<std::string> Member::Impl::uncounted_alarm() const {
  const bool taken_in = taken_in_at_ || log_.prefix(self_) > 0;  // it may not even count itself any more
  const bool waits = taken_in && !serving_ && !took_itself_in_ && !is_out();
  if (!waits || now_.boot - taken_in_at_.value_or(began_at_) < settings_.silence) return std::nullopt;
  std::string names;
  for (const MemberId& member : acks_.roster()) {
    const Heartbeat* said = acks_.newest(member);
    if (!said || !said->serving || !fresh(member)) continue;
    if (std::ranges::find(said->roster, self_) != said->roster.end()) continue;
    names += (names.empty() ? "" : ", ") + name_of_member(member);
  }
  if (names.empty()) return std::nullopt;
  return alarm_words::not_counted + names +
         ": the word that took it in does not count there; `rollcall join` takes it in again";
}

// --- whose answer is needed ----------------------------------------------------------------------

// What a forgotten one did last, nobody may know: when the decree is in force it still counts until
// whatever it served has left every cache.
void Member::Impl::guard() {
  std::set<MemberId> kept, removed;
  for (const auto& [member, number] : members_.departed()) {
    const Incarnation last{member, number};
    if (members_.inherited(last)) {
      removed.insert(member);
      continue;
    }
    bool forgotten = false, over = false;
    for (const auto& decree : members_.decrees()) {
      if (!members_.follows(decree) || !members_.names(decree.content, last)) continue;
      forgotten = true;
      over = over || over_caches(decree);
    }
    if (forgotten) (over ? removed : kept).insert(member);
  }
  acks_.set_guards(std::move(kept), std::move(removed));
  note_membership_holds();
}

// Kept with the other waits: a restart of the agent does not begin it anew.
std::optional<BootTime> Member::Impl::over_caches_at(const Decrees::Decree& decree) {
  WaitKey wait{{".", 0}, {}, Record::dnskey, Change::withdrawn};
  std::ranges::copy(decree.content.decree.bytes, wait.key.begin());
  if (decree.standing == Decrees::Standing::in_force)
    return waits_.start(wait, now_.boot) + caches_followed();
  waits_.stop(wait);
  return std::nullopt;
}

bool Member::Impl::over_caches(const Decrees::Decree& decree) {
  const auto at = over_caches_at(decree);
  if (!at || now_.boot >= *at) return at.has_value();
  wake_for_timer(*at);
  return false;
}

// The longest that a cache has anything that any member served. At least as long as silence has to
// last before it means something, since a forgotten member that comes back needs that time to hear
// of it.
Nanoseconds Member::Impl::caches_followed() const {
  Nanoseconds ttl{0}, propagation{0};
  for (const auto& [name, policy] : policies_) {
    ttl = std::max<Nanoseconds>({ttl, policy.dnskey_ttl, policy.max_zone_ttl});
    propagation = std::max<Nanoseconds>(propagation, policy.propagation);
  }
  for (const auto& [member, served] : served_ttl_) ttl = std::max(ttl, served);
  for (const MemberId& member : acks_.roster()) {
    if (const Heartbeat* heartbeat = acks_.newest(member)) {
      ttl = std::max<Nanoseconds>({ttl, heartbeat->dnskey_ttl, heartbeat->max_zone_ttl});
    }
  }
  return std::max<Nanoseconds>(ttl + propagation, settings_.silence);
}

void Member::Impl::note_membership_holds() {
  membership_holds_.clear();
  for (const auto& decree : members_.decrees()) {
    if (!members_.follows(decree)) continue;
    std::string step = "forget";
    for (const Incarnation& dead : decree.content.forgotten)
      step += ' ' + name_of_member(dead.member);
    if (const auto at = over_caches_at(decree)) {
      if (now_.boot >= *at) continue;
      membership_holds_.push_back({Reason::time,
                                   step,
                                   "caches may still have what it served",
                                   {},
                                   now_.wall + (*at - now_.boot)});
      continue;
    }
    auto missing = members_.missing(decree);
    const char* text = missing.empty() ? "facts of the forgotten that count have not arrived here"
                                       : "not every member that remains has said so";
    membership_holds_.push_back({Reason::member, step, text, std::move(missing), {}});
  }
}

// --- whose facts may be ended
// ----------------------------------------------------------------------

bool Member::Impl::ends(const Incarnation& author) const {
  if (members_.ender(author) != self_.member) return false;
  if (author == self_) return true;
  return author.member == self_.member ? !members_.awaits_decree(author) : members_.gone(author);
}

// An heir's word may come before the word that makes it the heir.
void Member::Impl::settle_tombstones() {
  std::erase_if(foreign_tombstones_, [this](const FactId& id) {
    const Fact& fact = *log_.find(id);
    const auto& tombstone = std::get<Tombstone>(fact.content);
    if (!members_.may_end(id.author, tombstone.ended.author)) return false;
    ended_.insert(tombstone.ended);
    all_stale_ = true;
    carry_tombstone(tombstone);
    return true;
  });
}

// --- oneself
// -----------------------------------------------------------------------------------------

// A refusal from one server is survived, a stale key set is not. A decree can come to nothing.
void Member::Impl::notice_forgotten() {
  const auto* decree = members_.forgets_us();
  if (std::exchange(forgotten_, decree != nullptr) == (decree != nullptr)) return;
  serving_ = false;
  progressed_ = own_stale_ = all_stale_ = true;
  if (!decree)
    return tell(Notice::Level::notice, "remembered", "",
                "the decree that forgot this member is overruled");
  forgotten_by_ = name_of_member(decree->content.decreed_by);
  for (auto& [zone, work] : zones_) work.server.lost = false;
  tell(Notice::Level::error, "forgotten", "",
       "this member was forgotten by decree of " + forgotten_by_ + ", asked by " +
           decree->content.asked_by + ": it answers no more; `rollcall join` brings it back");
}

// An old copy of the store does not know that it left.
void Member::Impl::notice_left() {
  if (leaving_ || !members_.left(self_)) return;
  serving_ = false;
  progressed_ = own_stale_ = all_stale_ = true;
  leaving_ = Leaving{members_.ender(self_), "an earlier life of this member"};
  effects_.saves.push_back(SaveLeaving{leaving_});
  tell(Notice::Level::warning, "left", "",
       "this member left before its store was restored from an old copy");
}

// Until it was seen to be silent; a server that people start again is stopped again.
void Member::Impl::stop_answering() {
  if (!is_out() || !settings_.serves_dns || stopping_) return;
  if (now_.boot < stop_at_) return wake_for_timer(stop_at_);
  stopping_ = true;
  effects_.acts.push_back(StopAnswering{});
}

void Member::stopped_answering() {
  impl_->stopping_ = false;
  impl_->not_stopped_.clear();
  impl_->stop_at_ = impl_->now_.boot + impl_->settings_.look_interval;
  if (!impl_->silent_since_) impl_->silent_since_ = impl_->now_.boot;
}

void Member::not_stopped(std::string why) {
  impl_->stopping_ = false;
  impl_->stop_at_ = impl_->now_.boot + impl_->settings_.patience;
  impl_->silent_since_.reset();
  impl_->not_stopped_ = std::move(why);
}

}  // namespace rollcall
