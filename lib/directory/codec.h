// SPDX-License-Identifier: GPL-3.0-or-later
// Facts as directory entries, and the bytes that their authors sign. Pure: no server, no key, no clock.
//
// A fact has one canonical form: what is read here prints to the same bytes again, and everything
// else is refused. Signatures are not checked here; `signed_bytes` is what to check them over:
//
//   "rollcall-fact-1" | cluster UUID | count | (attribute name, value) ...
//
// Strings and octets are preceded by their length; lengths and the count are 32 bits, big endian.
// The pairs are sorted by bytes (directories keep no order), names in lower case. Signed is every
// attribute but five: the wrapped key and `touched`, which may change (the first is bound by its
// digest); the signature; and `objectClass` and `cn`, which hold nothing of their own: they must
// follow from the signed kind, number and author, so that a copy below another container verifies.
#pragma once

#include <optional>
#include <string>

#include "lib/core/fact.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/directory.h"
#include "lib/util/result.h"

namespace rollcall::directory {

/// The only two attributes of a fact that may ever be modified, and only by its author.
inline constexpr const char* wrapped_key_attribute = "rollcallwrappedkey";
inline constexpr const char* touched_attribute = "rollcalltouched";

inline constexpr std::size_t max_fact_bytes = 64 * 1024;  ///< Names and values together, wrapped key included.
inline constexpr std::size_t max_value_bytes = 4 * 1024;  ///< Of one value, but for wrapped and sealed keys.

/// The attributes of a fact, unsigned yet. Lists are sorted; `expires` is rounded down to seconds.
///
/// content  Not UnknownKind. Texts are UTF-8; an empty one is an absent attribute.
Attributes attributes_of(const FactId& id, Time created, const FactContent& content);

/// What the author signs and everybody checks.
Bytes signed_bytes(const Uuid& cluster, const Attributes& attributes);

/// Adds the signature: with it the attributes are ready to be added at fact_dn().
Attributes signed_attributes(Attributes attributes, const Signature& signature);

/// Adds the wrapped key whose digest the candidate, or the rewrap of one, carries.
Attributes with_wrapped_key(Attributes attributes, Bytes wrapped_key);

/// The modification that makes the server send a fact again.
Attributes touch(std::uint64_t counter);

/// The modification that wipes the wrapped key of a fact that a tombstone ended, or that a rewrap replaced.
Attributes wipe_wrapped_key();

struct ReadFact {
  Fact fact;                         ///< `content` is UnknownKind for a kind or version not known here.
  Bytes signed_bytes;                ///< What `fact.signature` must verify over.
  std::optional<Bytes> wrapped_key;  ///< Not compared with its digest yet; absent if wiped or unreadable.
  std::optional<MemberId> copied_by; ///< The entry is a copy in this member's container.
};

/// Reads a fact, or says what is wrong with it.
///
/// Errors  malformed if it stands at another DN than its number says, is too large, lacks an
///         attribute, has one too many, or a value is not in its one canonical form.
Result<ReadFact> read_fact(const Uuid& cluster, const std::string& base, const Entry& entry);

}  // namespace rollcall::directory
