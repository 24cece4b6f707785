// SPDX-License-Identifier: GPL-3.0-or-later
// Who a member is: a key that signs its facts, and one that opens what is sealed to it.
#pragma once

#include <array>
#include <utility>

#include "lib/core/types.h"
#include "lib/util/bytes.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

using PublicKey = std::array<std::byte, 32>;  ///< Ed25519 or X25519, as its name says.

/// The two private keys of this member. They exist in guarded memory and in one file of this
/// machine, which the agent reads and writes, mode 0600.
class Identity {
 public:
  static Identity make();

  /// Reads what stored() gave.
  ///
  /// Errors  malformed if any bit of it differs; what() never shows its content.
  static Result<Identity> from(const Secret& stored);

  /// The bytes of the identity file: "rollcall-identity-1\n", then, 32 bytes each, seed and public
  /// key of Ed25519, seed and public key of X25519 (libsodium's crypto_box_seed_keypair).
  const Secret& stored() const { return stored_; }

  PublicKey signing_key() const;  ///< Ed25519
  PublicKey sealing_key() const;  ///< X25519

  /// The caller sees to it that no two kinds of things that are signed begin alike.
  ///
  /// Source  RFC 8032, Ed25519.
  Signature sign(ByteView bytes) const;

  /// Opens what seal() sealed to sealing_key().
  ///
  /// Errors  malformed if it was sealed to somebody else, or any bit differs.
  Result<Secret> open(ByteView sealed) const;

 private:
  explicit Identity(Secret stored) : stored_(std::move(stored)) {}

  Secret stored_;
};

/// True if the owner of `signing_key` signed these bytes.
bool verify(const PublicKey& signing_key, ByteView bytes, const Signature& signature);

/// Seals a secret to one member; anybody can, so who sealed it must be known otherwise.
///
/// Errors  malformed if the key is none (a point of small order).
/// Source  libsodium, crypto_box_seal: 48 bytes longer than the secret.
Result<Bytes> seal(const Secret& secret, const PublicKey& sealing_key);

/// Equal for two members if and only if their master keys are: tells nothing else about the key.
///
/// Source  BLAKE2b-256(key `master_key`, "kcv").
Digest check_value(const Secret& master_key);

}  // namespace rollcall::crypto
