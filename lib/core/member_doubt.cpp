// SPDX-License-Identifier: GPL-3.0-or-later
// Doubt: when a member must not trust what it sees. It goes on serving what it served last, writes
// nothing new, and says so.
#include <algorithm>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr Seconds steady{3600};  // after a jump of the own clock, if nobody else can be asked
constexpr Seconds dated_back{3600};  // how far a server dates its signatures back, so that a clock may be wrong by so much

Nanoseconds distance(Nanoseconds a) { return a < Nanoseconds{0} ? -a : a; }

}  // namespace

// The wall clock against the boot clock: they drift apart only if somebody sets the time.
void Member::Impl::watch_clocks() {
  const Nanoseconds offset = now_.wall.time_since_epoch() - now_.boot.time_since_epoch();
  if (wall_minus_boot_ && distance(offset - *wall_minus_boot_) > settings_.clock_tolerance) {
    jumped_at_ = now_.boot;
    all_stale_ = true;
    for (auto& [member, theirs] : clock_offset_) theirs -= offset - *wall_minus_boot_;
    clocks_differ_ = true;
  }
  if (!wall_minus_boot_) began_at_ = now_.boot;
  wall_minus_boot_ = offset;
  if (!clocks_differ_) return;
  clocks_differ_ = std::ranges::any_of(clock_offset_, [this](const auto& entry) {
    return distance(entry.second) > settings_.clock_tolerance;
  });
}

// Written since this life of the agent heard of its author. Others may have been lying in the directory for long: the
// first one, and those that a replica that was cut off learns of one after another.
bool Member::Impl::is_live(const Heartbeat& heartbeat, Moment now) const {
  const auto heard = received_at_.find(heartbeat.member.member);
  if (heard == received_at_.end()) return false;
  if (distance(heartbeat.time - now.wall) <= settings_.clock_tolerance) return true;
  const Heartbeat* before = acks_.newest(heartbeat.member.member);
  return before && heartbeat.time - before->time <= now.boot - heard->second + settings_.clock_tolerance;
}

// The median of the other members' clocks minus our own; empty if none was heard of lately. Of two in the
// middle the one nearer to our own: of three members the two that agree are right, whichever way the third is off.
std::optional<Nanoseconds> Member::Impl::clock_behind() const {
  std::vector<Nanoseconds> offsets;
  auto heard = received_at_.begin();  // has everybody of whom an offset is known
  for (const auto& [member, offset] : clock_offset_) {
    while (heard->first != member) ++heard;
    if (now_.boot - heard->second <= settings_.silence) offsets.push_back(offset);
  }
  if (offsets.empty()) return std::nullopt;
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end());
  if (offsets.size() % 2 == 1) return *middle;
  const Nanoseconds lower = *std::max_element(offsets.begin(), middle);
  return distance(lower) < distance(*middle) ? lower : *middle;
}

// Whatever the server is told now it signs anew, with dates that caches may not take. What it serves is better.
// Where no other member can be asked, an hour is what people, or their time servers, have to set a clock again.
bool Member::Impl::would_sign_with_wrong_dates() const {
  if (const auto behind = clock_behind()) return distance(*behind) > dated_back;
  if (said_last_ > now_.wall + dated_back) return true;
  return jumped_at_ && now_.boot - *jumped_at_ < steady;
}

std::string Member::Impl::doubt() const {
  if (forgotten_) return "this member was forgotten by decree of " + forgotten_by_;
  if (!identity_trouble_.empty()) return identity_trouble_;
  if (!current_) return "the directory cannot be followed: " + not_current_why_;
  const bool went_back = said_last_ > now_.wall + settings_.clock_tolerance;
  if (!clocks_differ_ && !jumped_at_ && !went_back) return {};  // so does no median
  if (const auto behind = clock_behind()) {
    if (distance(*behind) <= settings_.clock_tolerance) return {};
    return "the own clock is " + to_words(distance(*behind)) +
           (*behind > Nanoseconds{0} ? " behind" : " ahead of") + " the other members' clocks";
  }
  if (went_back) {
    return "the own clock is " + to_words(said_last_ - now_.wall) +
           " behind what this member wrote last, and no other member can be asked: set it, or restart the agent if it is right";
  }
  if (jumped_at_ && now_.boot - *jumped_at_ < steady) {
    return "the own clock was set, and no other member can confirm it; waiting for an hour";
  }
  return {};
}

std::string Member::Impl::why_undecided() const {
  if (!doubt_.empty()) return doubt_;
  if (!in_roster() || !serving_) return "it does not serve yet";
  if (is_only_one() && server_knows_more()) {
    std::string zones;
    for (const auto& [zone, work] : zones_) {
      if (server_knows_more(work)) zones += (zones.empty() ? "" : ", ") + zone.name;
    }
    return alarm_words::older_than_server + "of " + zones + " it serves keys that this member does not know, and not what it was seen to serve";
  }
  if (is_only_one()) {
    return "it has just started, and waits some minutes in case a member is heard of that it does not know";
  }
  return "no other member was heard of since this one started; bring one back, or `rollcall forget` those that are gone for good";
}

bool Member::Impl::is_only_one() const {
  return !acks_.roster().empty() && std::ranges::all_of(acks_.roster(), [this](const MemberId& member) {
    return member == self_.member || members_.departed().contains(member);
  });
}

std::optional<BootTime> Member::Impl::alone_at() const {
  if (!read_at_) return std::nullopt;
  return *read_at_ + std::min<Nanoseconds>(settings_.silence, std::chrono::minutes{15});
}

// After a start a member compares itself with another one before it writes anything: its store and its replica may be
// old copies, and the numbers of its next facts in use already. Who is the only one, as far as it knows, waits in case
// others are heard of that it does not know any more.
bool Member::Impl::compared() const {
  const auto alone = alone_at();
  return compared_ || (is_only_one() && alone && now_.boot >= *alone && !server_knows_more());
}

// It serves keys of which no fact is known, and not what it was seen to serve: the store is the older of the two. The
// first look after a start asks about every key that there ever was.
bool Member::Impl::server_knows_more() const {
  return std::ranges::any_of(zones_, [this](const auto& entry) { return server_knows_more(entry.second); });
}

// What is not managed may be somebody else's.
bool Member::Impl::server_knows_more(const ZoneWork& work) const {
  return !compared_ && work.configured && work.server.lost && !work.server.seen.foreign_keys.empty();
}

}  // namespace rollcall
