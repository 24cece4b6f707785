// SPDX-License-Identifier: GPL-3.0-or-later
// What must be true before a step is allowed. Each guard is one predicate that says why not.
#pragma once

#include <optional>

#include "lib/core/steps.h"

namespace rollcall {

/// A guard's `no`, and when or on whose word it may become a `yes`.
struct No {
  Reason reason;
  std::string text;
  std::vector<MemberId> waits_for;
  std::optional<Time> until;
};

/// The first guard that says no; empty if the step is allowed now.
std::optional<No> first_no(const ZoneView& view, const WantedStep& wanted, Time now);

}  // namespace rollcall
