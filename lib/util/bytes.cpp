// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/bytes.h"

#include <sodium.h>

namespace rollcall {
namespace {

const unsigned char* data_of(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), data_of(bytes), bytes.size());
  text.pop_back();
  return text;
}

std::optional<Bytes> from_hex(std::string_view digits) {
  if (digits.empty()) return Bytes{};  // libsodium takes no null pointer
  if (digits.size() % 2 != 0) return std::nullopt;
  Bytes bytes(digits.size() / 2);
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed =
      sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), digits.data(),
                     digits.size(), nullptr, &size, &end);
  if (failed != 0 || size != bytes.size() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), data_of(bytes), bytes.size(), variant);
  text.pop_back();
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes bytes(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                       text.data(), text.size(), nullptr, &size, &end,
                                       sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace rollcall
