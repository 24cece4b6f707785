// SPDX-License-Identifier: GPL-3.0-or-later
// From what is read, option by option, to a configuration that makes sense as a whole, and back.
#include "daemon/config_options.h"

#include <sys/un.h>

#include "lib/directory/codec_ipa.h"

namespace rollcall::daemon {
namespace {

// Options that belong to one way of authentication are errors with another: they would do nothing.
Result<> check_authentication(const Draft& draft) {
  const struct {
    std::string_view way, name;
    const std::string& value;
  } needs[] = {{"password", "bind_dn", draft.bind_dn},
               {"password", "password_file", draft.password_file},
               {"certificate", "certificate", draft.certificate},
               {"certificate", "key", draft.key},
               {"gssapi", "keytab", draft.keytab}};
  for (const auto& need : needs) {
    const bool wanted = need.way == draft.authentication;
    if (wanted != need.value.empty()) continue;
    return fail(Errc::malformed, "[directory]: " + std::string{need.name} +
                                     (wanted ? " is missing; " : " is given, but ") +
                                     "authentication is \"" + draft.authentication + '"');
  }
  return {};
}

}  // namespace

Draft default_draft(const std::string& own_host) {
  Draft draft;
  draft.config.host = own_host;
  draft.config.directory.uris = {"ldapi://%2Frun%2Fslapd%2Fldapi"};
  draft.config.directory.base = "cn=rollcall";
  draft.bind.keys = "/var/lib/bind/rollcall";
  draft.bind.named_conf = "/etc/bind/named.conf";
  return draft;
}

Draft draft_of(const Config& config) {
  Draft draft = default_draft(config.host);
  draft.config = config;
  draft.signer_kind = config.signer ? "bind" : "none";
  draft.follows_ipa = config.ipa_interval.has_value();
  draft.ipa_interval = config.ipa_interval.value_or(draft.ipa_interval);
  if (config.signer && config.signer->layout == signer::KeyLayout::dyndb_ldap) draft.key_layout = "dyndb-ldap";
  if (config.signer) draft.bind = *config.signer;
  if (const auto* password = std::get_if<directory::PasswordAuth>(&config.directory.auth)) {
    draft.authentication = "password";
    draft.bind_dn = password->dn;
    draft.password_file = password->file;
    return draft;
  }
  if (const auto* gssapi = std::get_if<directory::GssapiAuth>(&config.directory.auth)) {
    draft.authentication = "gssapi";
    draft.keytab = gssapi->keytab;
    return draft;
  }
  const auto& external = std::get<directory::ExternalAuth>(config.directory.auth);
  draft.certificate = external.certificate_file;
  draft.key = external.key_file;
  if (!external.certificate_file.empty()) draft.authentication = "certificate";
  return draft;
}

Result<Config> finish(Draft draft) {
  if (const auto checked = check_authentication(draft); !checked)
    return tl::unexpected(checked.error());
  Config config = std::move(draft.config);
  if (config.socket.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::malformed, "[agent]: socket is longer than 107 bytes");
  }
  if (draft.authentication == "password") {
    config.directory.auth = directory::PasswordAuth{draft.bind_dn, draft.password_file};
  } else if (draft.authentication == "gssapi") {
    config.directory.auth = directory::GssapiAuth{draft.keytab};
  } else {
    config.directory.auth = directory::ExternalAuth{draft.certificate, draft.key};
  }
  if (const auto valid = directory::validate(config.directory); !valid) {
    return fail(Errc::malformed, "[directory]: " + valid.error().what);
  }
  if (draft.follows_ipa) {
    if (const auto in_ipa = directory::ipa_suffix(config.directory.base); !in_ipa) {
      return fail(Errc::malformed, "[ipa]: follow is true, but " + in_ipa.error().what);
    }
    config.ipa_interval = draft.ipa_interval;
  }
  using signer::KeyLayout;
  draft.bind.layout = draft.key_layout == "dyndb-ldap" ? KeyLayout::dyndb_ldap : KeyLayout::zone;
  for (const auto& replica : config.replicas) {
    directory::LdapOptions there = config.directory;
    there.uris = {replica.second};
    if (const auto valid = directory::validate(there); !valid)
      return fail(Errc::malformed, "[directory]: replicas: " + valid.error().what);
  }
  config.settings.serves_dns = draft.signer_kind == "bind";
  for (const std::string& address : config.settings.addresses) {
    if (const auto read = dns::address_from(address); !read) {
      return fail(Errc::malformed, "[signer]: addresses: " + read.error().what);
    }
  }
  if (config.settings.serves_dns) config.signer = std::move(draft.bind);
  return config;
}

}  // namespace rollcall::daemon
