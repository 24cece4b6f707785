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
  text += "\nif\n";
  for (const Json& assumption : forecast.at("assumptions"))
    text += "  " + assumption.get<std::string>() + '\n';
  return text;
}

}  // namespace rollcall::cli
