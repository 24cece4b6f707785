// SPDX-License-Identifier: GPL-3.0-or-later
// What a directory server tells of its replication (core/replication.h), read from its entries.
//
//   389-ds   cn=mapping tree,cn=config, of each server its own
//              nsds5Replica                      nsds50ruv: {replica 4 ldap://HOST:389} CSN CSN
//              nsds5replicationagreement         nsds5replicaLastUpdateStatus: Error (0) …
//              nsDSWindowsReplicationAgreement   the same, with a domain controller
//   slapd    the entry of the suffix             contextCSN:
//   20260601080000.123456Z#000000#001#000000
#pragma once

#include <string>
#include <vector>

#include "lib/core/replication.h"
#include "lib/directory/search.h"

namespace rollcall::directory {

/// Of either kind of server: the other one has no such entries. What we may not see is not there.
///
/// base  Of Rollcall, whose suffix is replicated.
std::vector<Search> replication_searches(const std::string& base);

/// Reads what was found by all of them; what is not understood is left out.
ReplicationState read_replication(const std::vector<Entry>& found);

}  // namespace rollcall::directory
