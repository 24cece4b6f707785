// SPDX-License-Identifier: GPL-3.0-or-later
// What comes next for a zone and for a key, in a few words, from the holds and plans of its status.
#pragma once

#include <string>

#include "daemon/cli/text.h"

namespace rollcall::cli {

/// Something other than time or the policy has to happen first.
bool is_blocked(const Json& hold);
/// `c.example.com (last heartbeat 9h ago)`, `the parent`, …
std::string blocked_by(const Json& hold);

/// For the line `next:` of a zone: when, what, and who is in the way.
std::string next_of_zone(const Json& zone, Time now);
/// For the column NEXT of a key.
std::string next_of_key(const Json& key, const Json& zone, Time now);

/// What the administrator can type to look into a hold, or to end it; empty if only time helps.
std::string command_for(const Json& hold, const std::string& zone);

}  // namespace rollcall::cli
