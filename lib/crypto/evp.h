// SPDX-License-Identifier: GPL-3.0-or-later
// OpenSSL's keys, for the files of this folder only: from and to PKCS#8, and the public half from
// and to the wire form that a DNSKEY carries.
//
// A Key lives within one function, since OpenSSL keeps it in ordinary memory; it is wiped when
// freed.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "lib/core/types.h"
#include "lib/util/bytes.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

struct evp_pkey_st;

namespace rollcall::crypto::evp {

struct Free {
  void operator()(evp_pkey_st* key) const;
};
using Key = std::unique_ptr<evp_pkey_st, Free>;

/// An error with the reason that OpenSSL gives for it, whose queue of errors is empty afterwards.
tl::unexpected<Error> failure(Errc code, std::string what);

/// "not a private key of ED25519", with OpenSSL's reason if it has one.
tl::unexpected<Error> not_a_private_key(Algorithm algorithm);

Result<Key> generate(Algorithm algorithm);

/// Both halves of a key as they leave OpenSSL.
struct Written {
  Secret pkcs8;
  Bytes public_wire;  ///< As to_public_wire() gives it.
};
Result<Written> write(const Key& key, Algorithm algorithm);

/// PKCS#8 has more than one encoding of a key; only the one that write() gives is read for the
/// elliptic curves, any for RSA.
Result<Key> from_pkcs8(const Secret& pkcs8, Algorithm algorithm);

/// Source  RFC 3110, 2; RFC 6605, 4; RFC 8080, 3.
Result<Key> from_public_wire(ByteView wire, Algorithm algorithm);
Result<Bytes> to_public_wire(const Key& key, Algorithm algorithm);

/// One number of a key, big endian; `name` is an OSSL_PKEY_PARAM. False if it does not fit.
bool number_into(const Key& key, const char* name, std::span<std::byte> value);
/// The same without leading zeros; empty if the key has no such number.
Secret number(const Key& key, const char* name);

/// An elliptic curve for ECDSA; its uncompressed points are 0x04 | x | y.
struct Curve {
  const char* group;  ///< As OpenSSL calls it.
  std::size_t size;   ///< Bytes of a coordinate and of a private number.
};
/// Null for algorithms that are not ECDSA.
const Curve* curve_of(Algorithm algorithm);

/// A key of a curve from its numbers; empty `private_number`: a public key.
Result<Key> from_curve(const Curve& curve, ByteView private_number, ByteView point);

}  // namespace rollcall::crypto::evp
