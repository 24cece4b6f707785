// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd hears from rollcalld while it starts, and so when named may start at boot.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>

#include "lib/control/client.h"
#include "tests/agent/embedded_directory.h"

using namespace rollcall;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr auto patience = 60s;  // for what takes a second on an idle machine

// Where systemd would listen: sd_notify(3).
class NotifySocket {
 public:
  explicit NotifySocket(fs::path path) : path_(std::move(path)) {
    fs::remove(path_);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path_.native().copy(address.sun_path, sizeof address.sun_path - 1) ==
            path_.native().size());
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { ::close(socket_); }

  const fs::path& path() const { return path_; }

  /// All that was said up to now.
  const std::string& heard() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0) return heard_;
      heard_.append(buffer.data(), static_cast<std::size_t>(size)) += '\n';
    }
  }

  bool is_ready() { return heard().find("READY=1") != std::string::npos; }

  /// Waits until something is said or `time` is over.
  void wait(std::chrono::milliseconds time) {
    pollfd watched{socket_, POLLIN, 0};
    ::poll(&watched, 1, static_cast<int>(time.count()));
  }

 private:
  fs::path path_;
  int socket_ = -1;
  std::string heard_;
};

class Daemon {
 public:
  Daemon(const agent::test::EmbeddedDirectory& directory, const std::string& start_limit)
      : place_(directory.path()), notify_(place_ / "notify") {
    fs::create_directories(place_ / "state");
    std::ofstream(place_ / "rollcalld.toml")
        << "[agent]\nhost = \"a.example.test\"\nsocket = \"" << socket() << "\"\nstate = \""
        << (place_ / "state").native() << "\"\nstart_limit = \"" << start_limit
        << "\"\n[directory]\nuris = [\"" << directory.settings().ldapi_uri << "\"]\nbase = \""
        << directory::embedded_base << "\"\n[signer]\nkind = \"none\"\n";
    start();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  NotifySocket& notify() { return notify_; }
  std::string socket() const { return (place_ / "socket").native(); }
  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(place_ / "log").rdbuf();
    return text.str();
  }

  void until(const std::function<bool()>& so) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!so()) {
      INFO("heard: " << notify_.heard() << "\nlog: " << log());
      REQUIRE(std::chrono::steady_clock::now() < end);
      notify_.wait(20ms);
    }
  }
  void until_ready() {
    until([this] { return notify_.is_ready(); });
  }

 private:
  void start() {
    const std::string config = (place_ / "rollcalld.toml").native();
    const std::string log_file = (place_ / "log").native();
    std::string variable = "NOTIFY_SOCKET=" + notify_.path().native();
    std::vector<std::string> words{ROLLCALLD, "--config", config};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    char* environment[] = {variable.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_file.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int error =
        ::posix_spawn(&pid_, ROLLCALLD, &actions, nullptr, arguments.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(error == 0);
  }

  fs::path place_;
  NotifySocket notify_;
  pid_t pid_ = -1;
};

void found_cluster(Daemon& daemon) {
  const auto founded = control::call(daemon.socket(), "init", control::Json::object(), patience);
  INFO((founded ? "" : founded.error().what));
  REQUIRE(founded);
}

bool says(const Daemon& daemon, const std::string& what) {
  return daemon.log().find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("at boot named waits until rollcalld has seen the directory", "[ready]") {
  agent::test::EmbeddedDirectory directory;
  {
    Daemon daemon(directory, "1h");
    daemon.until_ready();  // in no cluster: at once
    found_cluster(daemon);
  }
  {
    Daemon daemon(directory, "1h");
    daemon.until_ready();
    CHECK_FALSE(says(daemon, "started without"));
  }
  directory.stop();
  SECTION("and as long as the directory is away") {
    Daemon daemon(directory, "1h");
    daemon.until([&] { return says(daemon, "directory unavailable"); });
    CHECK_FALSE(daemon.notify().is_ready());
    CHECK(daemon.notify().heard().find("STATUS=looking at the directory") != std::string::npos);
    CHECK(daemon.notify().heard().find("EXTEND_TIMEOUT_USEC=3660000000") != std::string::npos);
    directory.start();
    daemon.until_ready();
    CHECK_FALSE(says(daemon, "started without"));
  }
  SECTION("but no longer than it is told to") {
    Daemon daemon(directory, "1s");
    daemon.until_ready();
    daemon.until(
        [&] { return says(daemon, "started without a complete look at the directory waited=1s"); });
  }
}

TEST_CASE("status says what is wrong with the directory, in no cluster too", "[ready]") {
  agent::test::EmbeddedDirectory directory;
  Daemon daemon(directory, "1h");
  daemon.until_ready();
  const auto alarms = [&] {
    const auto status = control::call(daemon.socket(), "status", control::Json::object(), patience);
    INFO((status ? "" : status.error().what));
    REQUIRE(status);
    CHECK_FALSE(status->at("in_cluster").get<bool>());
    return status->at("alarms").dump();
  };
  daemon.until([&] { return alarms() == "[]"; });
  directory.stop();
  daemon.until([&] { return alarms().find(directory.settings().ldapi_uri) != std::string::npos; });
  directory.start();
  daemon.until([&] { return alarms() == "[]"; });
}
