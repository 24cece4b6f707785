// SPDX-License-Identifier: GPL-3.0-or-later
// What of a zone waits for longer than its policy lets it, so that somebody has to look: a DS that
// does not come to the parent or does not leave it, and a step that nothing brings on.
//
// Nobody is harmed meanwhile, since the keys before stay in use. When something was last done is
// told by the facts, by the clocks of those who wrote them: good for people, and no step rests on
// it.
#pragma once

#include "lib/core/decide.h"
#include "lib/core/zone_book.h"

namespace rollcall {

/// holds     Of the zone, elections among them.
/// patience  How long something may wait for others, beyond what caches take.
std::vector<OverdueHold> overdue_holds(const ZoneView& view, const ZoneBook& book,
                                       const std::vector<Hold>& holds, Seconds patience, Time now);

}  // namespace rollcall
