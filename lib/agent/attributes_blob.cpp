// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/attributes_blob.h"

#include <cstdint>

namespace rollcall::agent {
namespace {

void put(Bytes& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(static_cast<std::uint32_t>(number) >> shift));
  }
}

void put(Bytes& out, ByteView bytes) {
  put(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}

  bool at_end() const { return in_.empty(); }

  std::optional<std::uint32_t> number() {
    if (in_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(in_[i]);
    in_ = in_.subspan(4);
    return value;
  }

  std::optional<ByteView> bytes() {
    const auto size = number();
    if (!size || *size > in_.size()) return std::nullopt;
    const ByteView out = in_.first(*size);
    in_ = in_.subspan(*size);
    return out;
  }

 private:
  ByteView in_;
};

std::optional<std::vector<Bytes>> values_from(Reader& in) {
  const auto count = in.number();
  if (!count) return std::nullopt;
  std::vector<Bytes> values;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto value = in.bytes();
    if (!value) return std::nullopt;
    values.push_back(to_bytes(*value));
  }
  return values;
}

}  // namespace

Bytes to_blob(const directory::Attributes& attributes) {
  Bytes out;
  put(out, attributes.size());
  for (const auto& [name, values] : attributes) {
    put(out, as_bytes(name));
    put(out, values.size());
    for (const Bytes& value : values) put(out, ByteView{value});
  }
  return out;
}

std::optional<directory::Attributes> attributes_from(ByteView blob) {
  Reader in(blob);
  const auto count = in.number();
  if (!count) return std::nullopt;
  directory::Attributes attributes;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto name = in.bytes();
    if (!name) return std::nullopt;
    auto values = values_from(in);
    if (!values) return std::nullopt;
    const bool ascends = attributes.empty() || attributes.rbegin()->first < as_text(*name);
    if (!ascends) return std::nullopt;
    attributes.emplace(as_text(*name), std::move(*values));
  }
  if (!in.at_end()) return std::nullopt;
  return attributes;
}

}  // namespace rollcall::agent
