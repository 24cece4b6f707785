// SPDX-License-Identifier: GPL-3.0-or-later
// The only source of chance in a simulation. Raw bits of mt19937_64 alone: the standard's
// distributions differ between libraries, and one number has to replay a history anywhere.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "lib/util/time.h"

namespace rollcall::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  std::uint64_t below(std::uint64_t n) { return bits() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  bool percent(std::uint64_t p) { return below(100) < p; }

  /// Both ends often: uniform draws never meet at the edges, where the mistakes are.
  Nanoseconds between(Nanoseconds low, Nanoseconds high) {
    if (high <= low) return low;
    const auto span = static_cast<std::uint64_t>((high - low).count());
    switch (below(6)) {
      case 0: return low;
      case 1: return high;
      case 2: return low + Nanoseconds{static_cast<std::int64_t>(below((span >> below(24)) + 1))};
      default: return low + Nanoseconds{static_cast<std::int64_t>(below(span))};
    }
  }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + below(from.size()));
  }

  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t left = list.size(); left > 1; --left) std::swap(list[left - 1], list[below(left)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace rollcall::sim
