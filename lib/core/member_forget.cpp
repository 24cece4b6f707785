// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators ask about members: to forget dead ones, and to leave.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool contains(const std::vector<MemberId>& list, const MemberId& member) {
  return std::ranges::find(list, member) != list.end();
}

}  // namespace

ForgetPreview Member::Impl::preview_forget(const std::vector<MemberId>& dead) const {
  ForgetPreview preview;
  preview.dead = dead;
  std::ranges::sort(preview.dead);
  for (const Incarnation& member : roster_) {
    if (!contains(dead, member.member)) preview.remain.push_back(member.member);
  }
  if (forgotten_ || !in_roster()) preview.impossible.push_back("this member itself does not count");
  if (!doubt_.empty()) preview.impossible.push_back("nothing new is written here: " + doubt_);
  if (contains(dead, self_.member)) {
    preview.impossible.push_back(
        "this member cannot forget itself: `rollcall leave`, or ask another one");
  }
  bool anybody_serves = serving_;
  for (const MemberId& member : preview.remain) {
    const Heartbeat* heartbeat = acks_.newest(member);
    anybody_serves = anybody_serves || (heartbeat && heartbeat->serving);
  }
  if (!anybody_serves)
    preview.refused.push_back("nobody who remains serves: the zones would have no server");
  for (const MemberId& member : preview.dead) {
    const bool counts = std::ranges::any_of(
        roster_, [&](const Incarnation& known) { return known.member == member; });
    const std::string name = name_of_member(member);
    if (!counts) preview.impossible.push_back(name + " is no member that counts");
    if (member == self_.member || !counts) continue;
    if (fresh(member)) preview.refused.push_back(name + " is alive: its heartbeats arrive");
    const Heartbeat* last = acks_.newest(member);
    if (last && last->last_seq > log_.prefix(last->member)) {
      preview.refused.push_back(name + " wrote " +
                                std::to_string(last->last_seq - log_.prefix(last->member)) +
                                " facts that have not arrived here; they will never count");
    }
    preview.risks.push_back(
        "if " + name +
        " still answers, or starts again without hearing of this, whoever asks it "
        "may get signatures and keys that no longer fit: see that its server is off, and take it "
        "out of the NS sets");
  }
  for (const auto& [zone, work] : zones_) {
    for (const Hold& hold : work.plan.holds) {
      const bool by_them_only = !hold.waits_for.empty() &&
                                std::ranges::all_of(hold.waits_for, [&](const MemberId& member) {
                                  return contains(dead, member);
                                });
      if (!by_them_only) continue;
      preview.ends.push_back(hold);
      preview.ends.back().step = zone.name + ' ' + hold.step;
    }
  }
  preview.wait = caches_followed();
  return preview;
}

std::optional<std::string> Member::Impl::forget(const Uuid& decree,
                                                const std::vector<MemberId>& dead, std::string who,
                                                bool force) {
  if (dead.empty()) return "nobody is named";
  const ForgetPreview preview = preview_forget(dead);
  if (!preview.impossible.empty()) return list_of(preview.impossible);
  if (!preview.refused.empty() && !force) return list_of(preview.refused);
  decrees_asked_.push_back({decree, preview.dead, std::move(who)});
  return std::nullopt;
}

// Not even a comparison with another member is waited for: there may be none left.
void Member::Impl::decree_what_was_asked() {
  if (!in_roster() || !doubt_.empty()) return;
  for (Asked& asked : std::exchange(decrees_asked_, {})) {
    Forget forget{asked.decree, now_.wall,    self_.member,         {},
                  {},           self_.member, std::move(asked.who), {}};
    for (const Incarnation& member : roster_) {
      if (contains(asked.dead, member.member)) {
        forget.forgotten.push_back(member);
      } else {
        forget.remain.push_back(member.member);
      }
    }
    if (forget.forgotten.empty()) continue;
    tell(Notice::Level::warning, "decree", "",
         name_of_member(forget.forgotten.front().member) + " is dead, says " + forget.asked_by);
    add_fact(say(std::move(forget)));
    settle_membership();
  }
}

// --- leave
// -------------------------------------------------------------------------------------------

