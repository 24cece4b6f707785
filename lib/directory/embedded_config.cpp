// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded_config.h"

#include <fmt/core.h>

#include "ldapschema/ldapschema.h"
#include "lib/directory/codec_values.h"

namespace rollcall::directory {
namespace {

// Attributes and values need no base64 here but for paths with unusual bytes; encoding all paths
// and URIs leaves no case to think about.
std::string line(std::string_view name, std::string_view value) {
  return fmt::format("{}:: {}\n", name, to_base64(as_bytes(value)));
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Whom the user of a process that talks to the local socket is. Groups are primary groups: slapd
// learns no others from the kernel.
std::string identity_of(std::string_view gid, std::string_view uid, std::string_view dn) {
  return line("olcAuthzRegexp",
              fmt::format("\"gidNumber={}[+]uidNumber={},cn=peercred,cn=external,cn=auth\" \"{}\"", gid, uid, dn));
}

std::string identities(const EmbeddedOptions& options, const MemberId& member) {
  const std::string member_entry = fmt::format("cn={},cn=members,{}", to_string(member), embedded_base);
  std::string text = identity_of("[0-9]+", std::to_string(options.service_uid), member_entry);
  if (options.service_uid != 0) text += identity_of("[0-9]+", "0", administrator_dn);
  if (options.admin_gid) text += identity_of(std::to_string(*options.admin_gid), "[0-9]+", administrator_dn);
  return text;
}

// Nobody gets anything without saying who he is, nor over the network without TLS. The local
// socket counts as secured.
std::string global(const EmbeddedOptions& options, const EmbeddedSettings& settings) {
  return fmt::format(
             "dn: cn=config\nobjectClass: olcGlobal\ncn: config\nolcServerID: {}\n"
             "olcDisallows: bind_anon\nolcRequires: authc\nolcSecurity: ssf=128\nolcLocalSSF: 256\n"
             "olcTLSVerifyClient: never\nolcTLSProtocolMin: 3.3\n",
             settings.self.id) +
         line("olcPidFile", options.dir + "/run/slapd.pid") +
         line("olcTLSCACertificateFile", options.dir + "/tls/ca.pem") +
         line("olcTLSCertificateFile", options.dir + "/tls/cert.pem") +
         line("olcTLSCertificateKeyFile", options.dir + "/tls/key.pem") +
         identities(options, settings.member) + '\n';
}

constexpr std::string_view modules =
    "dn: cn=module{0},cn=config\nobjectClass: olcModuleList\ncn: module{0}\n"
    "olcModuleLoad: back_mdb\nolcModuleLoad: syncprov\n\n"
    "dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n\n";

// Peers may change the list of peers (the second attribute goes with the first), since a new one adds
// itself there, and nothing else: with
// more they could load code. They can write all data anyway, by replication.
std::string config_database() {
  return "dn: olcDatabase={0}config,cn=config\nobjectClass: olcDatabaseConfig\nolcDatabase: {0}config\n" +
         line("olcAccess", fmt::format("{{0}}to dn.exact=\"{}\" attrs=olcSyncrepl,olcMultiProvider by dn.exact=\"{}\" write"
                                       " by dn.exact=\"{}\" manage by * none",
                                       database_dn, replication_dn, administrator_dn)) +
         line("olcAccess", fmt::format("{{1}}to dn.exact=\"{}\" attrs=entry,objectClass by dn.exact=\"{}\" read"
                                       " by dn.exact=\"{}\" manage by * none",
                                       database_dn, replication_dn, administrator_dn)) +
         line("olcAccess", fmt::format("{{2}}to * by dn.exact=\"{}\" manage by * none", administrator_dn)) + '\n';
}

std::string access_rules() {
  std::string rules{ldapschema::access_ldif()};
  rules.erase(0, rules.find('\n') + 1);  // the licence line: a record must not begin with a comment
  rules = replace_all(std::move(rules), "@BASE@", embedded_base);
  return replace_all(std::move(rules), "@ADMINISTRATORS@", fmt::format("dn.exact=\"{}\"", administrator_dn));
}

// The map is address space, not memory or disk; 100 000 facts take a ninth of it.
std::string database(const EmbeddedOptions& options, const std::vector<Peer>& others, const Secret& secret) {
  std::string text = fmt::format(
      "dn: {}\nobjectClass: olcDatabaseConfig\nobjectClass: olcMdbConfig\nolcDatabase: {{1}}mdb\n"
      "olcSuffix: {}\nolcRootDN: {}\nolcDbMaxSize: 4294967296\n"
      "olcDbIndex: objectClass eq\nolcDbIndex: entryUUID,entryCSN eq\nolcDbIndex: rollcallZone,rollcallKind eq\n"
      "olcLimits: dn.onelevel=\"cn=members,{}\" size=unlimited time=unlimited\n",
      database_dn, embedded_base, replication_dn, embedded_base);
  text += line("olcDbDirectory", options.dir + "/data");
  // In clear: the same file has to hold it in clear for the peers' sake.
  text += line("olcRootPW", secret.text());
  for (const Peer& peer : others) text += line("olcSyncrepl", syncrepl_value(peer, secret));
  // slapd refuses this of a server that knows nobody; who adds the first peer sets it.
  if (!others.empty()) text += "olcMultiProvider: TRUE\n";
  return text + access_rules() + '\n';
}

std::string replication_overlay() {
  return fmt::format(
      "dn: olcOverlay={{0}}syncprov,{}\nobjectClass: olcOverlayConfig\nobjectClass: olcSyncProvConfig\n"
      "olcOverlay: {{0}}syncprov\nolcSpCheckpoint: 100 1\n",
      database_dn);
}

// The word behind `name=`, without quotes.
std::string_view setting_in(std::string_view value, std::string_view name) {
  const auto at = value.find(name);
  if (at == std::string_view::npos) return {};
  value.remove_prefix(at + name.size());
  if (value.starts_with('"')) value.remove_prefix(1);
  return value.substr(0, value.find_first_of("\" "));
}

}  // namespace

std::string config_ldif(const EmbeddedOptions& options, const EmbeddedSettings& settings,
                        const std::vector<Peer>& others, const Secret& replication_secret) {
  return global(options, settings) + std::string{modules} + std::string{ldapschema::schema_ldif()} + '\n' +
         config_database() + database(options, others, replication_secret) + replication_overlay();
}

// Without keepalive a cut is noticed after hours; without `retry` of one second healed late.
std::string syncrepl_value(const Peer& peer, const Secret& replication_secret) {
  return fmt::format(
      "rid={:03} provider={} searchbase=\"{}\" type=refreshAndPersist bindmethod=simple binddn=\"{}\""
      " credentials={} starttls=critical retry=\"1 +\" keepalive=5:2:2 network-timeout=2 timeout=5",
      peer.id, peer.uri, embedded_base, replication_dn, replication_secret.text());
}

std::optional<Peer> peer_in(std::string_view syncrepl_value) {
  const auto rid = form::number32.parse(setting_in(syncrepl_value, "rid="));
  const std::string_view uri = setting_in(syncrepl_value, "provider=");
  if (!rid || uri.empty()) return std::nullopt;
  return Peer{*rid, std::string{uri}};
}

std::string to_ldif(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) {
    text += line("dn", entry.dn);
    for (const auto& [name, values] : entry.attributes) {
      for (const Bytes& value : values) text += line(name, as_text(value));
    }
    text += '\n';
  }
  return text;
}

}  // namespace rollcall::directory
