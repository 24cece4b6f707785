// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes written as text, for tests that compare with published values.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "lib/util/bytes.h"
#include "lib/util/secret.h"

namespace rollcall {

inline Bytes hex(std::string_view digits) { return from_hex(digits).value(); }
inline Bytes base64(std::string_view text) { return from_base64(text).value(); }
inline Secret secret(ByteView bytes) { return Secret::copy_of(bytes); }

inline Bytes joined(ByteView first, ByteView second) {
  Bytes both;
  std::ranges::copy(first, std::back_inserter(both));
  std::ranges::copy(second, std::back_inserter(both));
  return both;
}

/// `count` bytes: first, first + 1, …
inline Bytes counting_from(unsigned first, std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(first + i));
  return bytes;
}

template <class Array>
Array array_of(ByteView bytes) {
  Array array{};
  std::ranges::copy(bytes.first(array.size()), array.begin());
  return array;
}

/// Calls `try_it` with each copy of `bytes` that differs in one bit.
template <class Bytelike, class F>
void with_each_bit_flipped(const Bytelike& bytes, F try_it) {
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    Bytelike flipped = bytes;
    flipped[i / 8] ^= std::byte{1} << (i % 8);
    try_it(flipped);
  }
}

}  // namespace rollcall
