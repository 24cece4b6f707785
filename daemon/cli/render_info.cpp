// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall info`: first the four lines that an administrator asks for, then the rest.
#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

std::string appointed_server(const Json& info) {
  if (!info.at("appointed_server").is_null()) return name_of(info.at("appointed_server"));
  const Json& next = info.at("next_server");
  return "none (random" + (next.is_null() ? "" : "; next: " + name_of(next)) + ')';
}

std::string next_keys(const Json& info, Time now) {
  const auto time = time_of(info.at("next_keys"));
  const std::string zone = info.at("next_zone");
  return time ? when(time, now) + ", zone " + zone : "-";
}

std::string four_lines(const Json& info, Time now) {
  return "Appointed server: " + appointed_server(info) +
         "\nKeys store: " + text_or_dash(info.at("keys_store")) +
         "\nLast time keys generated: " + when(time_of(info.at("last_keys_made")), now) +
         "\nNext time keys need to be generated: " + next_keys(info, now) + '\n';
}

std::string mode_lines(const Json& info) {
  std::vector<std::string> failover;
  for (const Json& member : info.at("appointed")) failover.push_back(name_of(member));
  if (!failover.empty()) failover.erase(failover.begin());
  std::string text = "\nMode: " + info.at("mode").get<std::string>() + '\n';
  if (info.at("mode") != "random")
    text += "Fail-over: " + (failover.empty() ? "none" : joined(failover, ", then ")) + '\n';
  return text;
}

std::string zone_lines(const Json& zones) {
  std::string text = "\nZones: ";
  std::vector<std::string> counts;
  for (const char* state : {"signed", "rolling", "held", "unsigned"}) {
    counts.push_back(std::to_string(zones.at(state).size()) + ' ' + state);
  }
  text += joined(counts) + '\n';
  for (const char* state : {"rolling", "unsigned"}) {
    for (const std::string zone : zones.at(state)) text += "  " + zone + ": " + state + '\n';
  }
  for (const Json& held : zones.at("held")) {
    text += "  " + held.at("zone").get<std::string>() +
            ": held: " + held.at("why").get<std::string>() + '\n';
  }
  return text;
}

std::string alarm_lines(const Json& alarms) {
  if (alarms.empty()) return "\nAlarms: none\n";
  std::string text = "\nAlarms:\n";
  for (const Json& alarm : alarms) {
    const std::string zone = alarm.at("zone"), host = alarm.at("host");
    text += "  " + zone + host + (zone.empty() && host.empty() ? "" : ": ") +
            alarm.at("text").get<std::string>() + '\n';
  }
  return text;
}

std::string master_key_line(const Json& info) {
  const Json& key = info.at("master_key");
  return key.at("epoch") == 0 ? "" : "Master key: " + render_master_key(key) + '\n';
}

}  // namespace

std::string render_master_key(const Json& key) {
  std::string text = "epoch " + std::to_string(key.at("epoch").get<std::uint32_t>());
  if (!key.at("rotating").get<bool>()) return text;
  std::vector<std::string> hosts;
  for (const Json& member : key.at("waits_for")) hosts.push_back(name_of(member));
  text += "; its rotation is not over: " + key.at("text").get<std::string>();
  return hosts.empty() ? text : text + "; waits for " + joined(hosts);
}

std::string render_info(const Json& info) {
  const Time now = time_of(info.at("now")).value_or(Time{});
  const std::string outsider = render_outsider(info);
  return four_lines(info, now) + mode_lines(info) + master_key_line(info) + '\n' +
         (outsider.empty() ? render_members(info) : outsider) + zone_lines(info.at("zones")) +
         alarm_lines(info.at("alarms"));
}

}  // namespace rollcall::cli
