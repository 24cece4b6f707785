// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a history, strictly.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/history/history.h"

namespace rollcall::history {

struct Look {
  std::string server, zone;
  Time asked, answered;
  std::optional<std::vector<Answer>> seen;  ///< Empty: the same as before.
  bool kept = false;                        ///< It has served nothing else since it is up.
};

struct Turn {
  std::string server;
  Time time;
  bool up = false;
};

using Line = std::variant<Look, Turn>;

/// Errors  malformed: names the field.
Result<Line> parse_line(std::string_view text);

}  // namespace rollcall::history
