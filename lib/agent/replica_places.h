// SPDX-License-Identifier: GPL-3.0-or-later
// Which replicas of the directory a health check can look at, and which not, and why.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/control/health.h"
#include "lib/core/status.h"
#include "lib/directory/ldap_options.h"

namespace rollcall::agent {

/// Where a replica is; the host is for people.
struct ReplicaPlace {
  std::string host;
  std::vector<std::string> uris;
};

struct ReplicaPlaces {
  std::vector<ReplicaPlace> places;  ///< The own one first.
  std::vector<control::NotCompared> not_compared;
};

/// named  Host and URI of each other replica, as the configuration names them. If it names none, each other
///        member's is at `ldap://HOST`, where our way of proving who we are works over a network.
ReplicaPlaces replica_places(const MemberStatus& status, const std::string& own_host,
                             const directory::LdapOptions& own,
                             const std::vector<std::pair<std::string, std::string>>& named);

}  // namespace rollcall::agent
