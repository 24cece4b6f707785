// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_uri.h"

#include <fmt/format.h>
#include <ldap.h>
#include <sys/un.h>

#include <memory>
#include <optional>
#include <string_view>

namespace rollcall::directory {
namespace {

struct FreeUrl {
  void operator()(LDAPURLDesc* url) const { ldap_free_urldesc(url); }
};
using Url = std::unique_ptr<LDAPURLDesc, FreeUrl>;

std::optional<Transport> transport_of(std::string_view scheme) {
  if (scheme == "ldapi") return Transport::local;
  if (scheme == "ldap") return Transport::starttls;
  if (scheme == "ldaps") return Transport::ldaps;
  return std::nullopt;
}

// libldap fills in what is missing, so that the text alone shows what was written.
bool says_only_where(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  text.remove_prefix(text.find("://") + 3);
  return text.find_first_of("/?") == std::string_view::npos;
}

tl::unexpected<Error> refuse(const std::string& text, std::string_view why) {
  return fail(Errc::malformed, fmt::format("URI {}: {}", text, why));
}

}  // namespace

Result<LdapUri> parse_uri(const std::string& text) {
  LDAPURLDesc* raw = nullptr;
  const int rc = ldap_url_parse(text.c_str(), &raw);
  const Url url{raw};
  if (rc != LDAP_URL_SUCCESS) {
    return refuse(text, "not an LDAP URI; write ldapi://%2Fpath, ldap://HOST or ldaps://HOST");
  }
  const auto transport = transport_of(url->lud_scheme);
  if (!transport) return refuse(text, "the scheme must be ldapi, ldap or ldaps");
  if (!says_only_where(text)) return refuse(text, "nothing may follow the host and port");
  const std::string host = url->lud_host != nullptr ? url->lud_host : "";
  if (*transport == Transport::local) {
    if (host.empty() || host.front() != '/') {
      return refuse(text, "needs the path of a socket, written as in ldapi://%2Frun%2Fslapd%2Fldapi");
    }
    if (host.size() >= sizeof(sockaddr_un::sun_path)) return refuse(text, "the path is too long for a socket");
    return LdapUri{text, *transport, host, 0};
  }
  if (host.empty()) return refuse(text, "the host is missing");
  if (url->lud_port < 1 || url->lud_port > 65535) return refuse(text, "the port must be 1 to 65535");
  return LdapUri{text, *transport, host, static_cast<std::uint16_t>(url->lud_port)};
}

}  // namespace rollcall::directory
