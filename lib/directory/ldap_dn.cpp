// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_dn.h"

#include <ldap.h>

#include <algorithm>
#include <memory>

namespace rollcall::directory {
namespace {

struct FreeText {
  void operator()(char* text) const { ldap_memfree(text); }
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<std::string> normal_dn(std::string_view dn) {
  if (dn.find('\0') != std::string_view::npos) return std::nullopt;
  char* raw = nullptr;
  const int rc = ldap_dn_normalize(std::string{dn}.c_str(), LDAP_DN_FORMAT_LDAP, &raw, LDAP_DN_FORMAT_LDAPV3);
  const std::unique_ptr<char, FreeText> text{raw};
  if (rc != LDAP_SUCCESS) return std::nullopt;
  std::string normal = text ? text.get() : "";
  std::transform(normal.begin(), normal.end(), normal.begin(), lower);
  return normal;
}

bool is_within(std::string_view dn, std::string_view base) {
  if (base.empty() || dn == base) return true;
  return dn.size() > base.size() && dn.ends_with(base) && dn[dn.size() - base.size() - 1] == ',';
}

}  // namespace rollcall::directory
