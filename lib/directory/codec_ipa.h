// SPDX-License-Identifier: GPL-3.0-or-later
// What a tree of FreeIPA says about zones and servers (core/ipa_tree.h), read from its entries.
//
//   cn=dns,SUFFIX
//   ├── idnsName=<zone>            idnsZone: idnsSecInlineSigning
//   │   └── cn=keys  cn=<key>      idnsSecKey: of IPA's own key manager
//   └── cn=rollcall                the base
//   cn=masters,cn=ipa,cn=etc,SUFFIX
//   └── cn=<host>                  cn=DNS, cn=DNSSEC, cn=DNSKeyManager, cn=CA, cn=ADTRUST: ipaConfigString
//   cn=ad,cn=trusts,SUFFIX         cn=<domain>: ipaNTTrustedDomain
#pragma once

#include <string>
#include <vector>

#include "lib/core/ipa_tree.h"
#include "lib/directory/search.h"

namespace rollcall::directory {

/// Of an entry below cn=zones: IpaManaged::switched_on. Absent from those that were never switched
/// on.
inline constexpr const char* switched_on_attribute = "rollcallswitchedon";

/// In the order in which they must be made: what was followed before what is to be followed.
struct IpaSearches {
  Search managed, dns, masters;
};

/// The suffix of the IPA tree in which a base stands: what follows `cn=rollcall,cn=dns,`.
///
/// Errors  malformed if it stands elsewhere.
Result<std::string> ipa_suffix(const std::string& base);

/// base  One that ipa_suffix() takes.
IpaSearches ipa_searches(const std::string& base);

/// The domains of Active Directory that are trusted, by their `cn`. There is no such container where none ever was.
Search trust_search(const std::string& base);

/// What was found.
struct IpaEntries {
  std::vector<Entry> managed, dns, masters;
};

/// Reads it all. What is wrong with one zone is said in `unreadable` and hides no other.
///
/// Errors  not_found if there is no server in it: then we may not see them.
Result<IpaTree> read_ipa_tree(const std::string& base, const IpaEntries& found);

}  // namespace rollcall::directory
