// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual time: what happens when. Things at one moment happen in the order they were scheduled.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lib/util/time.h"

namespace rollcall::sim {

class Schedule {
 public:
  using Action = std::function<void()>;

  explicit Schedule(Time start) : now_(start) {}

  /// True time, which no member knows.
  Time now() const { return now_; }

  void at(Time when, Action action);
  void after(Nanoseconds delay, Action action) { at(now_ + delay, std::move(action)); }

  /// Runs the next action if it comes before `until`.
  ///
  /// Returns  False if there is none; then it is `until`.
  bool step(Time until);

 private:
  struct Item {
    Time when;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Item& a, const Item& b);

  Time now_;
  std::uint64_t order_ = 0;
  std::vector<Item> heap_;
};

}  // namespace rollcall::sim
