// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of the daemon as text for people: pure functions of the JSON of lib/control/verbs.h.
#pragma once

#include <string>

#include "lib/control/message.h"

namespace rollcall::cli {

using control::Json;

std::string render_status(const Json& status);  ///< All zones, a line each.
std::string render_zone(const Json& status);    ///< One zone with its keys, and why not yet.
std::string render_info(const Json& info);
std::string render_members(const Json& members);
std::string render_zone_list(const Json& zones);
std::string render_zone_policy(const Json& zone);
std::string render_policies(const Json& policies);
std::string render_policy(const Json& answer);
std::string render_policy_change(const Json& answer);  ///< What it does to each zone.
std::string policy_table(const Json& policy);
std::string render_forecast(const Json& forecast);
std::string render_gate(const Json& gate);
std::string render_ds(const Json& ds);
std::string render_master_key(const Json& master_key);  ///< Without the end of the line.
std::string render_health(const Json& health);
std::string render_findings(const Json& check);
std::string render_events(const Json& events);

/// The line that begins whatever is about a machine in no cluster; empty if it is in one.
std::string render_outsider(const Json& status);

/// One plug-in line for monitoring.
struct Health {
  int code = 3;  ///< 0 ok, 1 warning, 2 critical, 3 unknown
  std::string line;
};
Health health_of(const Json& status);
Health health_of(const control::Problem& problem);

}  // namespace rollcall::cli
