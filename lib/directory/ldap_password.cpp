// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace rollcall::directory {
namespace {

constexpr std::size_t max_size_bytes = 4096;

class File {
 public:
  explicit File(const std::string& name) : fd_{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refuse(const std::string& file, std::string_view why) {
  return fail(Errc::denied, fmt::format("password file {}: {}", file, why));
}

Result<> check_mode(const std::string& file, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return refuse(file, "not a regular file");
  if ((status.st_mode & 077) != 0) {
    return refuse(file, fmt::format("mode {:04o} lets others than its owner in; chmod 600 it", status.st_mode & 07777));
  }
  return {};
}

}  // namespace

Result<Secret> read_password(const std::string& name) {
  const File file{name};
  if (file.fd() < 0) return refuse(name, std::strerror(errno));
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return refuse(name, std::strerror(errno));
  if (auto checked = check_mode(name, status); !checked) return tl::unexpected(checked.error());

  Secret buffer{max_size_bytes + 1};
  const ssize_t got = ::read(file.fd(), buffer.data(), buffer.size());
  if (got < 0) return refuse(name, std::strerror(errno));
  auto size = static_cast<std::size_t>(got);
  if (size > max_size_bytes) return refuse(name, "longer than 4096 bytes");
  if (size > 0 && buffer.text()[size - 1] == '\n') --size;
  if (size == 0) return refuse(name, "empty; put the password of the bind DN into it");
  return buffer.first(size);
}

}  // namespace rollcall::directory
