// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/schedule.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {

bool Schedule::later(const Item& a, const Item& b) {
  return a.when != b.when ? a.when > b.when : a.order > b.order;
}

void Schedule::at(Time when, Action action) {
  heap_.push_back({std::max(when, now_), order_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Schedule::step(Time until) {
  if (heap_.empty() || heap_.front().when >= until) {
    now_ = std::max(now_, until);
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Item item = std::move(heap_.back());
  heap_.pop_back();
  now_ = item.when;
  item.action();
  return true;
}

}  // namespace rollcall::sim
