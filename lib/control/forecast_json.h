// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// A forecast as JSON: the contract of `rollcall --json forecast`.
//
//   FORECAST: {"now":TIME, "zone":TEXT, "policy":TEXT, "until":TIME, "complete":BOOL,
//              "events":[EVENT, …], in the order of time,
//              "stuck":[{"reason":TEXT, "step":TEXT, "text":TEXT, "waits_for":[MEMBER, …]}, …],
//              "assumptions":[TEXT, …],
//              "replaced":TEXT, in an emergency: the key that is to go,
//              "faster":[{"text":TEXT, "until":TIME|null}, …]: what would be bogus if it went at once}
//   EVENT:    {"at":TIME, "in_seconds":N, "kind":"key"|"step"|"give-up"|"parent"|"gone"|"wipe", "what":TEXT,
//              "changes":[{"role":TEXT, "generation":N, "algorithm":N, "record":TEXT, "introduced":BOOL}, …],
//              "depends":[{"reason":as in HOLD, "text":TEXT, "members":[MEMBER, …], "until":TIME|null}, …]}
//
// `stuck`: what would not happen even if all went well. `complete` false: it ends before its time, since
// too much happens.
// clang-format on
#pragma once

#include "lib/control/message.h"
#include "lib/core/forecast.h"

namespace rollcall::control {

Json forecast_json(const Forecast& forecast, const Snapshot& start);

/// `2027-01-01T08:00:00Z`, `2027-01-01`, or a time from now: `90d`, `26w`, `12h`, `2y`.
///
/// Errors  malformed, saying what is expected; or that it is over.
Result<Time> until_arg(const std::string& text, Time now);

}  // namespace rollcall::control
