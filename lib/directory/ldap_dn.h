// SPDX-License-Identifier: GPL-3.0-or-later
// DNs as the directory port shows them: lower case, no spaces after commas.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rollcall::directory {

/// Empty if `dn` is no DN. The DN of the root, "", is one.
///
/// Source  RFC 4514; lower case is ours and means ASCII letters.
std::optional<std::string> normal_dn(std::string_view dn);

/// Whether a normal DN names `base` or something below it.
bool is_within(std::string_view dn, std::string_view base);

}  // namespace rollcall::directory
