// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments that several verbs take, and what is wrong with a policy whoever writes or uses it.
#pragma once

#include <optional>
#include <string>

#include "lib/control/message.h"
#include "lib/core/status.h"

namespace rollcall::agent {

/// The zone that is asked about, canonical.
///
/// Errors  malformed.
Result<ZoneName> zone_arg(const control::Json& args);

/// `ksk`, `zsk` or `csk`, in any case.
///
/// Errors  malformed.
Result<Role> role_arg(const control::Json& args);

/// Null if the zone is not managed.
const ZoneStatus* find_managed(const MemberStatus& status, const ZoneName& zone);

/// What to say of a zone that find_managed() does not know.
control::Problem not_managed(const ZoneName& zone);

/// Why a zone cannot be rolled by a policy: its next rollover would begin before the last one ends.
std::optional<control::Problem> too_short(const std::string& name, const Policy& policy);

}  // namespace rollcall::agent
