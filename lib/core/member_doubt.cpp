// SPDX-License-Identifier: GPL-3.0-or-later
// Doubt: when a member must not trust what it sees. It goes on serving what it served last, writes
// nothing new, and says so.
#include <algorithm>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr Seconds steady{3600};  // after a jump of the own clock, if nobody else can be asked

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
  wall_minus_boot_ = offset;
  if (!clocks_differ_) return;
  clocks_differ_ = std::ranges::any_of(clock_offset_, [this](const auto& entry) {
    return distance(entry.second) > settings_.clock_tolerance;
  });
}

// The median of the other members' clocks minus our own; empty if none was heard of lately.
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
  return *middle;
}

std::string Member::Impl::doubt() const {
  if (forgotten_) return "this member was forgotten by decree of " + forgotten_by_;
  if (!identity_trouble_.empty()) return identity_trouble_;
  if (!current_) return "the directory cannot be followed: " + not_current_why_;
  if (!clocks_differ_ && !jumped_at_) return {};  // so does no median
  if (const auto behind = clock_behind()) {
    if (distance(*behind) <= settings_.clock_tolerance) return {};
    return "the own clock is " + to_words(distance(*behind)) +
           (*behind > Nanoseconds{0} ? " behind" : " ahead of") + " the other members' clocks";
  }
  if (jumped_at_ && now_.boot - *jumped_at_ < steady) {
    return "the own clock was set, and no other member can confirm it; waiting for an hour";
  }
  return {};
}

// After a start a member compares itself with another one before it decides anything: its store,
// or its directory, may be an old copy.
bool Member::Impl::compared() const {
  const bool only_one = std::ranges::all_of(acks_.roster(), [this](const MemberId& member) {
    return member == self_.member || members_.departed().contains(member);
  });
  return (only_one && !acks_.roster().empty()) || !heard_since_start_.empty();
}

}  // namespace rollcall
