// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall health`: what is wrong, each with its cure, and how each replica was found.
#include "daemon/cli/render.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

std::string state_of_replica(const Json& replica) {
  return replica.at("answers").get<bool>() ? "answers" : "NO ANSWER";
}

std::string probe(const Json& replica) {
  const Json& milliseconds = replica.at("probe_ms");
  return milliseconds.is_null() ? "-" : std::to_string(milliseconds.get<std::int64_t>()) + " ms";
}

std::string replicas_table(const Json& replicas) {
  Table table{{"DIRECTORY OF", "STATE", "FACTS", "LACKS", "WRITTEN HERE, SEEN THERE AFTER"}};
  for (const Json& replica : replicas) {
    table.row({replica.at("host"), state_of_replica(replica),
               std::to_string(replica.at("facts").get<std::size_t>()),
               std::to_string(replica.at("lacks").get<std::size_t>()), probe(replica)});
  }
  return table.text();
}

}  // namespace

std::string render_health(const Json& health) {
  const Json& findings = health.at("findings");
  std::string text = "ROLLCALL " + upper(health.at("level")) + " - " +
                     (findings.empty() ? "nothing is wrong" : counted(findings.size(), "finding")) +
                     ", seen from " + name_of(health.at("self")) + " at " +
                     health.at("now").get<std::string>() + '\n';
  for (const Json& finding : findings) {
    text += '\n' + finding.at("level").get<std::string>() + "  " +
            finding.at("about").get<std::string>() + ": " + finding.at("what").get<std::string>() +
            '\n';
    const std::string cure = finding.at("cure");
    if (!cure.empty()) text += "  -> " + cure + '\n';
  }
  if (!health.at("replicas").empty()) text += '\n' + replicas_table(health.at("replicas"));
  return text;
}

}  // namespace rollcall::cli
