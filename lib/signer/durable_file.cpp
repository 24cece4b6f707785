// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rollcall::signer {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path) {
  return tl::unexpected(file_error(doing, path, errno));
}

bool write_all(int file, ByteView left) {
  while (!left.empty()) {
    const ssize_t written = write(file, left.data(), left.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) left = left.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// In a set-group-id directory the group is right already, and changing it may not be allowed.
bool give_to_group_of(int file, const fs::path& directory) {
  struct stat own {
  }, wanted{};
  if (fstat(file, &own) != 0 || stat(directory.c_str(), &wanted) != 0) return false;
  return own.st_gid == wanted.st_gid || fchown(file, static_cast<uid_t>(-1), wanted.st_gid) == 0;
}

bool fill(Descriptor& file, ByteView content, unsigned mode, const fs::path& directory) {
  return write_all(file.number(), content) && give_to_group_of(file.number(), directory) &&
         fchmod(file.number(), mode) == 0 && fsync(file.number()) == 0 && file.close();
}

std::string_view cure_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free space there";
    case EACCES:
    case EPERM:
      return "let it belong to the user of rollcalld and the group of named, mode 2750";
    case EROFS:
      return "mount it writable, and see ReadWritePaths= in the unit of rollcalld";
    case ENOENT:
      return "create its directory for the user of rollcalld and the group of named, mode 2750";
    default:
      return "see the kernel's log";
  }
}

Errc code_of(int error_number) {
  const bool denied = error_number == EACCES || error_number == EPERM || error_number == EROFS ||
                      error_number == ENOENT || error_number == ENOTDIR;
  return denied ? Errc::denied : Errc::unavailable;
}

}  // namespace

Error file_error(std::string_view doing, const fs::path& path, int error_number) {
  return {code_of(error_number), fmt::format("cannot {} {}: {}; {}", doing, path.string(),
                                             std::strerror(error_number), cure_of(error_number))};
}

Result<> replace_file(const fs::path& path, ByteView content, unsigned mode) {
  const fs::path directory = path.parent_path();
  const fs::path unfinished = directory / fmt::format("{}{}", unfinished_prefix, getpid());
  constexpr mode_t only_mine = 0600;  // Until it has its group.
  Descriptor file(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, only_mine));
  if (file.number() < 0) return cannot("write", path);
  if (fill(file, content, mode, directory) && rename(unfinished.c_str(), path.c_str()) == 0)
    return {};
  const auto error = cannot("write", path);
  unlink(unfinished.c_str());
  return error;
}

Result<> remove_file(const fs::path& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return cannot("remove", path);
  return {};
}

Result<> sync_directory(const fs::path& directory) {
  const Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || fsync(opened.number()) != 0) return cannot("sync", directory);
  return {};
}

Result<std::optional<Secret>> read_file(const fs::path& path) {
  constexpr std::size_t limit = 65536;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0 && errno == ENOENT) return std::nullopt;
  if (file.number() < 0) return cannot("read", path);
  Secret content(limit);
  std::size_t have = 0;
  while (have < limit) {
    const ssize_t got = read(file.number(), content.data() + have, limit - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path);
    if (got == 0) return std::optional(content.first(have));
    have += static_cast<std::size_t>(got);
  }
  return fail(Errc::malformed, fmt::format("{} is too large for a key file", path.string()));
}

}  // namespace rollcall::signer
