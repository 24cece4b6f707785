// SPDX-License-Identifier: GPL-3.0-or-later
// A directory server of one's own for a test, made as `rollcall directory create` makes it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "lib/directory/embedded.h"

namespace rollcall::agent::test {

inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(fd, any, size) == 0);
  REQUIRE(::getsockname(fd, any, &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// A slapd of our own in a private directory; both go with the test.
class EmbeddedDirectory {
 public:
  EmbeddedDirectory() {
    std::string pattern = "/tmp/rollcall-agent-XXXXXX";  // short: a socket's path has 107 bytes
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    directory::EmbeddedOptions options{};
    options.dir = path_ / "ldap";
    options.id = 1;
    options.uri = "ldap://127.0.0.1:" + std::to_string(free_port());
    options.service_uid = ::getuid();
    options.service_gid = ::getgid();
    const auto created = directory::create_directory(options);
    INFO((created ? "" : created.error().what));
    REQUIRE(created);
    settings_ = created->settings;
    start();
  }
  EmbeddedDirectory(const EmbeddedDirectory&) = delete;
  EmbeddedDirectory& operator=(const EmbeddedDirectory&) = delete;
  ~EmbeddedDirectory() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  const directory::EmbeddedSettings& settings() const { return settings_; }

  void start() {
    auto command = directory::server_command(options_dir());
    REQUIRE(command);
    // A test that is aborted takes its server with it: ctest waits for whoever holds its output.
    command->insert(command->begin(), {"setpriv", "--pdeathsig", "KILL", "--"});
    std::vector<char*> words;
    for (std::string& word : *command) words.push_back(word.data());
    words.push_back(nullptr);
    REQUIRE(::posix_spawnp(&pid_, words[0], nullptr, nullptr, words.data(), environ) == 0);
  }

  void stop() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  std::string options_dir() const { return (path_ / "ldap").native(); }

  std::filesystem::path path_;
  directory::EmbeddedSettings settings_;
  pid_t pid_ = -1;
};

}  // namespace rollcall::agent::test
