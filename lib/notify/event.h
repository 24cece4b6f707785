// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told: one event, one line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/types.h"

namespace rollcall::notify {

enum class Level : std::uint8_t { debug, info, notice, warning, error };
std::string_view to_string(Level level);
std::optional<Level> level_from(std::string_view name);

struct Event {
  std::uint64_t number = 0;  ///< Given by the journal, from 1 after each start.
  Time time;
  Level level = Level::info;
  std::string event;  ///< `candidate made`; begins the line.
  ZoneName zone;      ///< May be empty.
  std::string text;   ///< The rest of the line, `key=value` or a sentence.
};

/// `notice: candidate made zone=example.com. key_tag=34505 ...`, without a line end.
///
/// What others wrote (host names, answers of servers) can be in it: control characters come out as
/// `\x1b`, so that no line can pretend to be two or speak to a terminal.
std::string line_of(const Event& event);

}  // namespace rollcall::notify
