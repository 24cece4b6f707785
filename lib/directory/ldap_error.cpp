// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_error.h"

#include <fmt/format.h>
#include <ldap.h>

namespace rollcall::directory {

// Source: RFC 4511, appendix A. What is not listed may pass by itself, so it is `unavailable`, which
// after a write asks the caller to look: the cautious reading of a code that we do not know.
Errc errc_of(int code) {
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_AUTH_METHOD_NOT_SUPPORTED:
    case LDAP_REFERRAL:  // a read-only replica; we follow no referrals
      return Errc::denied;
    case LDAP_NO_SUCH_OBJECT:
      return Errc::not_found;
    case LDAP_ALREADY_EXISTS:
    case LDAP_NOT_ALLOWED_ON_NONLEAF:
      return Errc::conflict;
    case LDAP_TYPE_OR_VALUE_EXISTS:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_PROTOCOL_ERROR:
    case LDAP_UNDEFINED_TYPE:
    case LDAP_INVALID_SYNTAX:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_NAMING_VIOLATION:
    case LDAP_OBJECT_CLASS_VIOLATION:
    case LDAP_NO_OBJECT_CLASS_MODS:
    case LDAP_ENCODING_ERROR:
    case LDAP_PARAM_ERROR:
      return Errc::malformed;
    default:
      return Errc::unavailable;
  }
}

std::string diagnostic_of(ldap* handle) {
  char* raw = nullptr;
  ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &raw);
  const std::string text = raw != nullptr ? raw : "";
  ldap_memfree(raw);
  return text;
}

int last_code(ldap* handle) {
  int code = LDAP_OTHER;
  ldap_get_option(handle, LDAP_OPT_RESULT_CODE, &code);
  return code;
}

Error ldap_error(int code, std::string_view doing, std::string_view diagnostic) {
  std::string what = fmt::format("{}: {}", doing, ldap_err2string(code));
  if (!diagnostic.empty()) what += fmt::format(" ({})", diagnostic);
  if (code == LDAP_SIZELIMIT_EXCEEDED) what += "; lift the server's size limit for our identity";
  return Error{errc_of(code), std::move(what)};
}

}  // namespace rollcall::directory
