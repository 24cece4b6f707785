// SPDX-License-Identifier: GPL-3.0-or-later
// A history in which nothing happens but what a story tells.
#pragma once

#include "tests/sim/swarm.h"

namespace rollcall::sim {

/// No faults and one zone; all servers swap keys exactly.
inline Swarm quiet(std::size_t members, Seconds window) {
  using std::chrono::hours;
  Swarm swarm;
  swarm.seed = 2013;
  swarm.members = members;
  swarm.policy.zsk_lifetime = 30_days;
  swarm.policy.ksk_lifetime = Seconds{0};
  swarm.policy.lead = 10_days;
  swarm.policy.window = window;
  swarm.settings.heartbeat_idle = hours{12};
  swarm.settings.look_interval = hours{24};
  swarm.settings.parent_poll = hours{1};
  swarm.settings.silence = hours{36};
  swarm.parent_lag = Seconds{600};
  for (std::size_t i = 0; i < 5; ++i) {
    swarm.abilities.push_back(SwapAbility::exact);
    swarm.zone_ttls.push_back(swarm.policy.max_zone_ttl);
    swarm.serves_dns.push_back(true);
  }
  return swarm;
}

}  // namespace rollcall::sim
