// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rollcall::directory {
namespace {

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

std::string fault_of(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "not a regular file";
  if ((status.st_mode & 077) == 0) return {};
  return fmt::format("mode {:04o} lets others than its owner in; chmod 600 it", status.st_mode & 07777);
}

}  // namespace

Result<Secret> read_private_file(std::string_view kind, const std::string& name, std::size_t max_size_bytes) {
  const auto refuse = [&](std::string_view why) { return fail(Errc::denied, fmt::format("{} {}: {}", kind, name, why)); };
  const File file{name};
  struct stat status {};
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) return refuse(std::strerror(errno));
  if (const std::string fault = fault_of(status); !fault.empty()) return refuse(fault);

  Secret buffer{max_size_bytes + 1};
  const ssize_t got = ::read(file.fd(), buffer.data(), buffer.size());
  if (got < 0) return refuse(std::strerror(errno));
  const auto size = static_cast<std::size_t>(got);
  if (size > max_size_bytes) return refuse(fmt::format("longer than {} bytes", max_size_bytes));
  return buffer.first(size);
}

}  // namespace rollcall::directory
