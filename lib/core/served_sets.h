// SPDX-License-Identifier: GPL-3.0-or-later
// From orders and decisions to the RRsets that a server may serve with them: what the last gate looks at.
#pragma once

#include <map>
#include <vector>

#include "lib/core/decide.h"
#include "lib/core/fact.h"
#include "lib/core/gate.h"
#include "lib/core/member.h"

namespace rollcall {

/// Records of decisions that were carried out, and whether they were withdrawn again.
using CarriedRecords = std::map<KeyRecord, bool>;

void add_to(CarriedRecords& carried, const Decision& decision);

ServedChange change_of(const std::vector<KeyTarget>& targets);
ServedChange change_of(const CarriedRecords& carried);

/// What was seen of the keys that were ordered, where a cache could use it at all. A server that is half-way has
/// more than one kind of data.
std::vector<ServedSet> sets_of(const std::vector<KeyTarget>& ordered, const std::vector<ServedKey>& seen);

/// The DS RRset as it was last confirmed, and as it is to be: the parent changes by itself.
struct DsSets {
  ServedSet confirmed, wanted;
};
DsSets ds_sets(const ZoneView& view);

}  // namespace rollcall
