// SPDX-License-Identifier: GPL-3.0-or-later
// Who is to make the keys: what `set` makes of the cluster's configuration.
#pragma once

#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/core/status.h"

namespace rollcall::control {

/// Finds a member of the roster by host name (any case, final dot or not) or UUID.
///
/// Errors  not_found, naming those whom there are; conflict if two members have this host name.
Result<MemberId> find_member(const MemberStatus& status, const std::string& name);

struct Appointment {
  ClusterConfig config;
  std::vector<std::string> warnings;  ///< What the administrator should think about.
};

/// Applies the arguments of `set` to the present configuration.
///
/// The new manager leaves the fail-over list; the one before it is not put there.
///
/// Errors  malformed arguments; not_found, conflict as find_member().
Result<Appointment> appoint(const MemberStatus& status, const Json& args);

/// The answer to `set`.
Json appointment_json(const Appointment& appointment, const MemberStatus& status);

}  // namespace rollcall::control
