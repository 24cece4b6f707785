// SPDX-License-Identifier: GPL-3.0-or-later
// What the server has shown us so far, by entryUUID and DN only: so that we can tell which entries
// are gone, however the server puts it.
//
// Where the server tells no entryUUID, the DN stands for it: an entry with another name is another one.
//
// We always ask without a cookie. Then the server's content starts empty for us in every refresh, and
// what it has not mentioned by the end is gone, whichever phases it went through (RFC 4533, 3.3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/core/types.h"
#include "lib/directory/directory.h"

namespace rollcall::directory {

/// What stands for the entryUUID of an entry known by its DN only; other DNs have other ones.
Uuid uuid_for(std::string_view dn);

/// Of an entry's attributes, to notice changes with; not to be relied on against malice.
std::size_t digest_of(const Attributes& attributes);

class LdapContent {
 public:
  /// From here on only what is seen again counts as there.
  void begin_refresh();

  /// The entry is there, under this DN.
  ///
  /// Returns  the DN that it had before, if that is another one and now belongs to nobody.
  std::optional<std::string> seen(const Uuid& uuid, const std::string& dn);

  /// The entry is there; nothing else is known. False if we never saw it.
  bool seen(const Uuid& uuid);

  /// Notes what is in an entry that was seen; whether that is something else than was noted before.
  bool is_news(const Uuid& uuid, std::size_t digest);

  /// Returns  its DN, unless we never saw it.
  std::optional<std::string> removed(const Uuid& uuid);

  /// Returns  the DNs of all that was not seen since begin_refresh().
  std::vector<std::string> end_refresh();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Uuid& uuid) const;
  };
  struct Known {
    std::string dn;
    unsigned refresh = 0;  ///< The last one that it was seen in.
    std::optional<std::size_t> digest;  ///< As is_news() was told it last.
  };
  using Entries = std::unordered_map<Uuid, Known, Hash>;

  void forget(Entries::iterator entry);

  Entries entries_;
  std::unordered_map<std::string_view, Uuid> holders_;  ///< Of DNs; the text is in `entries_`.
  unsigned refresh_ = 0;
};

}  // namespace rollcall::directory
