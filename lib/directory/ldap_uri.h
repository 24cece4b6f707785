// SPDX-License-Identifier: GPL-3.0-or-later
// An LDAP URI, as far as it says where to connect.
//
// Source  RFC 4516; `ldapi://` is OpenLDAP's.
#pragma once

#include <cstdint>
#include <string>

#include "lib/util/result.h"

namespace rollcall::directory {

enum class Transport {
  local,     ///< `ldapi://`, a Unix socket.
  starttls,  ///< `ldap://`
  ldaps,     ///< `ldaps://`
};

struct LdapUri {
  std::string text;  ///< As given.
  Transport transport = Transport::local;
  std::string host;  ///< Or the path of the socket.
  std::uint16_t port = 0;
};

/// Errors  malformed, naming the URI.
Result<LdapUri> parse_uri(const std::string& text);

}  // namespace rollcall::directory
