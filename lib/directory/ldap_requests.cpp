// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_requests.h"

#include <fmt/format.h>
#include <ldap.h>

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "lib/directory/ldap_dn.h"
#include "lib/directory/ldap_message.h"

namespace rollcall::directory {
namespace {

constexpr const char* everything = "(objectClass=*)";

// libldap's structures want writable pointers but only read what they point to.
char* for_c(const std::string& text) { return const_cast<char*>(text.c_str()); }

berval for_c(const Bytes& value) {
  return {value.size(), const_cast<char*>(as_text(value).data())};
}

/// Attributes as libldap takes them, pointing into the original.
class Modifications {
 public:
  Modifications(const Attributes& attributes, int operation) {
    for (const auto& [name, values] : attributes) append(name, values, operation);
    pointers_.push_back(nullptr);
  }

  LDAPMod** get() { return pointers_.data(); }

 private:
  struct Item {
    std::vector<berval> values;
    std::vector<berval*> pointers;
    LDAPMod mod{};
  };

  void append(const std::string& name, const std::vector<Bytes>& values, int operation) {
    Item& item = items_.emplace_back();
    for (const Bytes& value : values) item.values.push_back(for_c(value));
    for (berval& value : item.values) item.pointers.push_back(&value);
    item.pointers.push_back(nullptr);
    item.mod.mod_op = operation | LDAP_MOD_BVALUES;
    item.mod.mod_type = for_c(name);
    item.mod.mod_bvalues = item.pointers.data();
    pointers_.push_back(&item.mod);
  }

