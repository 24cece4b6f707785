// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/notify/event.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace rollcall::notify {
namespace {

constexpr std::array<std::string_view, 5> names = {"debug", "info", "notice", "warning", "error"};

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(Level level) { return names[static_cast<std::size_t>(level)]; }

std::optional<Level> level_from(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string line_of(const Event& event) {
  std::string line = fmt::format("{}: {}", to_string(event.level), event.event);
  if (!event.zone.empty()) line += " zone=" + event.zone;
  if (!event.text.empty()) line += " " + event.text;
  return printable(line);
}

}  // namespace rollcall::notify
