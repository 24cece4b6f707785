// SPDX-License-Identifier: GPL-3.0-or-later
// The files of this folder as texts inside the program.
#pragma once

#include <string_view>

namespace rollcall::ldapschema {

std::string_view schema_ldif();  ///< rollcall.ldif
std::string_view access_ldif();  ///< access.ldif, a template: its first lines say what to fill in.

}  // namespace rollcall::ldapschema
