// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a program without a shell and without waiting longer than allowed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lib/util/result.h"

namespace rollcall::signer {

struct CommandResult {
  int exit_status = 0;  ///< 128 + number if a signal ended it, as a shell counts.
  std::string output;   ///< stdout and stderr together, the first 1 MiB.
};

/// Blocks until the program has ended; kills it at the deadline.
///
/// words   The program, searched in PATH, and its arguments; never seen by a shell.
/// Errors  denied: it cannot be started; unavailable: it was killed at the deadline.
Result<CommandResult> run_command(const std::vector<std::string>& words,
                                  std::chrono::milliseconds timeout);

}  // namespace rollcall::signer