std::optional<std::string> Member::Impl::leave(std::optional<MemberId> heir, std::string who) {
  if (!in_roster()) return "this machine is no member";
  if (!doubt_.empty()) return "nothing new is written here: " + doubt_;
  const std::vector<MemberId> others = others_that_serve();
  if (others.empty()) return "no other member serves: the zones would have no server";
  if (heir && !contains(others, *heir))
    return name_of_member(*heir) + " cannot inherit its keys: it does not serve";
  leaving_ = Leaving{heir ? *heir : some_heir(others), std::move(who)};
  serving_ = false;
  asked_for_.clear();
  progressed_ = own_stale_ = all_stale_ = members_stale_ = true;
  for (auto& [zone, work] : zones_) work.server.lost = false;
  pending_saves_.push_back(SaveLeaving{leaving_});
  tell(Notice::Level::notice, "leaving", "",
       "asked by " + leaving_->asked_by + "; " + name_of_member(leaving_->heir) +
           " inherits its keys");
  return std::nullopt;
}

std::vector<MemberId> Member::Impl::others_that_serve() const {
  std::vector<MemberId> others;
  for (const Incarnation& member : roster_) {
    const Heartbeat* heartbeat = acks_.newest(member.member);
    if (member != self_ && heartbeat && heartbeat->serving) others.push_back(member.member);
  }
  return others;
}

MemberId Member::Impl::some_heir(const std::vector<MemberId>& others) const {
  const auto rank = [this](const MemberId& member) {
    return crypto_.rank(member, to_string(self_.member));
  };
  return *std::ranges::min_element(others, {}, rank);
}

// Two may have been asked on two sides of a cut. Who is the last one stays, and takes back what it
// answered meanwhile: its server was told nothing of it.
void Member::Impl::stay() {
  leaving_.reset();
  silent_since_.reset();
  pending_saves_.push_back(SaveLeaving{});
  for (auto& [zone, work] : zones_) work.server.lost = !work.book.decisions().empty();
  progressed_ = own_stale_ = all_stale_ = members_stale_ = again_ = true;
  tell(Notice::Level::error, "not leaving", "",
       "no other member serves any more: this one stays; start its DNS server again");
}

bool Member::Impl::has_heir() {
  const auto others = others_that_serve();
  const auto unheard = [this](const Incarnation& member) {
    return member != self_ && acks_.newest(member.member) == nullptr;
  };
  if (others.empty()) {
    if (std::ranges::none_of(roster_, unheard)) stay();
    return false;
  }
  if (!contains(others, leaving_->heir)) {
    leaving_->heir = some_heir(others);
    pending_saves_.push_back(SaveLeaving{leaving_});
  }
  return fresh(leaving_->heir);
}

// Last of all its facts: who has it has all of them, and no cache has what it served.
void Member::Impl::leave_when_allowed() {
  if (!leaving_ || forgotten_ || !in_roster()) return;
  const bool inherited = has_heir();
  if (!leaving_) return;
  if (settings_.serves_dns) {
    if (!silent_since_) return;
    const BootTime at = *silent_since_ + caches_followed();
    if (now_.boot < at) return wake(at);
  }
  asked_for_.clear();  // it writes nothing else any more
  if (!may_say() || !intents_.empty()) return;
  if (!inherited) return;
  tell(Notice::Level::notice, "left", "", "nothing of what it served is in any cache");
  add_fact(Leave{leaving_->heir, leaving_->asked_by});
  members_stale_ = true;
}

std::string Member::Impl::why_out() const {
  if (forgotten_)
    return "forgotten by decree of " + forgotten_by_ + ": `rollcall join` brings it back";
  if (!leaving_) return {};
  if (members_.left(self_.member)) {
    const FactId last{self_, log_.prefix(self_)};
    std::vector<std::string> unaware;
    for (const Incarnation& member : roster_) {
      if (last.seq > 0 && !members_.forgotten_by_others(member) && !acks_.promised(member.member, last))
        unaware.push_back(name_of_member(member.member));
    }
    if (unaware.empty()) return "left: this machine can be switched off";
    return "left: must stay on until " + list_of(unaware) + " has heard of it";
  }
  if (!in_roster()) return "leaving: it has to be counted again, to say so";
  if (settings_.serves_dns && !silent_since_) return "leaving: its DNS server has to stop";
  if (!settings_.serves_dns) return "leaving";
  const Nanoseconds left = *silent_since_ + caches_followed() - now_.boot;
  if (left <= Nanoseconds{0} && !fresh(leaving_->heir)) {
    return "leaving: a word of its heir " + name_of_member(leaving_->heir) + " is waited for";
  }
  if (left <= Nanoseconds{0}) return "leaving: " + (doubt_.empty() ? "about to say so" : doubt_);
  return "leaving: caches may have what it served until " + to_iso(now_.wall + left);
}

}  // namespace rollcall
