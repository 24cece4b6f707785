// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/random.h"

#include <sodium.h>

#include "lib/util/must.h"

namespace rollcall::crypto {

void random_bytes(std::span<std::byte> out) {
  MUST(sodium_init() >= 0);
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

Uuid random_uuid() {
  Uuid uuid;
  random_bytes(uuid.bytes);
  uuid.bytes[6] = (uuid.bytes[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  uuid.bytes[8] = (uuid.bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // variant of RFC 9562
  return uuid;
}

Secret random_secret(std::size_t size) {
  Secret secret(size);
  random_bytes({secret.data(), secret.size()});
  return secret;
}

}  // namespace rollcall::crypto
