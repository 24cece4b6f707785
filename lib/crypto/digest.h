// SPDX-License-Identifier: GPL-3.0-or-later
// Digests: of facts and keys, of chains of facts, and of a zone for a member.
#pragma once

#include <cstdint>

#include "lib/core/types.h"
#include "lib/util/bytes.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

Digest sha256(ByteView bytes);

/// The next link of the chain that stands for all facts of one author: SHA-256(before | signature).
/// The chain of no facts is all zero.
Digest chain(const Digest& before, const Signature& signature);

/// Source  RFC 2104.
Digest hmac_sha256(const Secret& key, ByteView bytes);

/// Compares in constant time, if the sizes are equal.
bool equal(ByteView a, ByteView b);

/// A member's place in the order of turns for a zone; the lowest comes first.
///
/// zone_wire  The zone's name in wire form, lower case.
/// Source     The first 8 bytes, big endian, of SHA-256(member uuid | zone_wire).
std::uint64_t rendezvous(const MemberId& member, ByteView zone_wire);

}  // namespace rollcall::crypto
