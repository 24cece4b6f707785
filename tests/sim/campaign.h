// SPDX-License-Identifier: GPL-3.0-or-later
// Many seeds, one after the other or side by side, and what came of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tests/sim/context.h"
#include "tests/sim/swarm.h"

namespace rollcall::sim {

struct History {
  std::optional<std::string> violation;
  double days = 0;
  Counters counters;
};

/// Faults first, then all is healed and has to agree.
///
/// story  Where it is told; null: nowhere.
History live_through(std::uint64_t seed, const Fixed& fixed, std::ostream* story = nullptr);

struct Campaign {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1;
  unsigned jobs = 1;
  bool until_violation = false;  ///< The first one ends it.
  Fixed fixed;
};

struct Outcome {
  std::uint64_t seeds = 0;
  std::uint64_t violations = 0;
  std::optional<std::uint64_t> first_violation;
  std::string what;  ///< Of the first one.
  double days = 0;
  Counters counters;
};

/// progress  Called with each violation, and now and then; one call at a time.
Outcome run(const Campaign& campaign,
            const std::function<void(const Outcome&, const std::string& news)>& progress);

/// One line: `rollcall-sim --seed 7 --trace`, with what else was fixed.
std::string replay_command(std::uint64_t seed, const Fixed& fixed);

}  // namespace rollcall::sim
