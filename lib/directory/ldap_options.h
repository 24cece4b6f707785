// SPDX-License-Identifier: GPL-3.0-or-later
// Where the LDAP directory is, who we are to it, and how long we wait.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "lib/util/result.h"

namespace rollcall::directory {

/// SASL EXTERNAL: over `ldapi://` as this process's user; over TLS with a client certificate.
struct ExternalAuth {
  std::string certificate_file;  ///< PEM. Empty: `ldapi://` only.
  std::string key_file;          ///< PEM, mode 0600 or stricter. Given exactly if `certificate_file` is.
};

/// Simple bind.
struct PasswordAuth {
  std::string dn;
  std::string file;  ///< Read at each bind; one final line feed is cut off. Mode 0600 or stricter.
};

/// SASL GSSAPI (Kerberos 5): as the first principal of a keytab.
struct GssapiAuth {
  std::string keytab;  ///< Mode 0600 or stricter. Tickets come and are renewed by it, and are in memory only.
};

struct LdapOptions {
  /// Tried in order. `ldapi://%2Frun%2Fslapd%2Fldapi`, `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`,
  /// which always means StartTLS: nothing is ever sent over TCP in the clear. `localhost` in a URI
  /// stands for the machine's own name when certificates are compared.
  std::vector<std::string> uris;
  std::string base;  ///< DN. Need not exist yet.
  std::variant<ExternalAuth, PasswordAuth, GssapiAuth> auth;
  std::string ca_file;  ///< PEM; trusted for `ldap://` and `ldaps://`, which need it. No other CA is.

  std::chrono::milliseconds connect_timeout{2000};    ///< For each address.
  std::chrono::milliseconds operation_timeout{5000};  ///< TLS, bind, and each verb.
  std::chrono::milliseconds backoff_min{200};         ///< After the first round of failures; then doubled.
  std::chrono::milliseconds backoff_max{30000};       ///< Also from the second refusal of our identity on.
  std::chrono::milliseconds recheck{1000};  ///< While the base is missing, the server not whole, or a file wrong.

  std::chrono::milliseconds poll{5000};       ///< Between two readings of all, where a server tells no changes.
  std::chrono::milliseconds reread{300000};   ///< The same where it does, but without a promise to miss none.
  std::chrono::milliseconds conflict_look{30000};  ///< Between two looks for entries that lost a conflict.

  std::chrono::seconds keepalive_idle{5};       ///< TCP_KEEPIDLE
  std::chrono::seconds keepalive_interval{2};   ///< TCP_KEEPINTVL
  int keepalive_probes = 2;                     ///< TCP_KEEPCNT
  std::chrono::milliseconds user_timeout{10000};  ///< TCP_USER_TIMEOUT
};

/// Refuses options that can never work. Opens no file and no connection.
///
/// Errors  malformed, naming the option or URI and what is allowed.
Result<> validate(const LdapOptions& options);

/// Tells the Kerberos library which keytab to use. It knows only the environment, so: once, before there are
/// threads. Nothing without GSSAPI.
void prepare_environment(const LdapOptions& options);

/// Who we are, for people: `SASL EXTERNAL (uid 107)`, `cn=agent,dc=example`.
std::string identity(const LdapOptions& options);

}  // namespace rollcall::directory
