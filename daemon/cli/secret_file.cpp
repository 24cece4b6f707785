// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rollcall::cli {
namespace {

constexpr off_t largest = 1 << 20;

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

tl::unexpected<Error> cannot(const std::string& path, int error) {
  const Errc code = error == ENOENT                     ? Errc::not_found
                    : error == EEXIST                   ? Errc::conflict
                    : error == EACCES || error == EPERM ? Errc::denied
                                                        : Errc::unavailable;
  return fail(code, "file " + path + ": " + std::strerror(error));
}

bool read_all(int file, Secret& into) {
  std::size_t known = 0;
  while (known < into.size()) {
    const ssize_t size = ::read(file, into.data() + known, into.size() - known);
    if (size <= 0) return false;
    known += static_cast<std::size_t>(size);
  }
  return true;
}

bool write_all(int file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return ::fsync(file) == 0;
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found {};
  if (file.number() < 0 || ::fstat(file.number(), &found) != 0) return cannot(path, errno);
  if ((found.st_mode & 077) != 0)
    return fail(Errc::denied, "file " + path + " can be used by others: chmod 600 " + path);
  if (!S_ISREG(found.st_mode) || found.st_size > largest)
    return fail(Errc::malformed, "file " + path + " is no bundle");
  Secret secret{static_cast<std::size_t>(found.st_size)};
  if (!read_all(file.number(), secret))
    return fail(Errc::unavailable, "file " + path + " cannot be read to its end");
  return secret;
}

Result<> write_secret_file(const std::string& path, const Secret& secret) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (file.number() < 0) return cannot(path, errno);
  if (!write_all(file.number(), secret.view())) {
    const int error = errno;
    ::unlink(path.c_str());
    return cannot(path, error);
  }
  return {};
}

}  // namespace rollcall::cli
