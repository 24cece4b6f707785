// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_message.h"

#include <ldap.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "lib/directory/ldap_dn.h"
#include "lib/directory/ldap_error.h"

namespace rollcall::directory {
namespace {

struct Free {
  void operator()(char* text) const { ldap_memfree(text); }
  void operator()(LDAPControl** controls) const { ldap_controls_free(controls); }
  void operator()(berval* value) const { ber_bvfree(value); }
};
template <int with_buffer>
struct FreeBer {
  void operator()(BerElement* ber) const { ber_free(ber, with_buffer); }
};
using Text = std::unique_ptr<char, Free>;
using Ber = std::unique_ptr<BerElement, FreeBer<1>>;
using BerInMessage = std::unique_ptr<BerElement, FreeBer<0>>;  // its bytes belong to the message
using Controls = std::unique_ptr<LDAPControl*, Free>;

Bytes bytes_of(const berval& value) {
  return to_bytes(std::string_view{value.bv_val, value.bv_len});
}

std::string attribute_name(const berval& name) {
  std::string lower{name.bv_val, name.bv_len};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::vector<Bytes> take_values(berval* values) {
  std::vector<Bytes> taken;
  for (berval* value = values; value != nullptr && value->bv_val != nullptr; ++value) {
    taken.push_back(bytes_of(*value));
  }
  ber_memfree(values);  // the values themselves point into the message
  return taken;
}

std::optional<Attributes> attributes_of(LDAP* handle, LDAPMessage* message, BerElement* ber) {
  Attributes attributes;
  for (;;) {
    berval name{};
    berval* values = nullptr;
    if (ldap_get_attribute_ber(handle, message, ber, &name, &values) != LDAP_SUCCESS) return std::nullopt;
    if (name.bv_val == nullptr) return attributes;
    attributes[attribute_name(name)] = take_values(values);
  }
}

std::optional<SyncState::Kind> kind_of(ber_int_t number) {
  switch (number) {
    case LDAP_SYNC_PRESENT: return SyncState::Kind::present;
    case LDAP_SYNC_ADD: return SyncState::Kind::add;
    case LDAP_SYNC_MODIFY: return SyncState::Kind::modify;
    case LDAP_SYNC_DELETE: return SyncState::Kind::remove;
    default: return std::nullopt;
  }
}

std::optional<Uuid> uuid_of(const berval& value) {
  Uuid uuid;
  if (value.bv_len != uuid.bytes.size()) return std::nullopt;
  std::memcpy(uuid.bytes.data(), value.bv_val, uuid.bytes.size());
  return uuid;
}

/// Null if there is nothing to read, at which liblber would abort.
Ber reader_of(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  berval copied{bytes.size(), const_cast<char*>(bytes.data())};  // ber_init() copies what it points to
  return Ber{ber_init(&copied)};
}

// SyncStateValue ::= SEQUENCE { state ENUMERATED, entryUUID OCTET STRING (16), cookie OPTIONAL }
std::optional<SyncState> parse_state(const berval& value) {
  const Ber ber = reader_of({value.bv_val, value.bv_len});
  ber_int_t number = -1;
  berval uuid{};
  if (!ber || ber_scanf(ber.get(), "{em", &number, &uuid) == LBER_ERROR) return std::nullopt;
  const auto kind = kind_of(number);
  const auto id = uuid_of(uuid);
  if (!kind || !id) return std::nullopt;
  return SyncState{*kind, *id};
}

// libldap trips over the controls once the DN or an attribute was taken: this comes first, always.
std::optional<SyncState> state_of(const LdapAnswer& answer) {
  LDAPControl** raw = nullptr;
  if (ldap_get_entry_controls(answer.handle, answer.message, &raw) != LDAP_SUCCESS) return std::nullopt;
  const Controls controls{raw};
  const LDAPControl* state = ldap_control_find(LDAP_CONTROL_SYNC_STATE, raw, nullptr);
  if (state == nullptr) return std::nullopt;
  return parse_state(state->ldctl_value);
}

// EntryChangeNotification ::= SEQUENCE { changeType ENUMERATED, previousDN LDAPDN OPTIONAL, changeNumber OPTIONAL }
bool parse_change(const berval& value, EntryChange& change) {
  const Ber ber = reader_of({value.bv_val, value.bv_len});
  ber_int_t type = 0;
  ber_len_t length = 0;
  if (!ber || ber_scanf(ber.get(), "{e", &type) == LBER_ERROR) return false;
  change.removed = type == LDAP_CONTROL_PERSIST_ENTRY_CHANGE_DELETE;
  if (ber_peek_tag(ber.get(), &length) != LBER_OCTETSTRING) return true;
  berval former{};
  if (ber_scanf(ber.get(), "m", &former) == LBER_ERROR) return false;
  auto normal = normal_dn({former.bv_val, former.bv_len});
  if (normal) change.former_dn = std::move(*normal);
  return normal.has_value();
}

// As with state_of(): before the DN is taken.
bool read_change(const LdapAnswer& answer, EntryChange& change) {
  LDAPControl** raw = nullptr;
  if (ldap_get_entry_controls(answer.handle, answer.message, &raw) != LDAP_SUCCESS) return false;
  const Controls controls{raw};
  const LDAPControl* notice = ldap_control_find(LDAP_CONTROL_PERSIST_ENTRY_CHANGE_NOTICE, raw, nullptr);
  return notice != nullptr && parse_change(notice->ldctl_value, change);
}

tl::unexpected<Error> garbled() { return fail(Errc::malformed, "the server sent garbled sync information"); }

bool at_end(BerElement* ber) {
  ber_len_t remaining = 0;
  return ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &remaining) == LBER_OPT_SUCCESS && remaining == 0;
}

void skip_cookie(BerElement* ber) {
  ber_len_t length = 0;
  if (ber_peek_tag(ber, &length) == LDAP_TAG_SYNC_COOKIE) ber_scanf(ber, "x");
}

// refreshDelete, refreshPresent ::= SEQUENCE { cookie OPTIONAL, refreshDone BOOLEAN DEFAULT TRUE }
Result<SyncInfo> parse_phase(BerElement* ber) {
  SyncInfo info;
  ber_int_t done = 1;
  ber_len_t length = 0;
  if (ber_scanf(ber, "{") == LBER_ERROR) return garbled();
  skip_cookie(ber);
  if (ber_peek_tag(ber, &length) == LBER_BOOLEAN && ber_scanf(ber, "b", &done) == LBER_ERROR) return garbled();
  if (!at_end(ber)) return garbled();
  info.refresh_done = done != 0;
  return info;
}

// syncIdSet ::= SEQUENCE { cookie OPTIONAL, refreshDeletes BOOLEAN DEFAULT FALSE, syncUUIDs SET OF }
Result<SyncInfo> parse_id_set(BerElement* ber) {
  SyncInfo info;
  ber_int_t deletes = 0;
  ber_len_t length = 0;
  if (ber_scanf(ber, "{") == LBER_ERROR) return garbled();
  skip_cookie(ber);
  if (ber_peek_tag(ber, &length) == LBER_BOOLEAN && ber_scanf(ber, "b", &deletes) == LBER_ERROR) return garbled();
  info.deleted = deletes != 0;
  char* end = nullptr;
  for (ber_tag_t tag = ber_first_element(ber, &length, &end); tag != LBER_DEFAULT;
       tag = ber_next_element(ber, &length, end)) {
    berval value{};
    if (ber_scanf(ber, "m", &value) == LBER_ERROR) return garbled();
    const auto uuid = uuid_of(value);
    if (!uuid) return garbled();
    info.uuids.push_back(*uuid);
  }
  if (!at_end(ber)) return garbled();
  return info;
}

}  // namespace

Result<> result_of(const LdapAnswer& answer, std::string_view doing) {
  int code = LDAP_OTHER;
  char* raw = nullptr;
  const int rc = ldap_parse_result(answer.handle, answer.message, &code, nullptr, &raw, nullptr, nullptr, 0);
  const Text diagnostic{raw};
  if (rc != LDAP_SUCCESS) code = rc;
  if (code == LDAP_SUCCESS) return {};
  return tl::unexpected(ldap_error(code, doing, diagnostic ? diagnostic.get() : ""));
}

std::optional<Entry> entry_of(const LdapAnswer& answer) {
  if (ldap_msgtype(answer.message) != LDAP_RES_SEARCH_ENTRY) return std::nullopt;
  BerElement* raw = nullptr;
  berval dn{};
  if (ldap_get_dn_ber(answer.handle, answer.message, &raw, &dn) != LDAP_SUCCESS) return std::nullopt;
  const BerInMessage ber{raw};
  auto normal = normal_dn({dn.bv_val, dn.bv_len});
  auto attributes = attributes_of(answer.handle, answer.message, raw);
  if (!normal || !attributes) return std::nullopt;
  return Entry{std::move(*normal), std::move(*attributes)};
}

Result<SyncEntry> sync_entry_of(const LdapAnswer& answer) {
  const auto state = state_of(answer);
  if (!state) return garbled();
  auto entry = entry_of(answer);
  if (!entry) return garbled();
  return SyncEntry{*state, std::move(*entry)};
}

Result<EntryChange> entry_change_of(const LdapAnswer& answer) {
  EntryChange change;
  if (!read_change(answer, change)) return fail(Errc::malformed, "the server sent a garbled change");
  auto entry = entry_of(answer);
  if (!entry) return fail(Errc::malformed, "the server sent a garbled change");
  change.entry = std::move(*entry);
  return change;
}

Result<SyncInfo> sync_info_of(const LdapAnswer& answer) {
  char* raw_oid = nullptr;
  berval* raw_value = nullptr;
  const int rc = ldap_parse_intermediate(answer.handle, answer.message, &raw_oid, &raw_value, nullptr, 0);
  const Text oid{raw_oid};
  const std::unique_ptr<berval, Free> value{raw_value};
  if (rc != LDAP_SUCCESS) return garbled();
  if (!oid || std::strcmp(oid.get(), LDAP_SYNC_INFO) != 0) return SyncInfo{};  // not about us
  if (!value) return garbled();
  return parse_sync_info(as_bytes(std::string_view{value->bv_val, value->bv_len}));
}

Result<SyncInfo> parse_sync_info(ByteView value) {
  const Ber ber = reader_of(as_text(value));
  if (!ber) return garbled();
  ber_len_t length = 0;
  switch (ber_peek_tag(ber.get(), &length)) {
    case LDAP_TAG_SYNC_NEW_COOKIE: return SyncInfo{};
    case LDAP_TAG_SYNC_REFRESH_DELETE:
    case LDAP_TAG_SYNC_REFRESH_PRESENT: return parse_phase(ber.get());
    case LDAP_TAG_SYNC_ID_SET: return parse_id_set(ber.get());
    default: return garbled();
  }
}

}  // namespace rollcall::directory
