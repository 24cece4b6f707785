// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes, fixed-size digests and their text forms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using Digest = std::array<std::byte, 32>;  ///< SHA-256.

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

/// Lower-case hexadecimal digits.
std::string to_hex(ByteView bytes);
/// Strict: an even number of digits, nothing else; upper and lower case.
std::optional<Bytes> from_hex(std::string_view digits);

/// Standard alphabet with padding. RFC 4648, 4.
std::string to_base64(ByteView bytes);
/// Strict: no white space, padding required.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace rollcall
