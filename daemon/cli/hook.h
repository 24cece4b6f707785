// SPDX-License-Identifier: GPL-3.0-or-later
// A program of the administrator's that is told something.
#pragma once

#include <string>

#include "lib/util/result.h"

namespace rollcall::cli {

/// Runs a program with a text on its standard input, and waits for its end. No shell.
///
/// program  A path, or a name that is searched in PATH.
/// Errors   unavailable: it cannot be started, or did not end well.
Result<> run_hook(const std::string& program, const std::string& text);

}  // namespace rollcall::cli
