// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall status` and `rollcall status ZONE`.
#include <algorithm>

#include "daemon/cli/render.h"
#include "daemon/cli/text.h"
#include "daemon/cli/zone_story.h"

namespace rollcall::cli {
namespace {

std::size_t count_fresh(const Json& members) {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(), [](const Json& member) {
        return member.at("in_roster").get<bool>() && member.at("fresh").get<bool>();
      }));
}

std::size_t count_roster(const Json& members) {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const Json& member) { return member.at("in_roster").get<bool>(); }));
}

std::string mode_of(const Json& status) {
  std::vector<std::string> names;
  for (const Json& member : status.at("appointed")) names.push_back(name_of(member));
  return names.empty() ? "any member (random)" : joined(names, ", then ");
}

std::string cluster_line(const Json& status) {
  const Json& members = status.at("members");
  return name_of(status.at("self")) + "   " +
         (status.at("serving").get<bool>() ? "serving" : "not serving yet") + "   members " +
         std::to_string(count_fresh(members)) + '/' + std::to_string(count_roster(members)) +
         " fresh   keys are made by: " + mode_of(status) + '\n';
}

std::string doubt_line(const Json& status) {
  const std::string doubt = status.at("doubt"), out = status.at("out");
  return doubt.empty() || !out.empty() ? "" : "in doubt: " + doubt + "; keeps serving, writes nothing new\n";
}

// Why this member does not count any more, or does not serve yet, and decrees that wait.
std::string membership_lines(const Json& status) {
  const std::string out = status.at("out");
  std::string text = out.empty() ? "" : "this member: " + out + '\n';
  for (const Json& hold : status.at("holds")) {
    std::vector<std::string> names;
    for (const Json& member : hold.at("waits_for")) names.push_back(name_of(member));
    text += hold.at("step").get<std::string>() + ": " + hold.at("text").get<std::string>() +
            (names.empty() ? "" : ": " + joined(names, ", ")) +
            (hold.at("until").is_null() ? "" : ", until " + hold.at("until").get<std::string>()) +
            '\n';
  }
  return text;
}

std::string alarm_lines(const Json& alarms, const std::string& where) {
  std::string text;
  for (const std::string alarm : alarms)
    text += "ALARM " + where + (where.empty() ? "" : ": ") + alarm + '\n';
  return text;
}

std::string all_alarms(const Json& status) {
  std::string text = alarm_lines(status.at("alarms"), "");
  for (const Json& zone : status.at("zones"))
    text += alarm_lines(zone.at("alarms"), zone.at("zone"));
  for (const Json& member : status.at("members")) {
    if (!member.at("self").get<bool>()) text += alarm_lines(member.at("alarms"), name_of(member));
  }
  return text;
}

std::string zones_table(const Json& status, Time now) {
  if (status.at("zones").empty()) return "no zones yet: rollcall zone add ZONE\n";
  Table table{{"ZONE", "STATE", "KEYS", "SIGNED UNTIL", "NEXT"}};
  for (const Json& zone : status.at("zones")) {
    table.row({zone.at("zone"), state_of(zone), std::to_string(zone.at("keys").size()),
               when(time_of(zone.at("signed_until")), now), next_of_zone(zone, now)});
  }
  return table.text();
}

constexpr std::pair<const char*, const char*> short_states[] = {
    {"hidden", "hidden"}, {"rumoured", "rum"}, {"omnipresent", "omni"}, {"unretentive", "unret"}};

bool role_uses(const Json& key, const std::string& record) {
  if (record == "DNSKEY") return true;
  return (key.at("role") == "ZSK") == (record == "ZRRSIG");
}

// `omni 3/3`: what caches can have, and how many members have done the last change.
std::string record_cell(const Json& key, const char* record, std::size_t roster) {
  const auto found = key.at("records").find(record);
  if (found == key.at("records").end()) return "-";
  const std::string state = found->at("state");
  const auto* known =
      std::ranges::find_if(short_states, [&](const auto& pair) { return pair.first == state; });
  const std::string word = known == std::end(short_states) ? state : known->second;
  if (state == "hidden") return role_uses(key, record) ? word : "-";
  return word + ' ' + std::to_string(found->at("acked").get<std::size_t>()) + '/' +
         std::to_string(roster);
}

std::string since(const Json& key, Time now) {
  const auto first_use = time_of(key.at("first_use"));
  const auto time = first_use ? first_use : time_of(key.at("created"));
  return time ? to_words(now - *time) : "-";
}

