// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_password.h"

#include <fmt/format.h>

#include "lib/directory/ldap_private_file.h"

namespace rollcall::directory {

Result<Secret> read_password(const std::string& name) {
  auto content = read_private_file("password file", name, 4096);
  if (!content) return content;
  std::size_t size = content->size();
  if (size > 0 && content->text()[size - 1] == '\n') --size;
  if (size == 0) {
    return fail(Errc::denied, fmt::format("password file {}: empty; put the password of the bind DN into it", name));
  }
  return content->first(size);
}

}  // namespace rollcall::directory
