// SPDX-License-Identifier: GPL-3.0-or-later
// Members, zones, a zone's policy, DS records, findings and events: one table or list each.
#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

std::string part_of(const Json& member) {
  const std::string out = member.at("out");
  if (!out.empty()) return out.substr(0, out.find(':'));
  if (!member.at("in_roster").get<bool>()) return "not admitted";
  return member.at("serving").get<bool>() ? "serving" : "joining";
}

std::string heartbeat(const Json& member) {
  if (member.at("self").get<bool>()) return "this machine";
  const Json& age = member.at("age_seconds");
  if (age.is_null()) return "none yet";
  const std::string text = to_words(Seconds{age.get<std::int64_t>()}) + " ago";
  return member.at("fresh").get<bool>() ? text : text + ", SILENT";
}

std::string tags(const Json& list) {
  std::vector<std::string> all;
  for (const Json& tag : list) all.push_back(std::to_string(tag.get<int>()));
  return all.empty() ? "none" : joined(all);
}

std::string paste_lines(const Json& key) {
  std::string text = "; " + std::string{key.at("wanted").get<bool>() ? "" : "no longer needed: "} +
                     "key " + std::to_string(key.at("key_tag").get<int>()) + " (" +
                     key.at("key").get<std::string>() + "), " + key.at("stage").get<std::string>() +
                     '\n';
  const std::string prefix = key.at("wanted").get<bool>() ? "" : "; ";
  for (const std::string line : key.at("ds")) text += prefix + line + '\n';
  return text + prefix + key.at("cdnskey").get<std::string>() + '\n';
}

std::string parent_lines(const Json& ds, Time now) {
  const Json& parent = ds.at("parent");
  const std::string by_hand = parent.at("by_hand"), problem = parent.at("problem");
  std::string text;
  if (const auto seen = time_of(parent.at("seen"))) {
    text += "; the parent shows: " + tags(parent.at("everywhere"));
    if (!parent.at("somewhere").empty())
      text += "; at some of its servers only: " + tags(parent.at("somewhere"));
    if (parent.at("unknown").get<int>() > 0)
      text +=
          "; and " + counted(parent.at("unknown").get<std::size_t>(), "DS") + " of no key of ours";
    text += "\n; seen " + when(seen, now) + (by_hand.empty() ? "" : ", said by " + by_hand) + '\n';
  } else {
    text += "; what the parent shows is not known yet\n";
  }
  if (parent.at("addresses").empty()) {
    text +=
        "; its servers are not in the configuration ([[parent]]); when they show the DS:\n"
        ";   rollcall ds published " +
        ds.at("zone").get<std::string>() + '\n';
  }
  return problem.empty() ? text : text + "; " + problem + '\n';
}

}  // namespace

std::string render_members(const Json& members) {
  Table table{{"MEMBER", "HOST", "STATE", "LAST HEARTBEAT", "FACTS", "VERSION", "ALARMS"}};
  for (const Json& member : members.at("members")) {
    table.row({member.at("member").get<std::string>(), text_or_dash(member.at("host")),
               part_of(member), heartbeat(member),
               std::to_string(member.at("facts").get<std::uint64_t>()),
               text_or_dash(member.at("version")),
               member.at("alarms").empty() ? "-" : std::to_string(member.at("alarms").size())});
  }
  return table.text();
}

std::string render_zone_list(const Json& zones) {
  if (zones.at("zones").empty()) return "no zones yet: rollcall zone add ZONE\n";
  Table table{{"ZONE", "POLICY", "STATE", "KEYS", "ALARMS"}};
  for (const Json& zone : zones.at("zones")) {
    table.row({zone.at("zone"), zone.at("policy"), state_of(zone),
               std::to_string(zone.at("keys").get<int>()),
               std::to_string(zone.at("alarms").get<int>())});
  }
  return table.text();
}

std::string render_zone_policy(const Json& zone) {
  const Json& policy = zone.at("policy");
  std::string text = "zone " + zone.at("zone").get<std::string>() + "   " +
                     zone.at("state").get<std::string>() + "   incarnation " +
                     std::to_string(zone.at("incarnation").get<int>()) + "   policy " +
                     policy.at("name").get<std::string>() + "\n\n";
  return text + policy_table(policy);
}

std::string render_ds(const Json& ds) {
  const Time now = time_of(ds.at("now")).value_or(Time{});
  std::string text;
  for (const Json& key : ds.at("keys")) text += paste_lines(key);
  if (text.empty())
    text = "; no key of " + ds.at("zone").get<std::string>() + " is for the parent yet\n";
  return text + parent_lines(ds, now);
}

std::string render_findings(const Json& check) {
  std::string text;
  for (const Json& finding : check.at("findings")) {
    const std::string level = finding.at("level"), cure = finding.at("cure");
    text +=
        level + std::string(9 - level.size(), ' ') + finding.at("what").get<std::string>() + '\n';
    if (!cure.empty()) text += std::string(9, ' ') + cure + '\n';
  }
  return text;
}

std::string render_events(const Json& events) {
  std::string text;
  for (const Json& event : events.at("events")) {
    const std::string zone = event.at("zone");
    text += event.at("time").get<std::string>() + ' ' + event.at("level").get<std::string>() +
            ": " + event.at("event").get<std::string>() + (zone.empty() ? "" : " zone=" + zone) +
            ' ' + event.at("text").get<std::string>() + '\n';
  }
  return text;
}

}  // namespace rollcall::cli
