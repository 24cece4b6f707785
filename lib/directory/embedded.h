// SPDX-License-Identifier: GPL-3.0-or-later
// The embedded directory: a private slapd for those who have no LDAP servers, made and joined to
// its peers without editing a file.
//
//   DIR/settings            what this server is called, and by whom it may be used
//   DIR/config, DIR/data    slapd's configuration and database
//   DIR/tls                 the authority of all peers, this server's own key and certificate
//   DIR/replication-secret  by which peers know each other
//   DIR/run/ldapi           the socket for the agent and administrators of this machine
//
// All servers are equal, and each replicates with every other. They know each other by a common
// authority and secret, which a bundle carries to a new one. The bundle holds the authority's key
// too: a peer can write everything that the others hold, so that keeping the key back would protect
// nothing, and any server, not only the first, must be able to invite. A server's own key never
// leaves its machine.
//
// How servers learn of a new one: it connects to all that it can find and adds itself to their
// configuration, for which peers may write that one attribute of each other (olcSyncrepl).
// meet_peers() does that again at every start, so that one that was down then learns it later.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/core/types.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::directory {

/// The base in every embedded directory.
inline constexpr const char* embedded_base = "cn=rollcall";

/// One of the servers that replicate with each other.
struct Peer {
  unsigned id = 0;  ///< 1 to 999, another for each.
  std::string uri;  ///< `ldap://host:port`, as the others reach it.
  bool operator==(const Peer&) const = default;
};

struct EmbeddedOptions {
  std::string dir;             ///< Must not exist, or be empty.
  std::optional<unsigned> id;  ///< Absent: the lowest that no peer has.
  std::string uri;             ///< Peer::uri of this server; its host goes into the certificate.
  std::string listen;          ///< For slapd, such as `ldap://:389`, which an empty one means if the host of
                               ///< `uri` is a name; if it is an address, there.
  uid_t service_uid;           ///< slapd and the agent run as this user.
  gid_t service_gid;
  std::optional<gid_t> admin_gid;  ///< Primary group of administrators besides root.
};

struct EmbeddedSettings {
  Peer self;
  std::string listen;
  std::string ldapi_uri;
  MemberId member;  ///< Whom the service user is mapped to: the agent takes this identity.
};

struct Created {
  EmbeddedSettings settings;
  std::vector<std::string> unreached;  ///< URIs of peers that do not know this server yet.
};

/// Makes the first server of a new directory.
///
/// Errors  conflict if `dir` is not empty; denied; malformed: a URI or path that cannot be used.
Result<Created> create_directory(const EmbeddedOptions& options);

/// Makes a further server and introduces it to its peers, which should run.
///
/// bundle  What make_bundle() of one of them gave.
/// Errors  as above; conflict if a peer has the id; unavailable if no peer answers and no id is given.
Result<Created> create_directory(const EmbeddedOptions& options, const Secret& bundle);

/// What a further server needs: as powerful as a peer, so for a file of mode 0600 and a safe way.
Result<Secret> make_bundle(const std::string& dir);

/// The command that runs the server in the foreground, program first.
///
/// Errors  not_found if there is no finished directory in `dir`, or no slapd on this machine.
Result<std::vector<std::string>> server_command(const std::string& dir);

Result<EmbeddedSettings> read_settings(const std::string& dir);

/// Makes all servers that answer know all servers that any of them knows. Changes nothing twice.
///
/// Returns  URIs of those that did not answer.
/// Errors   unavailable if this server itself does not answer.
Result<std::vector<std::string>> meet_peers(const std::string& dir);

/// Makes this server, which must run, find a peer at another URI (another network, a proxy).
///
/// Errors  conflict if the peer is this server; as meet_peers().
Result<> set_peer(const std::string& dir, const Peer& peer);

}  // namespace rollcall::directory
