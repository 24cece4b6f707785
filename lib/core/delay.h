// SPDX-License-Identifier: GPL-3.0-or-later
// Whose turn is it to make the next key? Delays that differ let one member act and the others see
// its result first. That is all that the modes differ in: a delay is a courtesy, never a lock.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lib/core/policy.h"

namespace rollcall {

/// A generation that is due, as one member sees it.
struct Turn {
  std::size_t rank = 0;     ///< By rendezvous hash among the roster; 0 goes first.
  Seconds window{0};        ///< Over which all turns are spread.
  Seconds interval{0};      ///< Between an appointed member and its fail-over.
};

class DelayStrategy {
 public:
  virtual ~DelayStrategy() = default;
  /// Drawn once for each generation that is due.
  virtual Nanoseconds draw(const Turn& turn, const std::function<std::uint64_t()>& chance) const = 0;
};

/// Rank 0 within the first hundredth of the window; the others later, most of them near its end.
class RandomDelay : public DelayStrategy {
 public:
  Nanoseconds draw(const Turn& turn, const std::function<std::uint64_t()>& chance) const override;
};

/// The appointed member at once, its fail-over members an interval after each other, everybody else
/// at the end of the window.
///
/// position        In the list of appointed members; its size for a member that is not on it.
/// sees_fail_over  Whether a fresh heartbeat of any other appointed member is known. One that has
///                 fail-overs and sees none may itself be the one cut off: its turn comes after theirs.
Nanoseconds appointed_delay(std::size_t position, std::size_t appointed, bool sees_fail_over,
                            const Turn& turn);

}  // namespace rollcall
