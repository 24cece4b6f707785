// SPDX-License-Identifier: GPL-3.0-or-later
// Notices that somebody has changed one of the files by which a directory and we know each other.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "lib/directory/ldap_options.h"

namespace rollcall::directory {

/// A file as it is at one moment; all zero if there is none.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size_bytes = 0;
  mode_t mode = 0;
  std::int64_t changed_ns = 0;  ///< st_ctim: also moved by chmod, and by nobody at will.
  bool operator==(const FileStamp&) const = default;
};

/// Of the CA, and of the password, the keytab, or the certificate and its key, whichever are used.
std::vector<FileStamp> stamps_of(const LdapOptions& options);

}  // namespace rollcall::directory
