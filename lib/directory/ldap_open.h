// SPDX-License-Identifier: GPL-3.0-or-later
// From a connected socket to a bound LDAP handle: TLS and bind, the part of libldap that blocks.
//
// It runs on a thread of the pool, never in the loop, and every step has a deadline.
#pragma once

#include <memory>

#include "lib/directory/ldap_options.h"
#include "lib/directory/ldap_uri.h"
#include "lib/util/result.h"

struct ldap;  // LDAP of ldap.h

namespace rollcall::directory {

/// Says good-bye to the server and closes the socket.
struct Unbind {
  void operator()(ldap* handle) const;
};
using LdapHandle = std::unique_ptr<ldap, Unbind>;

/// Blocks for at most the operation timeout for each of StartTLS, handshake and bind.
///
/// fd      A connected socket, non-blocking; owned by the callee from here on.
/// Errors  denied, naming who was refused, by whom, and the cure; unavailable.
Result<LdapHandle> open_handle(int fd, const LdapUri& uri, const LdapOptions& options);

}  // namespace rollcall::directory
