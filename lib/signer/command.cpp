// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot it.
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "lib/util/must.h"
#include "lib/util/time.h"

namespace rollcall::signer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t output_limit = 1 << 20;

// File actions and attributes for posix_spawn(), released at the end.
class SpawnSetup {
 public:
  explicit SpawnSetup(int output) {
    MUST(posix_spawn_file_actions_init(&actions_) == 0 && posix_spawnattr_init(&attributes_) == 0);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // A worker's thread may block or ignore signals that the program counts on.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  int start(pid_t& child, const std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    // posix_spawn() does not change them, whatever its signature says.
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    return posix_spawnp(&child, arguments.front(), &actions_, &attributes_, arguments.data(),
                        environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1'000'000'000));
}

// Until the program closes its output; false at the deadline.
bool collect(int pipe, Clock::time_point deadline, std::string& output) {
  std::array<char, 4096> buffer;
  for (;;) {
    pollfd watched{pipe, POLLIN, 0};
    const int ready = poll(&watched, 1, milliseconds_until(deadline));
    if (ready == 0) return false;
    const ssize_t got = ready < 0 ? ready : read(pipe, buffer.data(), buffer.size());
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return true;
    if (got > 0 && output.size() < output_limit)
      output.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

// A program may close its output and go on.
bool ends_by(Clock::time_point deadline, pid_t child) {
  const int watch = pidfd_open(child, 0);
  if (watch < 0) return true;
  pollfd watched{watch, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&watched, 1, milliseconds_until(deadline));
  } while (ready < 0 && errno == EINTR);
  close(watch);
  return ready > 0;
}

int exit_status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<CommandResult> run_command(const std::vector<std::string>& words,
                                  std::chrono::milliseconds timeout) {
  MUST(!words.empty());
  const auto deadline = Clock::now() + timeout;
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(Errc::unavailable,
                fmt::format("cannot run {}: {}", words.front(), std::strerror(errno)));
  }
  pid_t child = 0;
  const int error = SpawnSetup(pipe[1]).start(child, words);
  close(pipe[1]);
  CommandResult result;
  const bool in_time =
      error != 0 || (collect(pipe[0], deadline, result.output) && ends_by(deadline, child));
  close(pipe[0]);
  if (error != 0) {
    return fail(Errc::denied,
                fmt::format("cannot run {}: {}", words.front(), std::strerror(error)));
  }
  if (!in_time) kill(child, SIGKILL);
  result.exit_status = exit_status_of(child);
  if (!in_time) {
    return fail(Errc::unavailable,
                fmt::format("{} did not end within {}", words.front(), to_words(timeout)));
  }
  return result;
}

}  // namespace rollcall::signer
