// SPDX-License-Identifier: GPL-3.0-or-later
// Policies, and what a change of one does.
#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

// Durations in words, with the number that `policy set` takes.
std::string in_words(const Json& value) {
  if (!value.is_number()) return value.get<std::string>();
  const auto seconds = value.get<std::int64_t>();
  return to_words(Seconds{seconds}) + (seconds < 60 ? "" : " (" + std::to_string(seconds) + ')');
}

std::string lifetime(const Json& value) {
  return value.get<std::int64_t>() == 0 ? "unlimited" : to_words(Seconds{value.get<std::int64_t>()});
}

std::string effect_line(const Json& effect) {
  const std::string why = effect.at("why");
  const Json& when = effect.at("when");
  return "  " + effect.at("what").get<std::string>() + (when.is_null() ? "" : ", " + when.get<std::string>()) +
         (why.empty() ? "" : ": " + why) + '\n';
}

}  // namespace

std::string policy_table(const Json& policy) {
  Table table{{"SETTING", "VALUE"}};
  for (const auto& [name, value] : policy.items()) {
    if (name != "name") table.row({name, in_words(value)});
  }
  return table.text();
}

std::string render_policies(const Json& policies) {
  Table table{{"POLICY", "ZONES", "ALGORITHM", "SCHEME", "KSK LIFETIME", "ZSK LIFETIME"}};
  for (const Json& policy : policies.at("policies")) {
    table.row({policy.at("name"), std::to_string(policy.at("zones").get<int>()), policy.at("algorithm"),
               policy.at("scheme"), lifetime(policy.at("ksk_lifetime")), lifetime(policy.at("zsk_lifetime"))});
  }
  return table.text();
}

std::string render_policy(const Json& answer) {
  std::vector<std::string> zones = answer.at("zones");
  return "policy " + answer.at("policy").at("name").get<std::string>() + "   zones: " +
         (zones.empty() ? "none" : joined(zones)) + "\n\n" + policy_table(answer.at("policy"));
}

std::string render_policy_change(const Json& answer) {
  const std::string name = answer.at("policy");
  const bool written = answer.at("written").get<bool>();
  std::string text = "policy " + name + (answer.at("created").get<bool>() ? ", a new one" : "") + '\n';
  for (const Json& change : answer.at("changes")) {
    text += "  " + change.at("name").get<std::string>() + ": " + in_words(change.at("before")) + " -> " +
            in_words(change.at("after")) + '\n';
  }
  if (answer.at("changes").empty()) text += "  nothing differs\n";
  for (const Json& zone : answer.at("zones")) {
    text += "zone " + zone.at("zone").get<std::string>() + '\n';
    for (const Json& effect : zone.at("effects")) text += effect_line(effect);
    if (zone.at("effects").empty()) text += "  nothing is rolled\n";
  }
  return text + (written ? "" : "nothing was written; without --dry-run it is\n");
}

}  // namespace rollcall::cli
