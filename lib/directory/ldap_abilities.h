// SPDX-License-Identifier: GPL-3.0-or-later
// What a directory server says of itself in its root DSE, and how it is followed therefore. Pure.
#pragma once

#include <optional>
#include <string>

#include "lib/directory/directory.h"

namespace rollcall::directory {

/// How changes come to us.
enum class Way {
  synchronised,  ///< RFC 4533: slapd with syncprov, 389-ds with Content Synchronization.
  persistent,    ///< A persistent search (draft-ietf-ldapext-psearch) and reading all now and then:
                 ///< 389-ds.
  polled,        ///< Reading all again and again: every server.
};

struct Abilities {
  std::optional<std::string>
      suffix;  ///< The naming context that holds the base; empty if none does.
  Way way = Way::polled;

  /// A slapd that its peers are still filling serves a part of the tree, and has no contextCSN
  /// until it is done. 389-ds takes a database out of service while it is being filled.
  bool serves_parts = false;

  /// 389-ds keeps both of two entries that were added under one name, and hides the later one.
  bool hides_conflicts = false;
};

/// Source  RFC 4512, 5.1.
Abilities abilities_of(const std::string& base, const Entry& root);

/// The attributes of the root DSE that abilities_of() looks at.
extern const std::vector<std::string> abilities_attributes;

/// What to try next on a server that refused this way; `polled` stays.
Way lesser(Way way);

}  // namespace rollcall::directory
