// SPDX-License-Identifier: GPL-3.0-or-later
// What the parent shows of a zone's DS: asked at every configured address, over TCP.
#pragma once

#include <vector>

#include "lib/core/member.h"
#include "lib/dns/address.h"
#include "lib/dns/query.h"
#include "lib/util/result.h"

namespace rollcall::agent {

/// The servers that answer for a parent zone.
struct ParentServers {
  ZoneName zone;  ///< The parent zone itself; `.` for the root.
  std::vector<dns::Address> addresses;  ///< All of them: a DS counts when every one shows it.
};

/// The servers of the closest parent that is configured; null: the parent is not asked.
const ParentServers* parent_of(const std::vector<ParentServers>& parents, const ZoneName& zone);

/// What several servers say together. A DS of a key counts with any digest that we can compute.
///
/// dnskeys  RDATA of the keys that a DS can belong to.
ParentAnswer combine(const std::vector<dns::DsAnswer>& answers, const ZoneName& zone,
                     const std::vector<Bytes>& dnskeys);

/// Asks them all, one after the other. Blocks: for the pool.
///
/// Errors  that of the first address that gives no answer, and which one it is: what the others
///         say is not the whole truth then.
Result<ParentAnswer> ask_parent(const std::vector<dns::Address>& addresses, const ZoneName& zone,
                                const std::vector<Bytes>& dnskeys, dns::Timeout timeout);

}  // namespace rollcall::agent
