// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and times, as the command line prints them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/util/time.h"

namespace rollcall::cli {

using control::Json;

/// Columns as wide as their widest cell; two spaces between them; nothing behind the last.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A time of the protocol; empty if null.
std::optional<Time> time_of(const Json& json);

/// Against the daemon's clock: `2026-06-01T08:00:00Z (in 2h05m)`, `… (41d ago)`; `-` if unknown.
std::string when(const std::optional<Time>& time, Time now);
std::string in_words(Time time, Time now);  ///< `in 2h05m`, `41d ago`, `now`

std::string text_or_dash(const std::string& text);

/// `host`, or the UUID if the host is not known.
std::string name_of(const Json& member);

/// Of a zone: `signed`, `held, suspended`, `rolling, going insecure`, `insecure`
std::string state_of(const Json& zone);

/// `a, b, c`
std::string joined(const std::vector<std::string>& items, const std::string& between = ", ");

/// "1 zone", "3 zones"
std::string counted(std::size_t count, const std::string& noun);

}  // namespace rollcall::cli
