// SPDX-License-Identifier: GPL-3.0-or-later
// A store that turns out to be an old copy: the member begins a new life under a new number, so
// that no number of a fact is ever used twice, and first carries out what its earlier lives had
// answered.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr const char* shared_identity =
    "another agent writes with this member's identity: stop one of the two, then restart this one";

}  // namespace

void Member::Impl::store_is_old(std::string why) {
  if (std::exchange(store_is_old_, true)) return;
  nobody_else_since_ = now_.boot;
  identity_trouble_ = std::move(why);
  tell(Notice::Level::warning, "old store", "", identity_trouble_);
}

void Member::Impl::own_fact_unknown(const FactId& id) {
  if (const Fact* held = log_.find(id); held)
    disputed_ = std::min(disputed_.value_or(id.seq), id.seq);
  store_is_old(
      "the directory has facts of this member that its store does not know: the store was "
      "restored from an old copy");
}

// At a start it is the store that is old. At work it is somebody else: two of one identity.
void Member::Impl::later_life_seen() {
  if (!sent_)
    return store_is_old(
        "this member began a new life of which its store does not know: the store was "
        "restored from an old copy");
  identity_trouble_ = shared_identity;
}

void Member::Impl::own_heartbeat_seen(const Heartbeat& heartbeat) {
  if (heartbeat.instance == instance_) return;
  said_last_ = std::max(said_last_, heartbeat.time);
  const std::uint32_t number = heartbeat.member.number;
  highest_own_ = std::max(highest_own_, number);
  const std::pair said{number, heartbeat.counter};
  if (store_is_old_ && said > other_said_) {  // whoever writes that is alive
    nobody_else_since_ = now_.boot;
    identity_trouble_ = shared_identity;
  }
  other_said_ = std::max(other_said_, said);
  if (number < self_.number) {
    const bool goes_on = sent_ && said_before_ && said_before_->member == heartbeat.member &&
                         heartbeat.counter > said_before_->counter + 1;
    if (goes_on) identity_trouble_ = shared_identity;  // the life before is not over
    if (!said_before_ || said_before_->member < heartbeat.member) said_before_ = heartbeat;
    return;
  }
  if (number > self_.number || heartbeat.counter > counter_at_start_) later_life_seen();
}

// What others have answered of our own facts.
void Member::Impl::compare_own_facts(const Heartbeat& heartbeat) {
  for (const VectorEntry& entry : heartbeat.vector) {
    if (entry.author.member == self_.member)
      highest_own_ = std::max(highest_own_, entry.author.number);
    if (entry.author.member == self_.member && entry.author.number > self_.number)
      later_life_seen();
    if (entry.author != self_) continue;
    if (log_.digest(self_, entry.seq) == entry.digest) continue;
    store_is_old(name_of_member(heartbeat.member.member) +
                 " has answered facts of this member that its "
                 "store does not know: the store was restored from an old copy");
  }
  for (const FactId& said : heartbeat.said_more) {
    if (said.author != self_ || said.seq <= counters_[self_]) continue;
    store_is_old(name_of_member(heartbeat.member.member) +
                 " has heard later heartbeats of this member than its store knows of: the store was restored from an old copy");
  }
}

// Only when the directory was read: it shows which numbers were used already. And only when nobody
// else writes with this identity: an old store and a second agent look the same at first.
bool Member::Impl::next_life() {
  if (!store_is_old_ || !current_ || forgotten_ || life_begins_) return false;
  if (const BootTime at = nobody_else_since_ + settings_.silence; now_.boot < at) {
    wake(at);
    return false;
  }
  if (disputed_) effects_.saves.push_back(DropFacts{self_, *disputed_ - 1});
  const std::uint32_t number = std::max(highest_own_, self_.number) + 1;
  effects_.saves.push_back(SaveNextLife{number});
  effects_.acts.push_back(
      Notice{Notice::Level::warning, "new life", "",
             "incarnation " + std::to_string(number) + ": " + identity_trouble_});
  effects_.acts.push_back(StartOver{});
  life_begins_ = true;
  return true;
}

