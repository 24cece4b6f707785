// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the daemon, prints what came of it, and turns it into an exit code.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "lib/control/message.h"

namespace rollcall::cli {

using control::Json;

/// Stable: scripts rely on them.
enum Exit : int { done = 0, failed = 1, wrong_usage = 2, not_found = 3 };
int exit_code(Errc code);

/// What all commands share.
struct Options {
  std::string socket = control::default_socket;
  bool json = false;
};

using Render = std::function<std::string(const Json&)>;

class Caller {
 public:
  explicit Caller(const Options& options) : options_(options) {}

  control::Answer ask(std::string_view verb, const Json& args) const;

  /// Asks and prints the answer on standard output, or the problem on standard error. Texts under
  /// `warnings` go to standard error in any case.
  int run(std::string_view verb, const Json& args, const Render& render) const;

  int show(const Json& answer, const Render& render) const;
  int complain(const control::Problem& problem) const;

 private:
  const Options& options_;
};

}  // namespace rollcall::cli
