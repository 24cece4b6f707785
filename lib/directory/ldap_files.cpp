// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_files.h"

#include <sys/stat.h>

namespace rollcall::directory {
namespace {

FileStamp stamp_of(const std::string& file) {
  struct stat status {};
  if (file.empty() || ::stat(file.c_str(), &status) != 0) return {};
  constexpr std::int64_t second_ns = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_size, status.st_mode,
          status.st_ctim.tv_sec * second_ns + status.st_ctim.tv_nsec};
}

}  // namespace

std::vector<FileStamp> stamps_of(const LdapOptions& options) {
  if (const auto* password = std::get_if<PasswordAuth>(&options.auth)) {
    return {stamp_of(options.ca_file), stamp_of(password->file)};
  }
  if (const auto* gssapi = std::get_if<GssapiAuth>(&options.auth)) {
    return {stamp_of(options.ca_file), stamp_of(gssapi->keytab)};
  }
  const auto& external = std::get<ExternalAuth>(options.auth);
  return {stamp_of(options.ca_file), stamp_of(external.certificate_file), stamp_of(external.key_file)};
}

}  // namespace rollcall::directory
