// SPDX-License-Identifier: GPL-3.0-or-later
// What LDAP result codes mean to us: the one place where they become Errc.
#pragma once

#include <string>
#include <string_view>

#include "lib/util/result.h"

struct ldap;  // LDAP of ldap.h

namespace rollcall::directory {

/// code  An LDAP result code or a client error of libldap; not LDAP_SUCCESS.
Errc errc_of(int code);

/// What the server, or libldap, adds to the code: its text for people; may be empty.
std::string diagnostic_of(ldap* handle);

/// The code that the last failed call left in the handle.
int last_code(ldap* handle);

/// `add cn=x,dc=y: No such object (parent does not exist)`
Error ldap_error(int code, std::string_view doing, std::string_view diagnostic);

}  // namespace rollcall::directory
