// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what libldap has received.
#pragma once

#include <optional>

#include "lib/core/types.h"
#include "lib/directory/directory.h"
#include "lib/directory/ldap_session.h"

namespace rollcall::directory {

/// How a request ended. `doing` names it in the error.
Result<> result_of(const LdapAnswer& answer, std::string_view doing);

/// The entry in a search answer. Empty if the message carries none that can be read.
std::optional<Entry> entry_of(const LdapAnswer& answer);

/// What a synchronised search says about one entry.
struct SyncState {
  enum class Kind { present, add, modify, remove };
  Kind kind = Kind::present;
  Uuid uuid;
};

/// An entry of a synchronised search. `present` and `remove` come without attributes.
struct SyncEntry {
  SyncState state;
  Entry entry;
};

/// Errors  malformed if the server left out or garbled the control.
/// Source  RFC 4533, 2.3.
Result<SyncEntry> sync_entry_of(const LdapAnswer& answer);

/// What a persistent search says about one entry.
struct EntryChange {
  bool removed = false;
  std::string former_dn;  ///< If it was renamed.
  Entry entry;
};

/// Errors  malformed if the server left out or garbled the control.
/// Source  draft-ietf-ldapext-psearch-03, 5.
Result<EntryChange> entry_change_of(const LdapAnswer& answer);

/// What a synchronised search says about the search itself.
struct SyncInfo {
  bool refresh_done = false;     ///< The content is complete; changes follow.
  bool deleted = false;          ///< `uuids` are gone; otherwise they are present.
  std::vector<Uuid> uuids;
};

/// Errors  malformed.
/// Source  RFC 4533, 2.5.
Result<SyncInfo> sync_info_of(const LdapAnswer& answer);

/// A Sync Info value, for whoever has only the bytes.
Result<SyncInfo> parse_sync_info(ByteView value);

}  // namespace rollcall::directory
