// SPDX-License-Identifier: GPL-3.0-or-later
// Names of the values of an enumeration, read and written from one table.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace rollcall {

template <class Value>
struct Name {
  Value value;
  std::string_view text;
};

/// The value has to be in the table.
template <class Value, std::size_t N>
std::string_view text_of(const Name<Value> (&names)[N], Value value) {
  return std::ranges::find(names, value, &Name<Value>::value)->text;
}

template <class Value, std::size_t N>
std::optional<Value> value_of(const Name<Value> (&names)[N], std::string_view text) {
  const auto found = std::ranges::find(names, text, &Name<Value>::text);
  if (found == std::end(names)) return std::nullopt;
  return found->value;
}

}  // namespace rollcall
