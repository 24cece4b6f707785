// SPDX-License-Identifier: GPL-3.0-or-later
// Judges zones as the own agent knows them, and their DS as the parents gave it just now.
#pragma once

#include "lib/control/findings.h"
#include "lib/control/health.h"

namespace rollcall::control {

void judge_zones(const MemberStatus& status, const std::vector<ParentCheck>& parents, Time now,
                 Findings& findings);

}  // namespace rollcall::control
