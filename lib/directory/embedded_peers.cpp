// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded_peers.h"

#include <ldap.h>

#include <algorithm>

#include "lib/directory/embedded_config.h"

namespace rollcall::directory {
namespace {

constexpr timeval to_reach{5, 0};
// slapd answers a change of its peers when its consumers let go, which takes their timeout (5 s) each.
constexpr timeval patience{30, 0};
constexpr const char* list_attribute = "olcSyncrepl";

Error error_of(int code, const std::string& uri) {
  const Errc kind = code == LDAP_INVALID_CREDENTIALS || code == LDAP_INSUFFICIENT_ACCESS ? Errc::denied
                                                                                         : Errc::unavailable;
  return {kind, "directory " + uri + ": " + ldap_err2string(code)};
}

// Hostnames and authority are checked; TLS 1.2 at least.
int prepare(LDAP* ld, const Introduction& introduction) {
  const int version = LDAP_VERSION3;
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int server_role = 0;
  ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &to_reach);
  ldap_set_option(ld, LDAP_OPT_TIMEOUT, &patience);
  ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, introduction.authority_file.c_str());
  ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  return ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &server_role);
}

int bind(LDAP* ld, const Secret& secret) {
  Secret copy = Secret::copy_of(secret.view());
  berval credentials{copy.size(), reinterpret_cast<char*>(copy.data())};
  return ldap_sasl_bind_s(ld, replication_dn, LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, nullptr);
}

}  // namespace

struct PeerConnection::Handle {
  explicit Handle(std::string u, const Secret& s) : uri{std::move(u)}, secret{Secret::copy_of(s.view())} {}
  ~Handle() {
    if (ld) ldap_unbind_ext_s(ld, nullptr, nullptr);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<std::vector<std::string>> values();
  Result<> modify(const std::vector<std::string>& remove, const std::string& add);

  std::string uri;
  Secret secret;
  LDAP* ld = nullptr;
};

Result<std::vector<std::string>> PeerConnection::Handle::values() {
  std::string attribute = list_attribute;
  char* attributes[] = {attribute.data(), nullptr};
  LDAPMessage* found = nullptr;
  timeval limit = patience;
  const int code = ldap_search_ext_s(ld, database_dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0, nullptr,
                                     nullptr, &limit, 1, &found);
  std::vector<std::string> values;
  LDAPMessage* entry = code == LDAP_SUCCESS ? ldap_first_entry(ld, found) : nullptr;
  berval** raw = entry ? ldap_get_values_len(ld, entry, list_attribute) : nullptr;
  for (berval** value = raw; value && *value; ++value) values.emplace_back((*value)->bv_val, (*value)->bv_len);
  ldap_value_free_len(raw);
  ldap_msgfree(found);
  if (code != LDAP_SUCCESS) return tl::unexpected(error_of(code, uri));
  return values;
}

// With its first peer a server must become one of several equals in the same step, or it takes no
// writes any more.
Result<> PeerConnection::Handle::modify(const std::vector<std::string>& remove, const std::string& add) {
  std::string attribute = list_attribute;
  std::vector<std::string> removed = remove;
  std::string added = add;
  std::vector<char*> removed_values;
  for (std::string& value : removed) removed_values.push_back(value.data());
  removed_values.push_back(nullptr);
  char* added_values[] = {added.data(), nullptr};
  std::string multi_provider = "olcMultiProvider";
  std::string yes = "TRUE";
  char* yes_values[] = {yes.data(), nullptr};

  LDAPMod removal{LDAP_MOD_DELETE, attribute.data(), {.modv_strvals = removed_values.data()}};
  LDAPMod addition{LDAP_MOD_ADD, attribute.data(), {.modv_strvals = added_values}};
  LDAPMod equality{LDAP_MOD_REPLACE, multi_provider.data(), {.modv_strvals = yes_values}};
  LDAPMod* all[] = {&removal, &addition, &equality, nullptr};
  const int code = ldap_modify_ext_s(ld, database_dn, remove.empty() ? all + 1 : all, nullptr, nullptr);
  if (code != LDAP_SUCCESS) return tl::unexpected(error_of(code, uri));
  return {};
}

PeerConnection::PeerConnection(std::unique_ptr<Handle> handle) : handle_{std::move(handle)} {}
PeerConnection::PeerConnection(PeerConnection&&) noexcept = default;
PeerConnection& PeerConnection::operator=(PeerConnection&&) noexcept = default;
PeerConnection::~PeerConnection() = default;

Result<PeerConnection> PeerConnection::open(const std::string& uri, const Introduction& introduction) {
  auto handle = std::make_unique<Handle>(uri, introduction.secret);
  int code = ldap_initialize(&handle->ld, uri.c_str());
  if (code == LDAP_SUCCESS) code = prepare(handle->ld, introduction);
  if (code == LDAP_SUCCESS) code = ldap_start_tls_s(handle->ld, nullptr, nullptr);
  if (code == LDAP_SUCCESS) code = bind(handle->ld, introduction.secret);
  if (code != LDAP_SUCCESS) return tl::unexpected(error_of(code, uri));
  return PeerConnection{std::move(handle)};
}

Result<std::vector<Peer>> PeerConnection::peers() {
  const auto values = handle_->values();
  if (!values) return tl::unexpected(values.error());
  std::vector<Peer> peers;
  for (const std::string& value : *values) {
    if (auto peer = peer_in(value)) peers.push_back(*std::move(peer));
  }
  return peers;
}

Result<> PeerConnection::add(const Peer& peer) {
  const auto known = peers();
  if (!known) return tl::unexpected(known.error());
  if (std::ranges::find(*known, peer.id, &Peer::id) != known->end()) return {};
  return handle_->modify({}, syncrepl_value(peer, handle_->secret));
}

Result<> PeerConnection::set(const Peer& peer) {
  const auto values = handle_->values();
  if (!values) return tl::unexpected(values.error());
  std::vector<std::string> replaced;
  for (const std::string& value : *values) {
    const auto known = peer_in(value);
    if (known == peer) return {};
    if (known && known->id == peer.id) replaced.push_back(value);
  }
  return handle_->modify(replaced, syncrepl_value(peer, handle_->secret));
}

}  // namespace rollcall::directory
