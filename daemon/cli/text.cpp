// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/text.h"

#include <algorithm>

namespace rollcall::cli {

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::optional<Time> time_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  return from_iso(json.get<std::string>());
}

std::string in_words(Time time, Time now) {
  if (time == now) return "now";
  return time > now ? "in " + to_words(time - now) : to_words(now - time) + " ago";
}

std::string when(const std::optional<Time>& time, Time now) {
  if (!time) return "-";
  return to_iso(*time) + " (" + in_words(*time, now) + ')';
}

std::string text_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string name_of(const Json& member) {
  const std::string host = member.at("host");
  return host.empty() ? member.at("member").get<std::string>() : host;
}

std::string state_of(const Json& zone) {
  std::string state = zone.at("state");
  const bool insecure = zone.at("insecure").get<bool>();
  if (insecure && state == "unsigned") state = "insecure";
  if (insecure && state != "insecure") state += ", going insecure";
  if (zone.at("suspended").get<bool>()) state += ", suspended";
  if (!zone.at("managed").get<bool>()) state += ", removed";
  return state;
}

std::string joined(const std::vector<std::string>& items, const std::string& between) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : between) + item;
  return text;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

}  // namespace rollcall::cli
