// SPDX-License-Identifier: GPL-3.0-or-later
// Of a health check: what the DNS servers of the other members give to whoever asks.
#pragma once

#include "lib/control/findings.h"
#include "lib/control/health.h"

namespace rollcall::control {

/// Compares what was served with what all members have acked, and names members that tell no
/// address.
///
/// status  Later than the answers: what was decided meanwhile is in it.
void judge_servers(const MemberStatus& status, const std::vector<ServerLook>& looks, Time now,
                   Findings& findings);

}  // namespace rollcall::control
