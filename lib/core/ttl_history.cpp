// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/ttl_history.h"

#include <algorithm>

namespace rollcall {

void TtlHistory::saw(Seconds ttl, BootTime now) {
  std::erase_if(before_, [&](const Seen& seen) { return seen.last + seen.ttl <= now; });
  if (ttl != current_ && current_ > Seconds{0}) before_.push_back({current_, now});
  current_ = ttl;
}

Seconds TtlHistory::largest(BootTime now) const {
  Seconds largest = current_;
  for (const Seen& seen : before_) {
    if (seen.last + seen.ttl > now) largest = std::max(largest, seen.ttl);
  }
  return largest;
}

}  // namespace rollcall
