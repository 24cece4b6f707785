// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/replica_places.h"

#include <algorithm>

namespace rollcall::agent {
namespace {

// Why we cannot prove at another server who we are; empty: we can.
std::string why_at_home_only(const directory::LdapOptions& options) {
  const auto* external = std::get_if<directory::ExternalAuth>(&options.auth);
  if (external != nullptr && external->certificate_file.empty())
    return "this agent proves who it is by its Unix user, which no other machine believes";
  if (options.ca_file.empty()) return "this agent knows no CA by which to tell another server";
  return "";
}

std::vector<std::string> other_hosts(const MemberStatus& status) {
  std::vector<std::string> hosts;
  for (const MemberLine& line : status.members) {
    if (line.in_roster && !line.self && !line.host.empty()) hosts.push_back(line.host);
  }
  return hosts;
}

bool is_there(const std::vector<ReplicaPlace>& places, const std::string& host) {
  return std::ranges::find(places, host, &ReplicaPlace::host) != places.end();
}

}  // namespace

ReplicaPlaces replica_places(const MemberStatus& status, const std::string& own_host,
                             const directory::LdapOptions& own,
                             const std::vector<std::pair<std::string, std::string>>& named) {
  ReplicaPlaces found{{{own_host, own.uris}}, {}};
  for (const auto& [host, uri] : named) {
    if (host != own_host) found.places.push_back({host, {uri}});
  }
  const std::string why = named.empty() ? why_at_home_only(own) : "replicas does not name it";
  for (const std::string& host : other_hosts(status)) {
    if (is_there(found.places, host)) continue;
    if (why.empty()) {
      found.places.push_back({host, {"ldap://" + host}});
    } else {
      found.not_compared.push_back(
          {host, why,
           named.empty() ? "give this agent an account, or a certificate, in [directory] of "
                           "rollcalld.toml; or rollcall health on " +
                               host
                         : "add it to replicas in rollcalld.toml"});
    }
  }
  return found;
}

}  // namespace rollcall::agent
