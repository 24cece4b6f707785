// SPDX-License-Identifier: GPL-3.0-or-later
// When the own server may answer, and why it may not yet.
#include <algorithm>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

Hold not_yet(std::string text, std::vector<MemberId> waits_for = {}) {
  return {Reason::member, "serve", std::move(text), std::move(waits_for), {}};
}

}  // namespace

// What a member spoke of, and all that it had itself.
bool Member::Impl::has_carried_what(const Heartbeat& says) const {
  const auto carried = [this](const Incarnation& author, std::uint64_t seq) {
    const auto reached = vector_.find(author);
    return seq == 0 || (reached != vector_.end() && reached->second >= seq);
  };
  return carried(says.member, says.last_seq) && std::ranges::all_of(says.vector, [&](const VectorEntry& entry) {
           return carried(entry.author, entry.seq);
         });
}

// Whom an admission names counts even if nothing of theirs has arrived yet.
std::set<MemberId> Member::Impl::everybody_who_counts() const {
  std::set<MemberId> everybody{acks_.roster().begin(), acks_.roster().end()};
  for (const auto& [life, keys] : known_) {
    if (!members_.gone(life)) everybody.insert(life.member);
  }
  everybody.erase(self_.member);
  return everybody;
}

// Everybody must count the joiner, and it must have carried out all that they had by then.
std::optional<Hold> Member::Impl::held_from_joining() const {
  std::vector<MemberId> unheard, ahead;
  for (const MemberId& member : everybody_who_counts()) {
    const Heartbeat* says = acks_.counted(member);
    if (!says || std::ranges::find(says->roster, self_) == says->roster.end()) {
      unheard.push_back(member);
    } else if (!has_carried_what(*says)) {
      ahead.push_back(member);
    }
  }
  if (!unheard.empty()) return not_yet("not every member has said that it counts this one", std::move(unheard));
  if (!ahead.empty()) return not_yet("it has not carried out yet all that they have", std::move(ahead));
  return std::nullopt;
}

std::optional<Hold> Member::Impl::held_from_serving() const {
  if (is_out()) return not_yet(why_out());
  if (!in_roster()) return not_yet("it was not taken in, or the word of that has not arrived here");
  if (!doubt_.empty()) return not_yet(doubt_);
  if (!settings_.serve_automatically) return not_yet("`rollcall serve on` was not said");
  if (took_itself_in_ && !compared()) return not_yet("no other member was heard of since it started");
  if (!behind_.empty()) {
    const FactId& first = *behind_.begin();
    return not_yet("it cannot carry out all that it knows, first a fact of " + name_of_member(first.author.member));
  }
  if (!took_itself_in_) return held_from_joining();
  if (lacks_of_before()) return not_yet("facts that an earlier life of it wrote are missing here, before others that are not");
  if (carried_all_of_before()) return std::nullopt;
  return not_yet("an earlier life of it answered facts that nobody has sent yet");
}

void Member::Impl::serve_when_allowed() {
  if (serving_ || held_from_serving()) return;
  serving_ = true;
  for (auto& [zone, work] : zones_) work.gate.seen_anew = true;  // what it serves reaches caches from now on
  progressed_ = own_stale_ = true;
  all_stale_ = true;
  tell(Notice::Level::notice, "serving", "", "every member counts this one: it may answer now");
}

std::string Member::Impl::with_names(const Hold& hold) const {
  std::string text = hold.text;
  for (const MemberId& member : hold.waits_for) {
    text += (&member == &hold.waits_for.front() ? ": " : ", ") + name_of_member(member);
  }
  return text;
}

// Whether that is a wait of seconds or of weeks: what it waits for may be lost.
std::optional<std::string> Member::Impl::not_serving_alarm() const {
  const bool waits = in_roster() && !serving_ && !is_out() && settings_.serve_automatically && doubt_.empty();
  if (!waits || now_.boot - taken_in_at_.value_or(began_at_) < settings_.silence) return std::nullopt;
  if (uncounted_alarm()) return std::nullopt;
  const auto hold = held_from_serving();
  if (!hold) return std::nullopt;
  return alarm_words::not_serving + with_names(*hold);
}

}  // namespace rollcall
