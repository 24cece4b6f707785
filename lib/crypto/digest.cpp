// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/digest.h"

#include <sodium.h>

#include "lib/crypto/c_bytes.h"

namespace rollcall::crypto {
namespace {

// SHA-256(first | second)
Digest sha256_of_two(ByteView first, ByteView second) {
  Digest digest;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, in(first), first.size());
  crypto_hash_sha256_update(&state, in(second), second.size());
  crypto_hash_sha256_final(&state, out(digest));
  return digest;
}

}  // namespace

Digest sha256(ByteView bytes) {
  Digest digest;
  crypto_hash_sha256(out(digest), in(bytes), bytes.size());
  return digest;
}

Digest chain(const Digest& before, const Signature& signature) {
  return sha256_of_two(before, signature);
}

Digest hmac_sha256(const Secret& key, ByteView bytes) {
  Digest digest;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, in(key), key.size());
  crypto_auth_hmacsha256_update(&state, in(bytes), bytes.size());
  crypto_auth_hmacsha256_final(&state, out(digest));
  sodium_memzero(&state, sizeof state);  // holds what the key became
  return digest;
}

bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::uint64_t rendezvous(const MemberId& member, ByteView zone_wire) {
  const Digest digest = sha256_of_two(member.bytes, zone_wire);
  std::uint64_t rank = 0;
  for (std::size_t i = 0; i < 8; ++i) rank = rank << 8 | std::to_integer<std::uint64_t>(digest[i]);
  return rank;
}

}  // namespace rollcall::crypto