std::string keys_table(const Json& zone, Time now) {
  if (zone.at("keys").empty()) return "no keys yet\n";
  const auto roster = zone.at("roster").get<std::size_t>();
  Table table{
      {"KEY", "TAG", "ROLE", "ALG", "GOAL", "DNSKEY", "KRRSIG", "ZRRSIG", "DS", "SINCE", "NEXT"}};
  for (const Json& key : zone.at("keys")) {
    table.row({key.at("key"), std::to_string(key.at("key_tag").get<int>()), key.at("role"),
               std::to_string(key.at("algorithm").get<int>()), key.at("goal"),
               record_cell(key, "DNSKEY", roster), record_cell(key, "KRRSIG", roster),
               record_cell(key, "ZRRSIG", roster), record_cell(key, "DS", roster), since(key, now),
               next_of_key(key, zone, now)});
  }
  return table.text();
}

std::string stages(const Json& zone) {
  std::string text;
  for (const Json& key : zone.at("keys")) {
    text += key.at("role").get<std::string>() + ' ' + std::to_string(key.at("key_tag").get<int>()) +
            ' ' + key.at("stage").get<std::string>() + " (generation " +
            std::to_string(key.at("generation").get<int>()) + ", made by " +
            name_of(key.at("made_by")) + ")\n";
  }
  return text.empty() ? "" : '\n' + text;
}

std::string elections(const Json& zone) {
  std::string text;
  for (const Json& generation : zone.at("generations")) {
    if (!generation.at("winner").is_null()) continue;
    std::vector<std::string> silent;
    for (const Json& member : generation.at("waits_for")) silent.push_back(name_of(member));
    text += generation.at("role").get<std::string>() + ' ' +
            std::to_string(generation.at("number").get<int>()) + " (" +
            generation.at("why").get<std::string>() +
            "): " + counted(generation.at("candidates").size(), "candidate");
    if (generation.at("voided").get<bool>()) text += ", void: every candidate was rejected";
    if (!silent.empty()) text += ", not answered yet: " + joined(silent);
    text += '\n';
  }
  return text.empty() ? "" : "\nBeing elected:\n" + text;
}

std::string holds(const Json& zone, Time now) {
  std::string text;
  for (const Json& hold : zone.at("holds")) {
    text += "  " + hold.at("step").get<std::string>() + ": " + hold.at("text").get<std::string>();
    if (const auto until = time_of(hold.at("until"))) text += ", until " + when(until, now);
    if (!hold.at("waits_for").empty()) text += "; waits for " + blocked_by(hold);
    text += '\n';
    const std::string command = command_for(hold, zone.at("zone"));
    if (!command.empty()) text += "      " + command + '\n';
  }
  return text.empty() ? "" : "\nNot yet:\n" + text;
}

std::string zone_header(const Json& zone, Time now) {
  return "zone " + zone.at("zone").get<std::string>() + "   " +
         state_of(zone) + "   policy " + zone.at("policy").get<std::string>() +
         "   members " + std::to_string(zone.at("fresh").get<int>()) + '/' +
         std::to_string(zone.at("roster").get<int>()) + " fresh   signed until " +
         when(time_of(zone.at("signed_until")), now) + '\n';
}

}  // namespace

std::string render_outsider(const Json& status) {
  if (status.at("in_cluster").get<bool>()) return "";
  if (!status.at("members").empty() && status.at("out") == "") {
    return "this machine has asked to join and is no member yet; whoever invited it says why: rollcall log, on that machine\n";
  }
  return "this machine is in no cluster\n"
         "  the first one:      rollcall init\n"
         "  every further one:  rollcall join TOKEN   (a token: rollcall invite, on a member)\n";
}

std::string render_status(const Json& status) {
  const Time now = time_of(status.at("now")).value_or(Time{});
  const std::string outsider = render_outsider(status);
  if (!outsider.empty())
    return outsider + doubt_line(status) + membership_lines(status) + all_alarms(status);
  const std::string alarms = all_alarms(status);
  return cluster_line(status) + doubt_line(status) + membership_lines(status) + '\n' +
         zones_table(status, now) + (alarms.empty() ? "" : '\n' + alarms);
}

std::string render_zone(const Json& status) {
  const Time now = time_of(status.at("now")).value_or(Time{});
  const Json& zone = status.at("zone");
  const std::string alarms =
      alarm_lines(status.at("alarms"), "") + alarm_lines(zone.at("alarms"), zone.at("zone"));
  return zone_header(zone, now) + "next: " + next_of_zone(zone, now) + '\n' + doubt_line(status) +
         membership_lines(status) + '\n' + keys_table(zone, now) + stages(zone) + elections(zone) +
         holds(zone, now) + (alarms.empty() ? "" : '\n' + alarms);
}

}  // namespace rollcall::cli
