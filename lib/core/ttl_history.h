// SPDX-License-Identifier: GPL-3.0-or-later
// How long caches may hold what was served: the largest TTL within the last such TTL. Lowering a TTL
// takes effect only when the old one has run out.
#pragma once

#include <vector>

#include "lib/util/time.h"

namespace rollcall {

class TtlHistory {
 public:
  /// The RRset is served with this TTL now; what was seen before was served until now at the latest.
  void saw(Seconds ttl, BootTime now);

  /// 0 if nothing was ever seen.
  Seconds largest(BootTime now) const;

 private:
  struct Seen {
    Seconds ttl;
    BootTime last;
  };
  std::vector<Seen> before_;
  Seconds current_{0};
};

}  // namespace rollcall
