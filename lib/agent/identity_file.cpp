// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/identity_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rollcall::agent {
namespace {

constexpr std::size_t most_bytes = 4096;  // many times what an identity has

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> refused(const std::filesystem::path& file, std::string_view why) {
  return fail(Errc::denied, fmt::format("identity {}: {}", file.native(), why));
}

Result<Secret> read_all(int fd, const std::filesystem::path& file) {
  Secret buffer(most_bytes);
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(file, std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return buffer.first(size);
}

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

Result<> sync_directory(const std::filesystem::path& file) {
  const File directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() >= 0 && ::fsync(directory.fd()) == 0) return {};
  return refused(file, std::strerror(errno));
}

/// A crash leaves the old file, the new one or none: never a part of one.
Result<> write_durably(const std::filesystem::path& file, const Secret& content) {
  const std::filesystem::path temporary = file.native() + ".new";
  {
    const File out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                          0600));
    if (out.fd() < 0) return refused(temporary, std::strerror(errno));
    const bool private_now = ::fchmod(out.fd(), 0600) == 0;  // an old one may have been there
    if (!private_now || !write_all(out.fd(), content.view()) || ::fsync(out.fd()) != 0) {
      return refused(temporary, std::strerror(errno));
    }
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) return refused(file, std::strerror(errno));
  return sync_directory(file);
}

}  // namespace

Result<crypto::Identity> load_identity(const std::filesystem::path& file) {
  const File in(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (in.fd() < 0 && errno == ENOENT) {
    return fail(Errc::not_found, fmt::format("identity {}: not there; restore it together with the store, from one copy of {}",
                                            file.native(), file.parent_path().native()));
  }
  if (in.fd() < 0) return refused(file, std::strerror(errno));
  struct stat status {};
  if (::fstat(in.fd(), &status) != 0) return refused(file, std::strerror(errno));
  if ((status.st_mode & 077) != 0) {
    return refused(file, "others can read it; if nobody did: chmod 600 " + file.native());
  }
  const auto stored = read_all(in.fd(), file);
  if (!stored) return tl::unexpected(stored.error());
  auto identity = crypto::Identity::from(*stored);
  if (identity) return identity;
  return fail(Errc::malformed,
              fmt::format("identity {}: {}", file.native(), identity.error().what));
}

Result<crypto::Identity> load_or_make_identity(const std::filesystem::path& file) {
  auto loaded = load_identity(file);
  if (loaded || loaded.error().code != Errc::not_found) return loaded;
  auto made = crypto::Identity::make();
  if (auto written = write_durably(file, made.stored()); !written) {
    return tl::unexpected(written.error());
  }
  return made;
}

}  // namespace rollcall::agent
