// SPDX-License-Identifier: GPL-3.0-or-later
// The policy of the tests that roll one thing at a time, and the two kinds of signers.
#pragma once

#include "lib/core/heartbeat.h"
#include "lib/core/policy.h"

namespace rollcall::test {

inline constexpr SignerAbility exact{SwapAbility::exact, Seconds{0}};
inline constexpr SignerAbility like_named{SwapAbility::together, Seconds{0}};

/// TTLkey 1, TTLsig 24, TTLds 2, Dprp 1, DprpP 1, pubsafe 24, retsafe 48; nothing is replaced by itself.
inline Policy still() {
  using namespace std::chrono_literals;
  Policy policy;
  policy.dnskey_ttl = 1h;
  policy.max_zone_ttl = 24h;
  policy.ds_ttl = 2h;
  policy.propagation = 1h;
  policy.parent_propagation = 1h;
  policy.publish_safety = 24h;
  policy.retire_safety = 48h;
  policy.zsk_lifetime = Seconds{0};
  policy.ksk_lifetime = Seconds{0};
  policy.window = policy.window_first = Seconds{0};
  policy.purge = 4000_days;
  return policy;
}

}  // namespace rollcall::test
