// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_frame.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall::directory {
namespace {

void append_number(Bytes& bytes, std::size_t number) {
  MUST(number <= 0xffffffff);
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<std::byte>(number >> shift & 0xff));
  }
}

std::optional<std::uint32_t> take_number(ByteView& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t number = 0;
  for (const std::byte byte : bytes.first(4)) {
    number = number << 8 | std::to_integer<std::uint32_t>(byte);
  }
  bytes = bytes.subspan(4);
  return number;
}

struct Pair {
  std::string name;
  Bytes value;
  auto operator<=>(const Pair&) const = default;
};

std::optional<Pair> take_pair(ByteView& bytes) {
  const auto name = take_string(bytes);
  const auto value = name ? take_string(bytes) : std::nullopt;
  if (!value) return std::nullopt;
  return Pair{std::string{as_text(*name)}, to_bytes(*value)};
}

// The count of pairs and the pairs.
std::optional<Attributes> take_pairs(ByteView& bytes) {
  const auto count = take_number(bytes);
  if (!count) return std::nullopt;
  Attributes pairs;
  std::optional<Pair> last;
  for (std::uint32_t i = 0; i < *count; ++i) {
    auto pair = take_pair(bytes);
    if (!pair || (last && *pair <= *last)) return std::nullopt;
    pairs[pair->name].push_back(pair->value);
    last = std::move(pair);
  }
  return pairs;
}

}  // namespace

void append_string(Bytes& bytes, ByteView string) {
  append_number(bytes, string.size());
  bytes.insert(bytes.end(), string.begin(), string.end());
}

std::optional<ByteView> take_string(ByteView& bytes) {
  ByteView rest = bytes;
  const auto size = take_number(rest);
  if (!size || rest.size() < *size) return std::nullopt;
  bytes = rest.subspan(*size);
  return rest.first(*size);
}

Bytes frame(std::string_view label, const Uuid& cluster, const Attributes& pairs) {
  std::size_t count = 0;
  for (const auto& [name, values] : pairs) count += values.size();

  Bytes bytes;
  append_string(bytes, as_bytes(label));
  append_string(bytes, cluster.bytes);
  append_number(bytes, count);
  for (const auto& [name, values] : pairs) {
    std::vector<Bytes> sorted = values;
    std::ranges::sort(sorted);
    for (const Bytes& value : sorted) {
      append_string(bytes, as_bytes(name));
      append_string(bytes, value);
    }
  }
  return bytes;
}

Result<Unframed> unframe(std::string_view label, const Uuid& cluster, ByteView bytes) {
  ByteView rest = bytes;
  const auto found_label = take_string(rest);
  if (!found_label || as_text(*found_label) != label) {
    return fail(Errc::malformed, "it does not begin with \"" + std::string{label} + '"');
  }
  const auto found_cluster = take_string(rest);
  if (!found_cluster || !std::ranges::equal(*found_cluster, cluster.bytes)) {
    return fail(Errc::malformed, "it is not of cluster " + to_string(cluster));
  }
  auto pairs = take_pairs(rest);
  if (!pairs) return fail(Errc::malformed, "it is cut off, or its parts are not in order");
  return Unframed{*std::move(pairs), bytes.size() - rest.size()};
}

}  // namespace rollcall::directory
