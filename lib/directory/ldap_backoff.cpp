// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_backoff.h"

#include <algorithm>

namespace rollcall::directory {

Backoff::Backoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed)
    : min_{min}, max_{max}, pause_{min}, random_{seed} {}

std::chrono::milliseconds Backoff::next() {
  const auto pause = pause_;
  pause_ = std::min(pause_ * 2, max_);
  return with_jitter(pause);
}

std::chrono::milliseconds Backoff::longest() { return with_jitter(max_); }

void Backoff::reset() { pause_ = min_; }

std::chrono::milliseconds Backoff::with_jitter(std::chrono::milliseconds pause) {
  const auto half = static_cast<std::uint64_t>(pause.count()) / 2;
  return pause - std::chrono::milliseconds{static_cast<std::int64_t>(random_() % (half + 1))};
}

}  // namespace rollcall::directory
