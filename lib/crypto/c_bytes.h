// SPDX-License-Identifier: GPL-3.0-or-later
// Our bytes as the C libraries take them: to read from, and to write to. For this folder only.
#pragma once

#include <span>

#include "lib/util/bytes.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

inline const unsigned char* in(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline const unsigned char* in(const Secret& secret) { return in(secret.view()); }

inline unsigned char* out(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
inline unsigned char* out(Secret& secret) {
  return reinterpret_cast<unsigned char*>(secret.data());
}

}  // namespace rollcall::crypto
