// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall status --check`: one line and an exit code for monitoring systems.
//
// Critical is what breaks resolution soon, or what leaves us without eyes; a hold is no trouble by
// itself, since an old key that stays in use harms nobody.
#include <algorithm>
#include <chrono>

#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

constexpr std::chrono::hours expiry_is_critical{24};
constexpr const char* words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct Verdict {
  int code = 0;
  std::vector<std::string> reasons;

  void say(int level, const std::string& reason) {
    code = std::max(code, level);
    reasons.push_back(reason);
  }
};

void judge_zone(const Json& zone, Time now, Verdict& verdict) {
  const std::string name = zone.at("zone");
  const auto signed_until = time_of(zone.at("signed_until"));
  if (signed_until && *signed_until - now < expiry_is_critical) {
    verdict.say(2, name + " signatures expire " + when(signed_until, now));
  }
  for (const std::string alarm : zone.at("alarms")) verdict.say(1, name + ' ' + alarm);
}

void judge_members(const Json& members, Verdict& verdict) {
  for (const Json& member : members) {
    const bool silent = member.at("in_roster").get<bool>() && !member.at("fresh").get<bool>();
    if (silent) verdict.say(1, name_of(member) + " is silent");
  }
}

Health health(int code, const std::string& text, const std::string& figures = {}) {
  // One line, whatever the reasons hold; '|' begins the figures.
  std::string line = std::string{"ROLLCALL "} + words[code] + " - " + text;
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '|', '/');
  return {code, line + (figures.empty() ? "" : " | " + figures)};
}

std::size_t count_state(const Json& zones, const char* state) {
  return static_cast<std::size_t>(std::count_if(
      zones.begin(), zones.end(), [&](const Json& zone) { return zone.at("state") == state; }));
}

std::string figures_of(const Json& zones) {
  std::string text = "zones=" + std::to_string(zones.size());
  for (const char* state : {"signed", "rolling", "held", "unsigned"}) {
    text += ' ' + std::string{state} + '=' + std::to_string(count_state(zones, state));
  }
  return text;
}

}  // namespace

Health health_of(const Json& status) {
  if (!status.at("in_cluster").get<bool>()) return health(3, "this machine is in no cluster");
  const Time now = time_of(status.at("now")).value_or(Time{});
  Verdict verdict;
  for (const Json& zone : status.at("zones")) judge_zone(zone, now, verdict);
  for (const std::string alarm : status.at("alarms")) verdict.say(1, alarm);
  const std::string doubt = status.at("doubt");
  if (!doubt.empty()) verdict.say(1, "in doubt: " + doubt);
  judge_members(status.at("members"), verdict);
  const std::string good = counted(status.at("zones").size(), "zone") + ", " +
                           counted(status.at("members").size(), "member");
  return health(verdict.code, verdict.reasons.empty() ? good : joined(verdict.reasons, "; "),
                figures_of(status.at("zones")));
}

Health health_of(const control::Problem& problem) {
  return health(problem.code == Errc::unavailable ? 2 : 3, problem.what);
}

}  // namespace rollcall::cli
