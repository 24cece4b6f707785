// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded_files.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rollcall::directory {
namespace {

constexpr std::size_t max_secret_file = 64 * 1024;

tl::unexpected<Error> cannot(const std::string& what, int error) {
  const Errc code = error == EACCES || error == EPERM ? Errc::denied
                    : error == ENOENT                 ? Errc::not_found
                    : error == EEXIST                 ? Errc::conflict
                                                      : Errc::unavailable;
  return fail(code, "cannot " + what + ": " + std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// The last line that a program printed, which is where the reason stands.
std::string last_line(const std::string& path) {
  std::ifstream file{path};
  std::string last;
  for (std::string text; std::getline(file, text);) {
    if (!text.empty()) last = text;
  }
  return last.empty() ? "it said nothing" : last;
}

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<> write_new_file(const std::string& path, ByteView content, mode_t mode) {
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) return cannot("create " + path, errno);
  if (!write_all(file.get(), content) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
    return cannot("write " + path, errno);
  }
  return {};
}

Result<> make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), 0700) != 0 || ::chmod(path.c_str(), mode) != 0) {
    return cannot("create " + path, errno);
  }
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return cannot("read " + path, errno);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<Secret> read_secret_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) return cannot("read " + path, errno);
  Secret buffer{max_secret_file};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read " + path, errno);
    if (got == 0) return buffer.first(size);
    size += static_cast<std::size_t>(got);
  }
  return fail(Errc::malformed, path + " is larger than 64 KiB");
}

Result<> give_to(const std::string& path, uid_t uid, gid_t gid) {
  std::error_code error;
  std::vector<std::string> paths{path};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{path, error}) {
    paths.push_back(entry.path().string());
  }
  if (error) return cannot("list " + path, error.value());
  for (const std::string& each : paths) {
    if (::lchown(each.c_str(), uid, gid) != 0) return cannot("give " + each + " to the service user", errno);
  }
  return {};
}

Result<std::string> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream places{std::string{path ? path : ""} + ":/usr/sbin:/sbin:/usr/local/sbin:/usr/libexec"};
  for (std::string place; std::getline(places, place, ':');) {
    const std::string program = place + '/' + name;
    if (!place.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return fail(Errc::not_found, name + " is not installed; on Debian: apt-get install slapd");
}

Result<> run_program(const std::vector<std::string>& command, const std::string& output) {
  SpawnActions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(actions.get(), 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(actions.get(), 1, 2);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, command[0].c_str(), actions.get(), nullptr, arguments.data(), environ);
  if (error != 0) return cannot("run " + command[0], error);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::unavailable, command[0] + " failed: " + last_line(output));
}

}  // namespace rollcall::directory
