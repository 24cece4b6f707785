// SPDX-License-Identifier: GPL-3.0-or-later
// What is going to happen to a zone, when, and what that depends on.
#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

std::string names_of(const Json& members) {
  std::vector<std::string> names;
  for (const Json& member : members) names.push_back(name_of(member));
  return joined(names);
}

std::string dependency(const Json& one) {
  const std::string names = names_of(one.at("members"));
  const Json& until = one.at("until");
  return one.at("reason").get<std::string>() + ": " + one.at("text").get<std::string>() +
         (names.empty() ? "" : ": " + names) +
         (until.is_null() ? "" : ", until " + until.get<std::string>());
}

std::string depends_on(const Json& event) {
  std::vector<std::string> list;
  for (const Json& one : event.at("depends")) list.push_back(dependency(one));
  return text_or_dash(joined(list, "; "));
}

// Of an emergency: why not at once.
std::string faster(const Json& forecast) {
  std::string text = "\nto remove " + forecast.at("replaced").get<std::string>() + " at once would be bogus:\n";
  if (forecast.at("faster").empty()) text = "\nno cache would notice if " + forecast.at("replaced").get<std::string>() + " went at once\n";
  for (const Json& one : forecast.at("faster")) {
    const Json& until = one.at("until");
    text += "  " + one.at("text").get<std::string>() + (until.is_null() ? "" : ", until " + until.get<std::string>()) + '\n';
  }
  return text;
}

}  // namespace

std::string render_forecast(const Json& forecast) {
  const Time now = time_of(forecast.at("now")).value_or(Time{});
  std::string text = "zone " + forecast.at("zone").get<std::string>() + "   policy " +
                     forecast.at("policy").get<std::string>() + "   until " +
                     forecast.at("until").get<std::string>() + "\n";
  if (forecast.at("events").empty()) {
    text += "nothing happens\n";
  } else {
    Table table{{"UTC", "WHEN", "WHAT", "DEPENDS ON"}};
    for (const Json& event : forecast.at("events")) {
      const Time at = time_of(event.at("at")).value_or(now);
      table.row({event.at("at"), in_words(at, now), event.at("what"), depends_on(event)});
    }
    text += '\n' + table.text();
  }
  if (!forecast.at("complete").get<bool>())
    text += "\nmore happens than fits here: ask again with an earlier --until\n";
  for (const Json& hold : forecast.at("stuck")) {
    const std::string names = names_of(hold.at("waits_for"));
    text += "\nnever, as things are: " + hold.at("step").get<std::string>() + ": " +
            hold.at("text").get<std::string>() + (names.empty() ? "" : ": " + names) + '\n';
  }
  if (!forecast.value("replaced", std::string{}).empty()) text += faster(forecast);
  text += "\nif\n";
  for (const Json& assumption : forecast.at("assumptions"))
    text += "  " + assumption.get<std::string>() + '\n';
  return text;
}

std::string render_gate(const Json& gate) {
  const std::string zone = gate.at("zone");
  if (gate.at("open").get<bool>()) return "zone " + zone + ": the last gate is open\n";
  const Json& until = gate.at("until");
  return "zone " + zone + ": the last gate holds a change of this server\n  " + gate.at("why").get<std::string>() + "\n  " +
         (until.is_null() ? "it does not open by itself; rollcall gate " + zone + " --override lets this one change through"
                          : "it opens by itself " + until.get<std::string>()) +
         '\n';
}

}  // namespace rollcall::cli
