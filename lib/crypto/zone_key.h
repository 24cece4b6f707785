// SPDX-License-Identifier: GPL-3.0-or-later
// The keys that sign zones: made, proved to be what they claim, and written for DNS servers.
//
// A private key is PKCS#8 in DER (RFC 5958) between these functions; OpenSSL's own form of it never
// outlives a call. All of them may be called on any thread.
#pragma once

#include <cstdint>

#include "lib/core/types.h"
#include "lib/util/bytes.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

struct NewKey {
  Secret private_key;  ///< PKCS#8, DER.
  Bytes dnskey;        ///< RDATA in wire form: flags, protocol, algorithm, public key.
};

/// Makes a key. RSA keys have 2048 bits and take about 0.1 s; the others some microseconds.
///
/// Errors  unavailable if OpenSSL cannot make one.
Result<NewKey> generate(Role role, Algorithm algorithm);

/// The DNSKEY RDATA that belongs to a private key.
///
/// Errors  malformed if it is not a private key of this algorithm.
/// Source  RFC 4034, 2.1; RFC 3110, 2; RFC 6605, 4; RFC 8080, 3.
Result<Bytes> dnskey_of(const Secret& private_key, Role role, Algorithm algorithm);

/// Makes sure that a private key signs for a DNSKEY: derives the public key and compares it, then
/// signs, and verifies with a public key that was read from the DNSKEY alone.
///
/// Errors  malformed, with what does not fit.
Result<> prove(const Secret& private_key, Algorithm algorithm, ByteView dnskey);

/// SHA-256 of the RDATA.
Fingerprint fingerprint(ByteView dnskey);

/// The key tag. Two keys can share one.
///
/// Errors  malformed if shorter than 4 bytes.
/// Source  RFC 4034, appendix B.
Result<std::uint16_t> key_tag(ByteView dnskey);

/// The key tag that the key gets when it is revoked, which must not be another key's either.
///
/// Errors  As key_tag.
/// Source  RFC 5011, 3.
Result<std::uint16_t> key_tag_revoked(ByteView dnskey);

/// The text of BIND's private-key format v1.3, without the lines that carry times: a signer would
/// act on those by itself. ldns, NSD's and PowerDNS's tools read it too.
///
/// Errors  malformed if it is not a private key of this algorithm.
Result<Secret> bind_private_key(const Secret& private_key, Algorithm algorithm);

}  // namespace rollcall::crypto
