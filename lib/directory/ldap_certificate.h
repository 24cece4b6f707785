// SPDX-License-Identifier: GPL-3.0-or-later
// Our certificate for a server that asks for one. libldap only says that TLS does not work; so what
// can be told without the server is told before it is asked.
#pragma once

#include "lib/directory/ldap_options.h"

namespace rollcall::directory {

/// Looks whether certificate and key can be used: there, readable, in date, one for the other.
///
/// Errors  denied, naming the file that is wrong, and the cure.
Result<> check_certificate(const ExternalAuth& auth);

}  // namespace rollcall::directory
