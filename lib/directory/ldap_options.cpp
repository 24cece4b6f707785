// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "lib/directory/ldap_dn.h"
#include "lib/directory/ldap_uri.h"

namespace rollcall::directory {
namespace {

tl::unexpected<Error> refuse(std::string what) { return fail(Errc::malformed, std::move(what)); }

Result<> check_uri(const std::string& text, const LdapOptions& options) {
  const auto uri = parse_uri(text);
  if (!uri) return tl::unexpected(uri.error());
  if (uri->transport == Transport::local) return {};
  if (options.ca_file.empty()) {
    return refuse(fmt::format("URI {}: needs the file of a CA that its certificate is checked against", text));
  }
  const auto* external = std::get_if<ExternalAuth>(&options.auth);
  if (external != nullptr && external->certificate_file.empty()) {
    return refuse(fmt::format(
        "URI {}: SASL EXTERNAL needs a client certificate here; without one it works over ldapi:// only", text));
  }
  return {};
}

Result<> check_auth(const ExternalAuth& auth) {
  if (auth.certificate_file.empty() == auth.key_file.empty()) return {};
  return refuse("a client certificate and its key file must be given together");
}

Result<> check_auth(const PasswordAuth& auth) {
  if (auth.dn.empty()) return refuse("the bind DN is empty, which would be an anonymous bind");
  if (!normal_dn(auth.dn)) return refuse(fmt::format("bind DN {}: not a DN", auth.dn));
  if (auth.file.empty()) return refuse(fmt::format("bind DN {}: the password file is missing", auth.dn));
  return {};
}

Result<> check_auth(const GssapiAuth& auth) {
  if (auth.keytab.empty()) return refuse("SASL GSSAPI: the keytab is missing");
  return {};
}

Result<> check_times(const LdapOptions& options) {
  using std::chrono::milliseconds;
  const milliseconds zero{0};
  if (options.connect_timeout <= zero) return refuse("the connect timeout must be more than 0");
  if (options.operation_timeout <= zero) return refuse("the operation timeout must be more than 0");
  if (options.backoff_min <= zero) return refuse("the smallest back-off must be more than 0");
  if (options.backoff_max < options.backoff_min) {
    return refuse("the largest back-off must not be less than the smallest");
  }
  if (options.recheck <= zero) return refuse("the recheck interval must be more than 0");
  if (options.poll <= zero || options.reread <= zero || options.conflict_look <= zero) {
    return refuse("the intervals of reading again must be more than 0");
  }
  return {};
}

}  // namespace

Result<> validate(const LdapOptions& options) {
  if (options.uris.empty()) return refuse("no directory URI is given");
  for (const std::string& uri : options.uris) {
    if (auto checked = check_uri(uri, options); !checked) return checked;
  }
  if (options.base.empty() || !normal_dn(options.base)) {
    return refuse(fmt::format("base {}: not a DN", options.base));
  }
  if (auto checked = std::visit([](const auto& auth) { return check_auth(auth); }, options.auth); !checked) {
    return checked;
  }
  return check_times(options);
}

// Tickets of a daemon belong into no file: its memory is as safe as its keytab, and a restart costs one request.
void prepare_environment(const LdapOptions& options) {
  const auto* gssapi = std::get_if<GssapiAuth>(&options.auth);
  if (gssapi == nullptr) return;
  ::setenv("KRB5_CLIENT_KTNAME", gssapi->keytab.c_str(), 1);
  ::setenv("KRB5CCNAME", "MEMORY:rollcalld", 1);
}

std::string identity(const LdapOptions& options) {
  if (const auto* gssapi = std::get_if<GssapiAuth>(&options.auth)) {
    return fmt::format("SASL GSSAPI (keytab {})", gssapi->keytab);
  }
  if (const auto* password = std::get_if<PasswordAuth>(&options.auth)) return password->dn;
  const auto& external = std::get<ExternalAuth>(options.auth);
  if (!external.certificate_file.empty()) {
    return fmt::format("SASL EXTERNAL (uid {}, certificate {})", ::geteuid(), external.certificate_file);
  }
  return fmt::format("SASL EXTERNAL (uid {})", ::geteuid());
}

}  // namespace rollcall::directory
