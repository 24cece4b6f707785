// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/zone_story.h"

#include <algorithm>

namespace rollcall::cli {
namespace {

std::string reason_of(const Json& hold) { return hold.at("reason"); }

std::string silent_since(const Json& member) {
  const Json& age = member.at("age_seconds");
  return age.is_null() ? "no heartbeat yet"
                       : "last heartbeat " + to_words(Seconds{age.get<std::int64_t>()}) + " ago";
}

// Whether a step is about this key. "ZSK 112" is not about ZSK 11.
bool is_about(const Json& hold, const std::string& name) {
  const std::string step = hold.at("step").get<std::string>() + ' ';
  for (auto at = step.find(name); at != std::string::npos; at = step.find(name, at + 1)) {
    const char behind = step[at + name.size()];
    if (behind < '0' || behind > '9') return true;
  }
  return false;
}

const Json* first_about(const Json& holds, const std::string& name, bool blocked) {
  for (const Json& hold : holds) {
    if (is_about(hold, name) && is_blocked(hold) == blocked) return &hold;
  }
  return nullptr;
}

// Of those that time will end.
const Json* earliest(const Json& holds) {
  const Json* first = nullptr;
  for (const Json& hold : holds) {
    const auto until = time_of(hold.at("until"));
    if (until && (first == nullptr || *until < *time_of(first->at("until")))) first = &hold;
  }
  return first;
}

struct Planned {
  std::optional<Time> time;
  std::string what;
};

void plan(Planned& planned, const Json& times, const std::string& what) {
  for (const auto& [role, json] : times.items()) {
    const auto time = time_of(json);
    if (time && (!planned.time || *time < *planned.time)) planned = {time, what + ' ' + role};
  }
}

// Of a generation whose winner is not final.
std::string open_election(const Json& zone) {
  for (const Json& generation : zone.at("generations")) {
    if (!generation.at("winner").is_null() || generation.at("voided").get<bool>()) continue;
    std::vector<std::string> silent;
    for (const Json& member : generation.at("waits_for")) silent.push_back(name_of(member));
    const std::string what = generation.at("role").get<std::string>() + ' ' +
                             std::to_string(generation.at("number").get<int>());
    return "elect " + what + (silent.empty() ? "" : "   waits for: " + joined(silent));
  }
  return {};
}

std::string day_of(Time time) { return to_iso(time).substr(0, 10); }

// The end of the wait that runs longest among the records of a key.
std::optional<Time> caches_until(const Json& key) {
  std::optional<Time> last;
  for (const auto& [name, record] : key.at("records").items())
    last = std::max(last, time_of(record.at("until")));
  return last;
}

// What a text has between backquotes: the command that it names.
std::string quoted_in(const std::string& text) {
  const auto begin = text.find('`');
  const auto end = begin == std::string::npos ? begin : text.find('`', begin + 1);
  return end == std::string::npos ? "" : text.substr(begin + 1, end - begin - 1);
}

std::string in_short(const Json& hold, Time now) {
  if (const auto until = time_of(hold.at("until"))) return when(until, now);
  return is_blocked(hold) ? "waits for " + blocked_by(hold) : hold.at("text").get<std::string>();
}

}  // namespace

bool is_blocked(const Json& hold) {
  const std::string reason = reason_of(hold);
  return reason != "time" && reason != "policy" && reason != "rules";
}

std::string blocked_by(const Json& hold) {
  const std::string reason = reason_of(hold);
  std::vector<std::string> names;
  for (const Json& member : hold.at("waits_for"))
    names.push_back(name_of(member) + " (" + silent_since(member) + ')');
  if (!names.empty()) return joined(names);
  if (reason == "parent") return "the parent";
  if (reason == "operator") return "the administrator";
  if (reason == "signer") return "the DNS server";
  return "a member";
}

std::string next_of_zone(const Json& zone, Time now) {
  const Json& holds = zone.at("holds");
  const auto blocked = std::find_if(holds.begin(), holds.end(), is_blocked);
  if (blocked != holds.end())
    return blocked->at("step").get<std::string>() + "   blocked by: " + blocked_by(*blocked);
  if (const Json* hold = earliest(holds)) {
    return when(time_of(hold->at("until")), now) + "  " + hold->at("step").get<std::string>();
  }
  if (const std::string election = open_election(zone); !election.empty()) return election;
  Planned planned;
  plan(planned, zone.at("next_keys"), "make the next");
  plan(planned, zone.at("next_roll"), "use the next");
  return planned.time ? when(planned.time, now) + "  " + planned.what : "nothing is planned";
}

std::string next_of_key(const Json& key, const Json& zone, Time now) {
  const std::string name =
      key.at("role").get<std::string>() + ' ' + std::to_string(key.at("key_tag").get<int>());
  const Json& holds = zone.at("holds");
  if (const Json* hold = first_about(holds, name, true)) return in_short(*hold, now);
  if (const auto until = caches_until(key)) return "caches follow until " + when(until, now);
  if (const Json* hold = first_about(holds, name, false)) return in_short(*hold, now);
  if (key.at("leaving").get<bool>()) return "leaves";
  const auto expires = time_of(key.at("expires"));
  return expires ? "roll " + day_of(*expires) : "-";
}

std::string command_for(const Json& hold, const std::string& zone) {
  const std::string reason = reason_of(hold);
  if (reason == "operator") return quoted_in(hold.at("text"));
  if (reason == "parent") {
    return "rollcall ds show " + zone + "   (and when the parent shows it: rollcall ds published " +
           zone + ')';
  }
  if (reason == "signer") return "rollcall check " + zone;
  if (hold.at("waits_for").empty()) return "";
  return "on " + name_of(hold.at("waits_for").front()) +
         ": systemctl status rollcalld; rollcall check " + zone;
}

}  // namespace rollcall::cli
