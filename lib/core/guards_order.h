// SPDX-License-Identifier: GPL-3.0-or-later
// The order in which records may enter and leave. Internal to the guards.
#pragma once

#include "lib/core/guards.h"

namespace rollcall {

/// Waits until a change of a record has reached every cache, and says who or what it waits for.
std::optional<No> awaits(const KeyView& key, Record record, State wanted);

std::optional<No> order_guard(const ZoneView& view, const WantedStep& wanted);

}  // namespace rollcall
