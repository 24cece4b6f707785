// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/hook.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rollcall::cli {
namespace {

tl::unexpected<Error> failed(const std::string& program, const std::string& why) {
  return fail(Errc::unavailable, "hook " + program + ": " + why);
}

/// A file in memory, so that a program that does not read stops nobody. Closed at the end.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("rollcall-hook", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }
  bool hold(const std::string& text) {
    std::size_t done = 0;
    while (descriptor_ >= 0 && done < text.size()) {
      const ssize_t more = ::write(descriptor_, text.data() + done, text.size() - done);
      if (more <= 0) return false;
      done += static_cast<std::size_t>(more);
    }
    return descriptor_ >= 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0;
  }

 private:
  int descriptor_;
};

}  // namespace

Result<> run_hook(const std::string& program, const std::string& text) {
  MemoryFile input;
  if (!input.hold(text)) return failed(program, std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  std::string name = program;
  const std::array<char*, 2> arguments{name.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return failed(program, std::string{"cannot be started: "} + std::strerror(error));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return failed(program, std::strerror(errno));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status)) return failed(program, "ended by signal " + std::to_string(WTERMSIG(status)));
  return failed(program, "ended with status " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace rollcall::cli
