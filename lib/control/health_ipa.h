// SPDX-License-Identifier: GPL-3.0-or-later
// Of a health check in a tree of FreeIPA: certificate authorities, who renews certificates, who
// generates the CRL, who synchronises with Active Directory, and who looks after trusts with it.
#pragma once

#include "lib/control/findings.h"
#include "lib/control/health.h"

namespace rollcall::control {

/// replicas  Whose agreements with domain controllers are seen.
void judge_ipa(const IpaLook& look, const std::vector<ReplicaLook>& replicas, Findings& findings);

/// IPA, see health.h.
Json ipa_json(const IpaLook& look, const std::vector<ReplicaLook>& replicas);

}  // namespace rollcall::control
