// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/delay.h"

#include <cmath>

namespace rollcall {
namespace {

// Uniform in [0, 1): the upper 53 bits.
double fraction(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

Nanoseconds part_of(Seconds window, double part) {
  return Nanoseconds{static_cast<Nanoseconds::rep>(static_cast<double>(Nanoseconds{window}.count()) * part)};
}

// Truncated exponential towards the end of the window: few early, so that one early answer silences
// the many. The shape is that of feedback suppression in multicast groups (RFC 5740, 5.2.2).
double mostly_late(double uniform) {
  constexpr double lambda = 5;
  return std::log1p(uniform * std::expm1(lambda)) / lambda;
}

}  // namespace

Nanoseconds RandomDelay::draw(const Turn& turn, const std::function<std::uint64_t()>& chance) const {
  const double uniform = fraction(chance());
  if (turn.rank == 0) return part_of(turn.window, uniform / 100);
  return part_of(turn.window, 0.1 + 0.9 * mostly_late(uniform));
}

Nanoseconds appointed_delay(std::size_t position, std::size_t appointed, bool sees_fail_over,
                            const Turn& turn) {
  const auto intervals = [&](std::size_t n) { return turn.interval * static_cast<long>(n); };
  if (position >= appointed) return std::max<Nanoseconds>(turn.window, intervals(appointed));
  const bool may_be_cut_off = position == 0 && appointed > 1 && !sees_fail_over;
  return may_be_cut_off ? intervals(appointed) : intervals(position);
}

}  // namespace rollcall
