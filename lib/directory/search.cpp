// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/search.h"

#include <algorithm>

namespace rollcall::directory {

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

std::vector<std::string> texts_of(const Entry& entry, const char* name) {
  std::vector<std::string> out;
  const auto found = entry.attributes.find(name);
  if (found == entry.attributes.end()) return out;
  for (const Bytes& value : found->second) out.emplace_back(as_text(value));
  return out;
}

std::string text_of(const Entry& entry, const char* name) {
  const auto all = texts_of(entry, name);
  return all.empty() ? "" : all.front();
}

bool has_text(const Entry& entry, const char* name, std::string_view wanted_lower) {
  return std::ranges::any_of(texts_of(entry, name),
                             [&](const std::string& one) { return lower(one) == wanted_lower; });
}

}  // namespace rollcall::directory
