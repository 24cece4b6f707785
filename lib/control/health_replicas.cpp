// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health_replicas.h"

namespace rollcall::control {
namespace {

// --- hints: what the servers tell themselves

std::vector<ChangeVector> vectors_of(const std::vector<ReplicaLook>& looks) {
  std::vector<ChangeVector> all;
  for (const ReplicaLook& look : looks) all.push_back(look.replication.changes);
  return all;
}

std::string lag_text(const ReplicaLook& look, const std::vector<ReplicaLook>& all) {
  if (look.replication.attribute.empty()) return "";
  const auto lag = lag_of(look.replication.changes, vectors_of(all));
  if (!lag) return "";
  return "by its " + look.replication.attribute + " it lacks " +
         (lag->behind ? "the changes of the last " + to_words(*lag->behind) : "all changes") +
         " made at " + lag->server;
}

std::string agreements_text(const ReplicaLook& look, const std::vector<ReplicaLook>& all) {
  std::string text;
  for (const ReplicaLook& supplier : all) {
    for (const Agreement& one : supplier.replication.agreements) {
      const bool concerns = supplier.host == look.host || one.partner == look.host;
      if (one.windows || one.problem.empty() || !concerns) continue;
      text += (text.empty() ? "" : "; ") + std::string{"agreement "} + one.name + " of " +
              supplier.host + ": " + one.problem;
    }
  }
  return text;
}

// Two that are asked one after the other always differ a little: only where something is amiss it
// means anything.
std::string hint_of(const ReplicaLook& look, const std::vector<ReplicaLook>& all) {
  if (!look.answers || (look.probe_after && look.lacks == 0)) return "";
  const std::string lag = lag_text(look, all), agreements = agreements_text(look, all);
  return lag + (lag.empty() || agreements.empty() ? "" : "; ") + agreements;
}

std::string with_hint(const std::string& what, const std::string& hint) {
  return hint.empty() ? what : what + " (" + hint + ')';
}

// --- findings

void judge(const ReplicaLook& look, bool probed, const std::string& hint, Findings& findings) {
  const std::string log = "the directory's own log, on " + look.host;
  if (look.denied) {
    findings.say({"not-compared", look.host, Level::warning,
                  "its directory was not compared: it does not let this agent in: " + look.problem,
                  "give this agent an account there, or see that the accounts are replicated; "
                  "[directory] of "
                  "rollcalld.toml"});
    return;
  }
  if (!look.answers) {
    findings.say({"replica", look.host, Level::warning,
                  "its directory does not answer: " + look.problem, "start it; see " + log});
    return;
  }
  if (probed && !look.probe_after) {
    findings.say({"replication", look.host, Level::warning,
                  with_hint("what was written here did not arrive at its directory", hint),
                  "see " + log});
  }
  if (look.lacks > 0) {
    findings.say(
        {"entries", look.host, Level::warning,
         with_hint("its directory lacks " + count_of(look.lacks, "fact") + " that another one has",
                   hint),
         "agents write them again by themselves; if it lasts, see " + log, "lacks"});
  }
  if (look.differs > 0) {
    findings.say(
        {"entries", look.host, Level::critical,
         "its directory has " + count_of(look.differs, "fact") +
             " with another content than another one",
         "somebody wrote there who may not, or it was restored: fill it anew from a good one",
         "differs"});
  }
  for (const std::string& conflict : look.conflicts) {
    findings.say({"conflict", look.host, Level::warning, "replication put aside " + conflict,
                  "delete the one that is not wanted", conflict});
  }
}

}  // namespace

void judge_replicas(const HealthLooks& looks, Findings& findings) {
  for (const ReplicaLook& look : looks.replicas)
    judge(look, looks.probe_problem.empty(), hint_of(look, looks.replicas), findings);
  for (const NotCompared& one : looks.not_compared) {
    findings.say({"not-compared", one.host, Level::ok, "its directory was not compared: " + one.why,
                  one.cure});
  }
}

Json replicas_json(const std::vector<ReplicaLook>& looks) {
  Json all = Json::array();
  for (const ReplicaLook& look : looks) {
    Json json{{"host", look.host},       {"uri", look.uri},
              {"answers", look.answers}, {"problem", look.problem},
              {"facts", look.facts},     {"lacks", look.lacks},
              {"differs", look.differs}, {"hint", hint_of(look, looks)}};
    json["probe_ms"] =
        look.probe_after
            ? Json(std::chrono::floor<std::chrono::milliseconds>(*look.probe_after).count())
            : Json{};
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace rollcall::control
