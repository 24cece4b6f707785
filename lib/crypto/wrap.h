// SPDX-License-Identifier: GPL-3.0-or-later
// Wrapping: a private key under the master key of an epoch, as it stands in the directory.
//
//   blob = version (1) | epoch (4) | Kcom (32) | nonce (24) | ciphertext | tag (16)
//
//   Kenc = BLAKE2b-256(key MK, "enc" | nonce | BLAKE2b-256(AAD))
//   Kcom = BLAKE2b-256(key MK, "com" | nonce | BLAKE2b-256(AAD))
//   ciphertext | tag = XChaCha20-Poly1305(key Kenc, nonce, AAD, private key)
//
// Poly1305 alone does not commit to a key: somebody who knows two master keys could make one blob
// that opens to two private keys, and members would disagree about which they have. Kcom ends that,
// since no one finds two inputs of BLAKE2b with one output. Nonces are random; with 24 bytes none
// comes twice, and each has a Kenc of its own anyway.
//
// The AAD says which key this is, so that a blob put into another entry does not open there. It is
// these fields in this order, each after its length in 32 bits; numbers are big endian:
//
//   format version (8 bits, 1) | cluster (16 bytes) | zone (wire form, lower case) |
//   role ("KSK", "ZSK") | algorithm (8) | key tag (16) | generation (32) | owner (16 bytes) |
//   created (text, FORMATS: YYYYMMDDhhmmss.nnnnnnnnnZ) | epoch (32) | fingerprint (32 bytes)
//
// tests/crypto/vectors.py makes the same with other libraries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/core/types.h"
#include "lib/util/bytes.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

constexpr std::size_t master_key_size = 32;

/// Which key a blob holds, and who made it. Every field is bound to the blob.
struct WrapContext {
  Uuid cluster;
  Bytes zone_wire;  ///< The zone's name in wire form, lower case.
  Role role = Role::zsk;
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  std::uint16_t key_tag = 0;
  std::uint32_t generation = 0;
  MemberId owner;
  Time created;
  std::uint32_t epoch = 0;  ///< Of the master key.
  Fingerprint fingerprint{};
};

/// Wraps a private key.
///
/// master_key  master_key_size bytes.
Bytes wrap(const Secret& master_key, const Secret& plain, const WrapContext& context);

/// Opens what wrap() made, if it was made under this master key and for this context.
///
/// The caller still has to prove() the result: the wrapper can have been wrong about the key.
///
/// Errors  malformed, with what does not fit: size, version, epoch, commitment or tag.
Result<Secret> unwrap(const Secret& master_key, ByteView blob, const WrapContext& context);

namespace internal {

using Nonce = std::array<std::byte, 24>;

/// wrap() with a chosen nonce, for known-answer tests. A nonce must never be used twice.
Bytes wrap_with(const Nonce& nonce, const Secret& master_key, const Secret& plain,
                const WrapContext& context);

}  // namespace internal
}  // namespace rollcall::crypto