// The identity is the same, so everybody who believes the life before believes this word.
void Member::Impl::take_itself_in() {
  const bool out = forgotten_ || members_.left(self_.member);
  if (!took_itself_in_ || !current_ || out || members_.roster().contains(self_)) return;
  const auto after = known_.lower_bound(self_);
  if (after == known_.begin() || std::prev(after)->first.member != self_.member)
    return;  // not read yet
  const Incarnation before = std::prev(after)->first;
  if (members_.gone(before) || log_.prefix(self_) > 0) return;
  MemberKeys own = std::prev(after)->second;
  own.incarnation = self_.number;
  Admit admit{std::move(own), {}, members_.forgotten(), {}};
  for (const auto& [member, keys] : known_) admit.known.push_back(keys);
  for (const Incarnation& dead : admit.forgotten) {
    if (const auto limit = members_.limit(dead); limit && *limit > 0)
      admit.had.push_back({dead, *limit});
  }
  add_fact(std::move(admit));
}

// Everything is held that anybody who counts speaks of.
bool Member::Impl::caught_up() const {
  const auto held = [this](const Incarnation& author, std::uint64_t seq) {
    const auto limit = members_.limit(author);
    return log_.prefix(author) >= (limit ? std::min(seq, *limit) : seq);
  };
  return std::ranges::all_of(roster_, [&](const Incarnation& member) {
    const Heartbeat* heartbeat = acks_.newest(member.member);
    if (!heartbeat || member == self_) return true;
    return held(heartbeat->member, heartbeat->last_seq) &&
           std::ranges::all_of(heartbeat->vector, [&](const VectorEntry& entry) {
             return held(entry.author, entry.seq);
           });
  });
}

// Heartbeats of an earlier life are gone when this one has written its own; facts beyond a gap are proof as well.
bool Member::Impl::lacks_of_before() const {
  return took_itself_in_ && std::ranges::any_of(log_.authors(), [this](const Incarnation& author) {
    return author.member == self_.member && author != self_ && log_.has_gap(author);
  });
}

// Every fact that an earlier life answered was written by somebody whose heartbeat speaks of it. What it wrote itself
// anybody may speak of: also who was taken in by just that.
bool Member::Impl::carried_all_of_before() const {
  const auto carried = [this](const Incarnation& author, std::uint64_t seq) {
    const auto limit = members_.limit(author);
    const std::uint64_t wanted = limit ? std::min(seq, *limit) : seq;
    const auto reached = vector_.find(author);
    return wanted == 0 || (reached != vector_.end() && reached->second >= wanted);
  };
  const auto all_of = [&](const Heartbeat& heartbeat) {
    return std::ranges::all_of(heartbeat.vector, [&](const VectorEntry& entry) {
      return carried(entry.author, entry.seq);
    });
  };
  if (lacks_of_before() || (said_before_ && !all_of(*said_before_))) return false;
  for (std::uint32_t number = 1; number < self_.number; ++number) {
    const Incarnation before{self_.member, number};
    if (!carried(before, acks_.highest_heard_of(before))) return false;
  }
  return std::ranges::all_of(roster_, [&](const Incarnation& member) {
    const Heartbeat* heartbeat = acks_.newest(member.member);
    return !heartbeat || member == self_ ||
           (carried(heartbeat->member, heartbeat->last_seq) && all_of(*heartbeat));
  });
}

// What this machine served before it went down may have been withdrawn long ago, if it was
// forgotten meanwhile or its disk restored. A member whose heartbeat was written since then knows.
bool Member::Impl::may_answer() const {
  if (never_answers() || !read_once_) return false;
  if (!compared() && !is_only_one()) return false;
  return serving_ || caught_up();
}

// Who is not counted any more by somebody who serves was forgotten, though the decree has not arrived yet.
bool Member::Impl::never_answers() const { return is_out() || store_is_old_ || !not_counted_by_.empty(); }

}  // namespace rollcall
