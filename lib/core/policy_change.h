// SPDX-License-Identifier: GPL-3.0-or-later
// What another policy would do to the keys that a zone has: asked before it is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/policy.h"
#include "lib/core/status.h"

namespace rollcall {

/// One thing that would happen, for people.
struct PolicyEffect {
  std::string what;          ///< `ZSK 41211 is replaced`
  std::string why;           ///< `zsk_lifetime is 60d instead of 90d`
  std::optional<Time> when;  ///< Empty: as soon as it is safe, or `what` has no time.
};

/// What happens to a zone when its policy becomes another; empty: nothing.
///
/// Times are by what the policies say; TTLs that were seen to be longer can make them later.
std::vector<PolicyEffect> effects_of_change(const ZoneStatus& zone, const Policy& before,
                                            const Policy& after);

}  // namespace rollcall
