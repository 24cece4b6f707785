// SPDX-License-Identifier: GPL-3.0-or-later
// How long to wait before the next try: doubling, bounded, and different on every machine.
#pragma once

#include <chrono>
#include <random>

namespace rollcall::directory {

class Backoff {
 public:
  /// min, max  More than 0; min is at most max.
  Backoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed);

  /// Between half of the present pause and all of it; the next one is twice as long.
  std::chrono::milliseconds next();
  /// The same from the longest pause: for what only an operator can mend.
  std::chrono::milliseconds longest();
  void reset();

 private:
  std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause);

  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds pause_;
  std::mt19937_64 random_;
};

}  // namespace rollcall::directory
