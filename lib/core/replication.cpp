// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/replication.h"

namespace rollcall {
namespace {

// One that it has nothing of is behind by more than any time.
bool longer(const Lag& one, const Lag& other) {
  if (!one.behind || !other.behind) return other.behind.has_value();
  return *one.behind > *other.behind;
}

}  // namespace

std::optional<Lag> lag_of(const ChangeVector& replica, const std::vector<ChangeVector>& others) {
  std::optional<Lag> longest;
  for (const ChangeVector& other : others) {
    for (const auto& [number, change] : other) {
      const auto own = replica.find(number);
      if (own != replica.end() && own->second.csn >= change.csn) continue;
      Lag lag{change.host.empty() ? "server " + number : change.host, {}};
      if (own != replica.end()) lag.behind = change.at - own->second.at;
      if (!longest || longer(lag, *longest)) longest = std::move(lag);
    }
  }
  return longest;
}

}  // namespace rollcall
