// SPDX-License-Identifier: GPL-3.0-or-later
// A search outside of what is watched, and the texts in what it finds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/directory/directory.h"

namespace rollcall::directory {

/// As Directory::search() takes it.
struct Search {
  std::string dn, filter;
  std::vector<std::string> names;
};

/// In lower case, of ASCII letters only.
std::string lower(std::string_view text);

/// name  In lower case. No values if the entry has no such attribute, or does not show it.
std::vector<std::string> texts_of(const Entry& entry, const char* name);

/// The first of them; empty if there is none.
std::string text_of(const Entry& entry, const char* name);

/// Whether a value is among them, whatever its case.
bool has_text(const Entry& entry, const char* name, std::string_view wanted_lower);

}  // namespace rollcall::directory
