// SPDX-License-Identifier: GPL-3.0-or-later
// Of a health check: the replicas of the directory.
#pragma once

#include "lib/control/findings.h"
#include "lib/control/health.h"

namespace rollcall::control {

void judge_replicas(const HealthLooks& looks, Findings& findings);

/// REPLICA of each, see health.h.
Json replicas_json(const std::vector<ReplicaLook>& looks);

}  // namespace rollcall::control
