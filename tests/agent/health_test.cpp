// SPDX-License-Identifier: GPL-3.0-or-later
// A health check that cannot be brought to its end.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

// A directory's socket behind which nobody says anything.
class DeafServer {
 public:
  explicit DeafServer(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd_, any, sizeof address) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
  }
  DeafServer(const DeafServer&) = delete;
  DeafServer& operator=(const DeafServer&) = delete;
  ~DeafServer() { ::close(fd_); }

 private:
  int fd_;
};

// As a URI has it.
std::string escaped(const std::filesystem::path& path) {
  std::string text = path.native();
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos;)
    text.replace(at, 1, "%2F");
  return text;
}

bool has_two_keys(const Json& status) {
  const Json& zones = status.at("zones");
  return zones.size() == 1 && zones[0].at("keys").size() == 2;
}

}  // namespace

TEST_CASE("who waits for a health check while the member begins anew is told to ask again",
          "[health]") {
  const EmbeddedDirectory directory;
  const auto state = directory.path() / "state", old = directory.path() / "old";
  {
    RunningAgent agent(directory);
    agent.must("init", {{"policy", {{"window_first", "1"}}}});
    agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
  }
  std::filesystem::copy(state, old);
  {
    RunningAgent agent(directory);
    agent.must("zone-add", {{"zone", "example.test"}});
    agent.until_status(has_two_keys);
  }
  std::filesystem::remove_all(state);
  std::filesystem::rename(old, state);  // restored from a backup: it takes a new life

  const auto socket = directory.path() / "deaf";
  const DeafServer deaf(socket);  // the check lasts until this one is given up, seconds later
  RunningAgent agent(directory, [&](AgentOptions& options) {
    options.replicas = {{"b.example.test", "ldapi://" + escaped(socket)}};
    options.settings.silence = Seconds{1};
  });
  const control::Answer answer = agent.ask("health");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK(answer.error().what == "this member has begun anew meanwhile: ask again");
  agent.until_status(has_two_keys);
  CHECK(agent.must("health").at("findings").size() > 0);  // of the new life
}

}  // namespace rollcall::agent
