// SPDX-License-Identifier: GPL-3.0-or-later
// How long caches take, and when the next key is needed. RFC 7583's symbols stand beside the sums.
#pragma once

#include <optional>

#include "lib/core/fact.h"
#include "lib/core/policy.h"
#include "lib/core/wait.h"

namespace rollcall {

/// What a policy says about the intervals; `resign` comes from the signers.
Intervals intervals_of(const Policy& policy);

/// The larger of each.
Intervals largest(const Intervals& a, const Intervals& b);

/// For an emergency: what caches take, and no more.
Intervals without_safety(Intervals intervals);

/// From the last ack (for a DS: from its confirmation) until every cache has followed a change.
///
/// rolling  The key has a predecessor or a successor.
Seconds wait_for(Record record, Change change, bool rolling, Role role, const Intervals& intervals);

/// Ipub: from publication of a successor until it may be used. RFC 7583, 3.2.1, 3.3.1 and 3.3.4.
Seconds publication_interval(Role role, const Intervals& intervals);

/// Iret: from the swap until the predecessor may be removed. RFC 7583, 3.2.1 and 3.3.1.
Seconds retire_interval(Role role, const Intervals& intervals);

/// When the use of a key is to end. Empty: unlimited.
///
/// expires    As planned when it was made.
/// first_use  When it was first used.
std::optional<Time> needed_by(std::optional<Time> expires, Time first_use, Seconds lifetime);

/// When a successor is due to be made: `lead` before it must be published, and never so soon after
/// the predecessor's activation that the two rollovers would touch.
Time due_time(Role role, Time needed, Time first_use, const Policy& policy,
              const Intervals& intervals);

/// The planned end of a new key's use, in whole seconds. Empty: unlimited.
std::optional<Time> planned_expiry(Role role, Time created, std::optional<Time> predecessor_expires,
                                   bool has_predecessor, Seconds lifetime,
                                   const Intervals& intervals);

/// The shortest lifetime in which a rollover ends before the next begins; 0 is unlimited and fits.
Seconds shortest_lifetime(Role role, const Policy& policy);

}  // namespace rollcall
