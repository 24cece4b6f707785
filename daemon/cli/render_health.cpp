// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall health`: what is wrong, each with its cure, and how each replica was found.
#include <algorithm>

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

// Of the tree of IPA: who does what.

std::string names(const Json& list) {
  const auto all = list.get<std::vector<std::string>>();
  return all.empty() ? "-" : joined(all, ", ");
}

std::string cas(const Json& list, bool generating_only) {
  std::vector<std::string> hosts;
  for (const Json& ca : list) {
    const bool generates =
        ca.at("generates_crl").is_boolean() && ca.at("generates_crl").get<bool>();
    if (generates || !generating_only) hosts.push_back(ca.at("host"));
  }
  return hosts.empty() ? "-" : joined(hosts, ", ");
}

std::string ad_sync(const Json& list) {
  std::vector<std::string> pairs;
  for (const Json& one : list)
    pairs.push_back(one.at("host").get<std::string>() + " with " +
                    one.at("with").get<std::string>());
  return pairs.empty() ? "-" : joined(pairs, ", ");
}

std::string ad_trust(const Json& ipa) {
  const std::string domains = names(ipa.at("ad_trusted_domains"));
  const std::string controllers = names(ipa.at("ad_trust_controllers"));
  return domains == "-" && controllers == "-" ? "-" : domains + " by " + controllers;
}

std::string ipa_table(const Json& ipa) {
  Table table{{"IN IPA", "SERVERS"}};
  table.row({"certificate authorities", cas(ipa.at("cas"), false)});
  table.row({"renews certificates", names(ipa.at("renewal_masters"))});
  table.row({"generates the CRL", cas(ipa.at("cas"), true)});
  table.row({"synchronises with AD", ad_sync(ipa.at("ad_sync"))});
  table.row({"AD that is trusted", ad_trust(ipa)});
  return table.text();
}

// A finding that is ok is a note.

bool is_note(const Json& finding) { return finding.at("level") == "ok"; }

std::string headline(const Json& findings) {
  const auto notes =
      static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), is_note));
  const std::size_t wrong = findings.size() - notes;
  return (wrong == 0 ? "nothing is wrong" : counted(wrong, "finding")) +
         (notes == 0 ? "" : " (" + counted(notes, "note") + ')');
}

std::string paragraph(const Json& finding) {
  const std::string level = is_note(finding) ? "note" : finding.at("level").get<std::string>();
  const std::string cure = finding.at("cure");
  return level + "  " + finding.at("about").get<std::string>() + ": " +
         finding.at("what").get<std::string>() + '\n' + (cure.empty() ? "" : "  -> " + cure + '\n');
}

}  // namespace

std::string render_health(const Json& health) {
  const Json& findings = health.at("findings");
  std::string text = "ROLLCALL " + upper(health.at("level")) + " - " + headline(findings) +
                     ", seen from " + name_of(health.at("self")) + " at " +
                     health.at("now").get<std::string>() + '\n';
  for (const Json& finding : findings) text += '\n' + paragraph(finding);
  if (!health.at("replicas").empty()) text += '\n' + replicas_table(health.at("replicas"));
  if (health.at("ipa").is_object()) text += '\n' + ipa_table(health.at("ipa"));
  return text;
}

}  // namespace rollcall::cli
