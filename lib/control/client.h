// SPDX-License-Identifier: GPL-3.0-or-later
// The other end of the control socket, for programs that wait for the answer.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "lib/control/message.h"

namespace rollcall::control {

/// Asks the daemon at `socket_path` one question and waits for the answer, at most `timeout`.
///
/// Returns  The answer, or why there is none: unavailable (not running, no answer in time), denied
///          (no access to the socket), malformed (not our protocol); each with a hint. Unavailable
///          after a verb that changes something means that it is unknown whether it was done.
Answer call(const std::string& socket_path, std::string_view verb, const Json& args,
            std::chrono::milliseconds timeout);

}  // namespace rollcall::control
