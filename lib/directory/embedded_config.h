// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration of an embedded directory's slapd as LDIF. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/directory/directory.h"
#include "lib/directory/embedded.h"

namespace rollcall::directory {

/// As whom peers bind: the database's root, known to no one but them.
inline constexpr const char* replication_dn = "cn=replication,cn=rollcall";
/// As whom root and the administrators' group act on this machine.
inline constexpr const char* administrator_dn = "cn=administrator,cn=rollcall";
/// The entry of slapd's configuration that lists the peers, in olcSyncrepl.
inline constexpr const char* database_dn = "olcDatabase={1}mdb,cn=config";

/// Everything slapd must be told.
///
/// others  Not this server itself: slapd knows its own URI only if it listens at that very one, and
///         else takes itself for a mere copy that takes no writes.
std::string config_ldif(const EmbeddedOptions& options, const EmbeddedSettings& settings,
                        const std::vector<Peer>& others, const Secret& replication_secret);

/// A value of olcSyncrepl: how to replicate from a peer.
std::string syncrepl_value(const Peer& peer, const Secret& replication_secret);

/// The peer that such a value names, whoever wrote it.
std::optional<Peer> peer_in(std::string_view syncrepl_value);

std::string to_ldif(const std::vector<Entry>& entries);

}  // namespace rollcall::directory