  std::list<Item> items_;
  std::vector<LDAPMod*> pointers_;
};

std::function<void(Result<LdapAnswer>)> ending(std::string doing, Done<> done) {
  return [doing = std::move(doing), done = std::move(done)](const Result<LdapAnswer>& answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    done(result_of(*answer, doing));
  };
}

struct Search {
  const std::string& base;
  int scope;
  const char* filter = everything;
  std::vector<std::string> names = {LDAP_ALL_USER_ATTRIBUTES};
};

int search(LDAP* handle, const Search& search, LDAPControl** controls, int& id) {
  std::vector<char*> pointers;
  for (const std::string& name : search.names) pointers.push_back(for_c(name));
  pointers.push_back(nullptr);
  return ldap_search_ext(handle, search.base.c_str(), search.scope, search.filter, pointers.data(), 0, controls, nullptr, nullptr,
                         LDAP_NO_LIMIT, &id);
}

// SyncRequestValue ::= SEQUENCE { mode ENUMERATED refreshAndPersist (3) }
int sync_search(LDAP* handle, const std::string& base, int& id) {
  std::array<char, 5> value{0x30, 0x03, 0x0a, 0x01, LDAP_SYNC_REFRESH_AND_PERSIST};
  std::string oid = LDAP_CONTROL_SYNC;
  LDAPControl control{oid.data(), {value.size(), value.data()}, 1};
  std::array<LDAPControl*, 2> controls{&control, nullptr};
  return search(handle, {base, LDAP_SCOPE_SUBTREE}, controls.data(), id);
}

// Additions, deletions, changes and renamings; not what is there already; with the control that tells which.
int changes_search(LDAP* handle, const std::string& base, int& id) {
  constexpr int all_changes = 15;
  LDAPControl* raw = nullptr;
  const int rc = ldap_create_persistentsearch_control(handle, all_changes, 1, 1, 1, &raw);
  if (rc != LDAP_SUCCESS) return rc;
  const std::unique_ptr<LDAPControl, void (*)(LDAPControl*)> control{raw, ldap_control_free};
  std::array<LDAPControl*, 2> controls{control.get(), nullptr};
  return search(handle, {base, LDAP_SCOPE_SUBTREE}, controls.data(), id);
}

// authzId = "dn:" DN; RFC 4513, 5.2.1.8.
Result<std::string> identity_of(const LdapAnswer& answer) {
  berval* raw = nullptr;
  if (ldap_parse_whoami(answer.handle, answer.message, &raw) != LDAP_SUCCESS) {
    return fail(Errc::malformed, "ask who we are: the answer cannot be read");
  }
  const std::unique_ptr<berval, void (*)(berval*)> id{raw, ber_bvfree};
  if (!id || id->bv_len == 0) return std::string{};
  const std::string_view text{id->bv_val, id->bv_len};
  auto dn = text.starts_with("dn:") ? normal_dn(text.substr(3)) : std::nullopt;
  if (!dn) return fail(Errc::malformed, fmt::format("ask who we are: {} is no DN", text));
  return std::move(*dn);
}

}  // namespace

LdapRequest add_request(Entry entry, Done<> done) {
  std::string doing = fmt::format("add {}", entry.dn);
  const auto send = [entry = std::move(entry)](LDAP* handle, int& id) {
    Modifications attributes{entry.attributes, LDAP_MOD_ADD};
    return ldap_add_ext(handle, entry.dn.c_str(), attributes.get(), nullptr, nullptr, &id);
  };
  return {doing, send, ending(doing, std::move(done)), nullptr};
}

LdapRequest modify_request(std::string dn, Attributes replace, Done<> done) {
  std::string doing = fmt::format("modify {}", dn);
  const auto send = [dn = std::move(dn), replace = std::move(replace)](LDAP* handle, int& id) {
    Modifications attributes{replace, LDAP_MOD_REPLACE};
    return ldap_modify_ext(handle, dn.c_str(), attributes.get(), nullptr, nullptr, &id);
  };
  return {doing, send, ending(doing, std::move(done)), nullptr};
}

LdapRequest read_request(std::string dn, std::vector<std::string> names, Done<Entry> done) {
  std::string doing = fmt::format("read {}", dn.empty() ? "the root DSE" : dn);
  const auto send = [dn = std::move(dn), names = std::move(names)](LDAP* handle, int& id) {
    return search(handle, {dn, LDAP_SCOPE_BASE, everything, names}, nullptr, id);
  };
  const auto found = std::make_shared<std::optional<Entry>>();
  const auto answered = [doing, found, done = std::move(done)](const Result<LdapAnswer>& answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    const int type = ldap_msgtype(answer->message);
    if (type == LDAP_RES_SEARCH_ENTRY) *found = entry_of(*answer);
    if (type != LDAP_RES_SEARCH_RESULT) return;
    if (const auto result = result_of(*answer, doing); !result) return done(tl::unexpected(result.error()));
    if (!*found) return done(fail(Errc::not_found, fmt::format("{}: not visible to us", doing)));
    done(std::move(**found));
  };
  return {doing, send, answered, nullptr};
}

LdapRequest find_request(std::string dn, std::string filter, std::vector<std::string> names,
                         Done<std::vector<Entry>> done) {
  std::string doing = fmt::format("search {}", dn);
  struct Found {
    std::vector<Entry> entries;
    bool garbled = false;
  };
  const auto found = std::make_shared<Found>();
  const auto answered = [doing, found, done = std::move(done)](const Result<LdapAnswer>& answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    const int type = ldap_msgtype(answer->message);
    if (type == LDAP_RES_SEARCH_ENTRY) {
      auto entry = entry_of(*answer);
      if (entry) found->entries.push_back(std::move(*entry));
      found->garbled = found->garbled || !entry;
    }
    if (type != LDAP_RES_SEARCH_RESULT) return;
    if (const auto result = result_of(*answer, doing); !result) return done(tl::unexpected(result.error()));
    if (found->garbled) return done(fail(Errc::malformed, fmt::format("{}: the server sent a garbled entry", doing)));
    done(std::move(found->entries));
  };
  LdapRequest request = search_request(std::move(dn), std::move(filter), std::move(names), answered);
  request.doing = std::move(doing);
  return request;
}

LdapRequest who_am_i_request(Done<std::string> done) {
  const std::string doing = "ask who we are";
  const auto send = [](LDAP* handle, int& id) { return ldap_whoami(handle, nullptr, nullptr, &id); };
  const auto answered = [doing, done = std::move(done)](const Result<LdapAnswer>& answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    if (const auto result = result_of(*answer, doing); !result) return done(tl::unexpected(result.error()));
    done(identity_of(*answer));
  };
  return {doing, send, answered, nullptr};
}

LdapRequest sync_request(std::string base, std::function<void(Result<LdapAnswer>)> answered,
                         std::shared_ptr<Persistence> persistence) {
  std::string doing = fmt::format("watch {}", base);
  const auto send = [base = std::move(base)](LDAP* handle, int& id) { return sync_search(handle, base, id); };
  return {std::move(doing), send, std::move(answered), std::move(persistence)};
}

LdapRequest changes_request(std::string base, std::function<void(Result<LdapAnswer>)> answered,
                            std::shared_ptr<Persistence> persistence) {
  std::string doing = fmt::format("watch {}", base);
  const auto send = [base = std::move(base)](LDAP* handle, int& id) { return changes_search(handle, base, id); };
  return {std::move(doing), send, std::move(answered), std::move(persistence)};
}

LdapRequest search_request(std::string base, std::string filter, std::vector<std::string> names,
                           std::function<void(Result<LdapAnswer>)> answered) {
  std::string doing = fmt::format("read all of {}", base);
  if (names.empty()) names = {LDAP_ALL_USER_ATTRIBUTES};
  const auto send = [base = std::move(base), filter = std::move(filter), names = std::move(names)](LDAP* handle, int& id) {
    return search(handle, {base, LDAP_SCOPE_SUBTREE, filter.c_str(), names}, nullptr, id);
  };
  return {std::move(doing), send, std::move(answered), nullptr};
}

}  // namespace rollcall::directory
