// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/durable_file.h"

#include <aio.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace rollcall::signer {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

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

bool fill(int file, ByteView content, unsigned mode, const fs::path& directory) {
  return write_all(file, content) && give_to_group_of(file, directory) && fchmod(file, mode) == 0;
}

int flush_now(int file) { return fsync(file) == 0 ? 0 : errno; }

// Leaves it to a thread of libc: aio(7). False if there is none.
bool start_to_flush(int file, aiocb& request) {
  request.aio_fildes = file;
  request.aio_sigevent.sigev_notify = SIGEV_NONE;
  return aio_fsync(O_SYNC, &request) == 0;
}

int wait_for(aiocb& request) {
  const aiocb* const list[] = {&request};
  while (aio_error(&request) == EINPROGRESS) aio_suspend(list, 1, nullptr);
  const int error = aio_error(&request);
  aio_return(&request);
  return error;
}

// For each file 0, or what errno would be. One of them needs no other thread.
std::vector<int> flush(const std::vector<int>& files) {
  std::vector<aiocb> requests(files.size());  // libc keeps their addresses
  std::vector<int> errors(files.size(), 0);
  for (std::size_t i = 1; i < files.size(); ++i) {
    errors[i] = start_to_flush(files[i], requests[i]) ? EINPROGRESS : flush_now(files[i]);
  }
  if (!files.empty()) errors[0] = flush_now(files[0]);
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (errors[i] == EINPROGRESS) errors[i] = wait_for(requests[i]);
  }
  return errors;
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

Replacement::~Replacement() {
  for (const File& file : files_) {
    if (file.number < 0) continue;
    close(file.number);
    unlink(file.unfinished.c_str());
  }
}

Result<> Replacement::add(const std::string& name, ByteView content, unsigned mode) {
  const fs::path unfinished =
      directory_ / fmt::format("{}{}.{}", unfinished_prefix, getpid(), files_.size());
  constexpr mode_t only_mine = 0600;  // Until it has its group.
  const int number =
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, only_mine);
  if (number < 0) return cannot("write", directory_ / name);
  files_.push_back({number, unfinished, directory_ / name});
  if (!fill(number, content, mode, directory_)) return cannot("write", directory_ / name);
  return {};
}

Result<> Replacement::commit() {
  std::vector<int> numbers;
  for (const File& file : files_) numbers.push_back(file.number);
  const std::vector<int> errors = flush(numbers);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (errors[i] != 0) return tl::unexpected(file_error("write", files_[i].path, errors[i]));
  }
  for (File& file : files_) {
    if (rename(file.unfinished.c_str(), file.path.c_str()) != 0) return cannot("write", file.path);
    close(std::exchange(file.number, -1));
  }
  return sync_directory(directory_);
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
  struct stat found {};
  if (fstat(file.number(), &found) != 0) return cannot("read", path);
  // Room for one byte more shows that the file did not grow.
  Secret content(std::min(limit, static_cast<std::size_t>(found.st_size)) + 1);
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = read(file.number(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", path);
    if (got == 0) return std::optional(content.first(have));
    have += static_cast<std::size_t>(got);
  }
  return fail(Errc::malformed, fmt::format("{} is too large for a key file", path.string()));
}

}  // namespace rollcall::signer
