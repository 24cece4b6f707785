// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_open.h"

#include <fmt/format.h>
#include <ldap.h>
#include <openldap.h>
#include <sasl/sasl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/directory/ldap_certificate.h"
#include "lib/directory/ldap_error.h"
#include "lib/directory/ldap_password.h"
#include "lib/directory/ldap_private_file.h"

namespace rollcall::directory {
namespace {

timeval to_timeval(std::chrono::milliseconds duration) {
  return {static_cast<time_t>(duration.count() / 1000),
          static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

// Whatever ldap.conf or the environment of this process say, these hold.
bool set_basics(LDAP* handle, const LdapOptions& options) {
  const int version = LDAP_VERSION3;
  const timeval timeout = to_timeval(options.operation_timeout);
  return ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &timeout) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_TIMEOUT, &timeout) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_SUCCESS;
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// The context is made last: it is built from the options before it, and reads the files.
bool set_tls(LDAP* handle, const LdapOptions& options) {
  static const ExternalAuth no_certificate;
  const auto* external = std::get_if<ExternalAuth>(&options.auth);
  const ExternalAuth& own = external != nullptr ? *external : no_certificate;
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int client = 0;
  return ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, nullptr) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, options.ca_file.c_str()) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, or_null(own.certificate_file)) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, or_null(own.key_file)) == LDAP_SUCCESS &&
         ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_SUCCESS;
}

const ExternalAuth* certificate_of(const LdapOptions& options) {
  const auto* external = std::get_if<ExternalAuth>(&options.auth);
  return external != nullptr && !external->certificate_file.empty() ? external : nullptr;
}

// libldap only says that something is wrong with one of the files.
Result<> check_tls_files(const LdapOptions& options) {
  if (::access(options.ca_file.c_str(), R_OK) != 0) {
    return fail(Errc::denied, fmt::format("CA file {}: {}", options.ca_file, std::strerror(errno)));
  }
  const auto* own = certificate_of(options);
  return own != nullptr ? check_certificate(*own) : Result<>{};
}

std::string ask_for_trust(const ExternalAuth& own) {
  return fmt::format("does the server trust the CA of the client certificate {}?", own.certificate_file);
}

Error tls_error(LDAP* handle, int code, const LdapUri& uri, const LdapOptions& options) {
  const std::string doing = fmt::format("TLS with {}", uri.text);
  Error error = ldap_error(code, doing, diagnostic_of(handle));
  if (code == LDAP_CONNECT_ERROR || code == LDAP_LOCAL_ERROR) {
    error.code = Errc::denied;
    error.what += fmt::format("; is its certificate from the CA in {}, in date, and for {}?",
                              options.ca_file, uri.host);
    if (const auto* own = certificate_of(options)) error.what += "; " + ask_for_trust(*own);
  }
  return error;
}

Result<> start_tls(LDAP* handle, const LdapUri& uri, const LdapOptions& options) {
  if (uri.transport == Transport::local) return {};
  if (auto ok = check_tls_files(options); !ok) return ok;
  if (!set_tls(handle, options)) {
    return fail(Errc::denied, fmt::format("TLS with {}: the CA file {} or the client certificate is unusable",
                                          uri.text, options.ca_file));
  }
  const int rc = uri.transport == Transport::ldaps ? ldap_install_tls(handle)
                                                   : ldap_start_tls_s(handle, nullptr, nullptr);
  if (rc != LDAP_SUCCESS) return tl::unexpected(tls_error(handle, rc, uri, options));
  return {};
}

int bind_with(LDAP* handle, const char* dn, const char* mechanism, std::string_view credentials) {
  // libldap copies the credentials into the request and does not write to them.
  berval value{credentials.size(), const_cast<char*>(credentials.data())};
  return ldap_sasl_bind_s(handle, dn, mechanism, &value, nullptr, nullptr, nullptr);
}

Result<int> bind_as(LDAP* handle, const ExternalAuth&) { return bind_with(handle, "", "EXTERNAL", ""); }

Result<int> bind_as(LDAP* handle, const PasswordAuth& auth) {
  const auto password = read_password(auth.file);
  if (!password) return tl::unexpected(password.error());
  return bind_with(handle, auth.dn.c_str(), LDAP_SASL_SIMPLE, password->text());
}

