// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the DNS servers of the other members what they give of each zone's apex.
#pragma once

#include <vector>

#include "lib/control/health.h"
#include "lib/core/status.h"
#include "lib/util/time.h"

namespace rollcall::agent {

/// One server, and whose it is.
struct MemberServer {
  MemberId member;
  std::string address;  ///< address@port, as its heartbeat tells it.
};

/// Those that the other members of the roster tell.
std::vector<MemberServer> servers_of(const MemberStatus& status);

/// Asks each server about each zone, zone by zone. One that does not answer at all is not asked
/// again. Blocks: for the pool; at most `patience` and one question more. What is left then is not
/// in the answer.
std::vector<control::ServerLook> ask_servers(const std::vector<MemberServer>& servers,
                                             const std::vector<ZoneName>& zones,
                                             Nanoseconds patience);

}  // namespace rollcall::agent
