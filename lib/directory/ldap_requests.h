// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of the port as LDAP requests.
#pragma once

#include <string>
#include <vector>

#include "lib/directory/directory.h"
#include "lib/directory/ldap_session.h"

namespace rollcall::directory {

LdapRequest add_request(Entry entry, Done<> done);

/// Replaces whole attributes; an empty list of values removes one.
LdapRequest modify_request(std::string dn, Attributes replace, Done<> done);

/// names  Of attributes, or "*" for all that are not operational.
LdapRequest read_request(std::string dn, std::vector<std::string> names, Done<Entry> done);

/// Every entry at and below a DN that fits the filter, all at once when all are there.
LdapRequest find_request(std::string dn, std::string filter, std::vector<std::string> names,
                         Done<std::vector<Entry>> done);

/// Source  RFC 4532.
LdapRequest who_am_i_request(Done<std::string> done);

/// A refreshAndPersist search over everything at and below `base`, without a cookie.
///
/// Source  RFC 4533, 2.2.
LdapRequest sync_request(std::string base, std::function<void(Result<LdapAnswer>)> answered,
                         std::shared_ptr<Persistence> persistence);

/// A persistent search for all changes from now on, at and below `base`, each with its control.
///
/// Source  draft-ietf-ldapext-psearch-03.
LdapRequest changes_request(std::string base, std::function<void(Result<LdapAnswer>)> answered,
                            std::shared_ptr<Persistence> persistence);

/// Every entry at and below `base` that fits the filter; no names are all attributes that are not operational.
LdapRequest search_request(std::string base, std::string filter, std::vector<std::string> names,
                           std::function<void(Result<LdapAnswer>)> answered);

}  // namespace rollcall::directory