// GSSAPI asks nothing that Kerberos does not know.
int answer_nothing(LDAP*, unsigned, void*, void* questions) {
  for (auto* question = static_cast<sasl_interact_t*>(questions); question->id != SASL_CB_LIST_END; ++question) {
    question->result = "";
    question->len = 0;
  }
  return LDAP_SUCCESS;
}

// The line is private already, by TLS or as a local socket: no second layer inside. The name of the server's
// principal is the host of the URI and no answer of reverse DNS; over ldapi it is this machine's.
Result<int> bind_as(LDAP* handle, const GssapiAuth& auth) {
  constexpr std::size_t most_bytes = 65536;
  if (auto read = read_private_file("keytab", auth.keytab, most_bytes); !read) return tl::unexpected(read.error());
  const char* no_layer = "maxssf=0";
  if (ldap_set_option(handle, LDAP_OPT_X_SASL_SECPROPS, no_layer) != LDAP_SUCCESS ||
      ldap_set_option(handle, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) != LDAP_SUCCESS) {
    return fail(Errc::denied, "SASL GSSAPI: the SASL library does not take its options");
  }
  return ldap_sasl_interactive_bind_s(handle, nullptr, "GSSAPI", nullptr, nullptr, LDAP_SASL_QUIET, answer_nothing,
                                      nullptr);
}

std::string cure(const LdapOptions& options) {
  if (const auto* gssapi = std::get_if<GssapiAuth>(&options.auth)) {
    return fmt::format("does `kinit -k -t {}` work, and does the server map that principal to an entry?", gssapi->keytab);
  }
  if (const auto* password = std::get_if<PasswordAuth>(&options.auth)) {
    return fmt::format("check the password in {}", password->file);
  }
  if (const auto* own = certificate_of(options)) {
    return fmt::format("{} and ask for client certificates (TLSVerifyClient)?", ask_for_trust(*own));
  }
  return "check that the server maps it to an entry";
}

// With TLS 1.3 a server judges our certificate when we think that the handshake is over: it hangs up,
// and that is all that we see.
bool may_be_our_certificate(int code, const LdapUri& uri, const LdapOptions& options) {
  return code == LDAP_SERVER_DOWN && uri.transport != Transport::local && certificate_of(options) != nullptr;
}

Result<> bind(LDAP* handle, const LdapUri& uri, const LdapOptions& options) {
  const auto rc = std::visit([&](const auto& auth) { return bind_as(handle, auth); }, options.auth);
  if (!rc) return tl::unexpected(rc.error());
  if (*rc == LDAP_SUCCESS) return {};
  const std::string doing = fmt::format("bind to {} as {}", uri.text, identity(options));
  Error error = ldap_error(*rc, doing, diagnostic_of(handle));
  if (error.code == Errc::not_found || error.code == Errc::malformed) error.code = Errc::denied;
  if (may_be_our_certificate(*rc, uri, options)) error.code = Errc::denied;
  const bool has_kerberos = std::holds_alternative<GssapiAuth>(options.auth);  // whose errors may be anybody's
  if (error.code == Errc::denied || has_kerberos) error.what += "; " + cure(options);
  return tl::unexpected(std::move(error));
}

}  // namespace

void Unbind::operator()(ldap* handle) const { ldap_unbind_ext(handle, nullptr, nullptr); }

Result<LdapHandle> open_handle(int fd, const LdapUri& uri, const LdapOptions& options) {
  LDAP* raw = nullptr;
  const int protocol = uri.transport == Transport::local ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
  if (ldap_init_fd(fd, protocol, uri.text.c_str(), &raw) != LDAP_SUCCESS) {
    ::close(fd);
    return fail(Errc::unavailable, fmt::format("{}: out of memory", uri.text));
  }
  LdapHandle handle{raw};
  if (!set_basics(raw, options)) return fail(Errc::unavailable, fmt::format("{}: out of memory", uri.text));
  if (auto ok = start_tls(raw, uri, options); !ok) return tl::unexpected(ok.error());
  if (auto ok = bind(raw, uri, options); !ok) return tl::unexpected(ok.error());
  return handle;
}

}  // namespace rollcall::directory
