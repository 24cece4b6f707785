// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health_ipa.h"

#include <algorithm>

namespace rollcall::control {
namespace {

constexpr const char* whole_tree = "IPA";

std::vector<std::string> hosts_with(const IpaLook& look, bool IpaServer::*role) {
  std::vector<std::string> hosts;
  for (const IpaServer& server : look.servers) {
    if (server.*role) hosts.push_back(server.host);
  }
  return hosts;
}

bool is_ca(const IpaLook& look, const std::string& host) {
  const auto cas = hosts_with(look, &IpaServer::ca);
  return std::ranges::find(cas, host) != cas.end();
}

// --- certificates

// Without CAs, certificates come from elsewhere, and nobody is to renew them.
void judge_renewal(const IpaLook& look, Findings& findings) {
  const auto renew = hosts_with(look, &IpaServer::renews_certificates);
  const auto cas = hosts_with(look, &IpaServer::ca);
  const std::string cure = "ipa config-mod --ca-renewal-master-server " +
                           (cas.empty() ? "HOST" : cas.front()) + ", or another CA";
  if (renew.empty() && !cas.empty()) {
    findings.say({"ca-renewal", whole_tree, Level::warning,
                  "no server renews the certificates of the CAs: they expire", cure});
  }
  if (renew.size() > 1) {
    findings.say({"ca-renewal", whole_tree, Level::warning,
                  comma_list(renew) +
                      " are all marked as the one that renews certificates: each has its own then",
                  cure});
  }
  for (const std::string& host : renew) {
    if (is_ca(look, host)) continue;
    findings.say({"ca-renewal", host, Level::warning,
                  "it is to renew certificates and is no CA, so nobody does", cure});
  }
}

std::string duties_of(const IpaLook& look, const std::string& host) {
  const auto renew = hosts_with(look, &IpaServer::renews_certificates);
  return std::ranges::find(renew, host) == renew.end() ? ""
                                                       : ", which renews the certificates of all,";
}

void judge_cas(const IpaLook& look, Findings& findings) {
  std::vector<std::string> generators;
  bool all_answer = true;
  for (const auto& [host, generates] : look.generates_crl) {
    if (!generates) {
      all_answer = false;
      findings.say(
          {"ca", host, Level::warning,
           "this CA" + duties_of(look, host) + " does not answer: " + generates.error().what,
           "ipactl status, on " + host});
    } else if (*generates) {
      generators.push_back(host);
    }
  }
  if (generators.empty() && !look.generates_crl.empty()) {
    findings.say({"crl", whole_tree, Level::warning,
                  std::string{"no CA"} + (all_answer ? "" : " that answers") +
                      " generates the list of revoked certificates: it runs out within hours",
                  all_answer ? "ipa-crlgen-manage enable, on one CA"
                             : "start the CA that does; if it is gone for good, ipa-crlgen-manage "
                               "enable, on another one"});
  }
  if (generators.size() > 1) {
    findings.say(
        {"crl", whole_tree, Level::warning,
         comma_list(generators) + " all generate the list of revoked certificates: they differ",
         "ipa-crlgen-manage disable, on all but one"});
  }
}

// --- Active Directory

struct AdSync {
  std::string host;
  Agreement agreement;
};

std::vector<AdSync> ad_syncs(const std::vector<ReplicaLook>& replicas) {
  std::vector<AdSync> all;
  for (const ReplicaLook& replica : replicas) {
    for (const Agreement& one : replica.replication.agreements) {
      if (one.windows) all.push_back({replica.host, one});
    }
  }
  return all;
}

void judge_ad_sync(const std::vector<ReplicaLook>& replicas, Findings& findings) {
  const auto all = ad_syncs(replicas);
  std::vector<std::string> hosts;
  for (const auto& [host, agreement] : all) {
    if (hosts.empty() || hosts.back() != host) hosts.push_back(host);
    if (agreement.problem.empty()) continue;
    findings.say({"ad-sync", host, Level::warning,
                  "it does not synchronise with the domain controller " + agreement.partner + ": " +
                      agreement.problem,
                  "ipa-replica-manage force-sync --from " + agreement.partner + ", on " + host +
                      ", once that domain controller can be reached",
                  agreement.name});
  }
  if (hosts.size() > 1) {
    findings.say(
        {"ad-sync", whole_tree, Level::warning,
         comma_list(hosts) + " all synchronise with Active Directory: one change comes from each",
         "ipa-replica-manage disconnect, on all but one"});
  }
}

// A server alone replicates with nobody, and has no entry that would show whether we may see
// others.
void judge_unseen(const IpaLook& look, const std::vector<ReplicaLook>& replicas,
                  Findings& findings) {
  if (look.servers.size() < 2) return;
  for (const ReplicaLook& replica : replicas) {
    if (!replica.answers || replica.replication.tells_agreements) continue;
    findings.say({"ad-sync", replica.host, Level::ok,
                  "whether it synchronises with Active Directory was not looked at, since this "
                  "agent may not see its agreements",
                  "ipa-server-upgrade there; or add the privilege DNS Servers to the permission "
                  "System: Read Replication Agreements",
                  "unseen"});
  }
}

void judge_trust(const IpaLook& look, Findings& findings) {
  if (!look.trusts_problem.empty()) {
    findings.say({"ad-trust", whole_tree, Level::ok,
                  "whether Active Directory is trusted was not looked at: " + look.trusts_problem,
                  "ipa trust-find"});
  }
  if (look.trusted_domains.empty() || !hosts_with(look, &IpaServer::trust_controller).empty())
    return;
  findings.say({"ad-trust", whole_tree, Level::warning,
                comma_list(look.trusted_domains) +
                    (look.trusted_domains.size() == 1 ? " is" : " are") +
                    " trusted, and no server looks after trusts: users from there cannot log in",
                "ipa-adtrust-install, on a server"});
}

}  // namespace

void judge_ipa(const IpaLook& look, const std::vector<ReplicaLook>& replicas, Findings& findings) {
  judge_renewal(look, findings);
  judge_cas(look, findings);
  judge_ad_sync(replicas, findings);
  judge_unseen(look, replicas, findings);
  judge_trust(look, findings);
}

Json ipa_json(const IpaLook& look, const std::vector<ReplicaLook>& replicas) {
  Json cas = Json::array(), syncs = Json::array();
  for (const auto& [host, generates] : look.generates_crl) {
    cas.push_back({{"host", host},
                   {"generates_crl", generates ? Json(*generates) : Json{}},
                   {"problem", generates ? "" : generates.error().what}});
  }
  for (const auto& [host, agreement] : ad_syncs(replicas)) {
    syncs.push_back({{"host", host}, {"with", agreement.partner}, {"problem", agreement.problem}});
  }
  return {{"cas", cas},
          {"renewal_masters", hosts_with(look, &IpaServer::renews_certificates)},
          {"ad_sync", syncs},
          {"ad_trust_controllers", hosts_with(look, &IpaServer::trust_controller)},
          {"ad_trusted_domains", look.trusted_domains}};
}

}  // namespace rollcall::control
