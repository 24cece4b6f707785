// SPDX-License-Identifier: GPL-3.0-or-later
// The two clocks that must never be mixed, and the text forms of times and durations.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

using Seconds = std::chrono::seconds;
using Nanoseconds = std::chrono::nanoseconds;

/// Wall clock, UTC. For `created`, for plans and for people; never for a wait.
using Time = std::chrono::sys_time<Nanoseconds>;

/// Time since this machine booted, sleep included (CLOCK_BOOTTIME). The only clock of waits.
struct BootClock {
  using duration = Nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

/// `YYYYMMDDhhmmss.nnnnnnnnnZ`: fixed width, so that text order is time order. FORMATS: `created`.
std::string to_created(Time time);
std::optional<Time> from_created(std::string_view text);

/// `YYYYMMDDhhmmssZ`: GeneralizedTime in whole seconds (rounded down). RFC 4517, 3.3.13.
std::string to_generalized_time(Time time);
std::optional<Time> from_generalized_time(std::string_view text);

/// `2026-06-01T08:00:00Z`. RFC 3339.
std::string to_iso(Time time);
std::optional<Time> from_iso(std::string_view text);

/// For people, two units at most: `41d`, `2h05m`, `90s`, `1d02h`.
std::string to_words(Nanoseconds duration);

}  // namespace rollcall
