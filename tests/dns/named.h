// SPDX-License-Identifier: GPL-3.0-or-later
// A real named on 127.0.0.1, in a directory of its own, that goes with the test.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "lib/dns/address.h"
#include "tests/dns/signed_zone.h"

namespace rollcall::dns::test {

/// A port that nothing had, for UDP and TCP, when it was asked.
inline std::uint16_t free_port() {
  for (;;) {
    const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(tcp, any, size) == 0);
    REQUIRE(getsockname(tcp, any, &size) == 0);
    const bool both = bind(udp, any, size) == 0;
    close(tcp);
    close(udp);
    if (both) return ntohs(address.sin_port);
  }
}

class Named {
 public:
  /// The statement of a zone; `@DIR@` stands for the server's directory.
  struct ZoneStatement {
    std::string name;
    std::string text;
  };

  static ZoneStatement plain(const std::string& name) {
    return {name, "type primary; file \"@DIR@/" + name + "\";"};
  }
  static ZoneStatement signing(const std::string& name) {
    return {name, plain(name).text +
                      " inline-signing yes; auto-dnssec maintain; key-directory \"@DIR@/keys/" +
                      name + "\";"};
  }
  static std::string small_zone(const std::string& more = "") {
    return "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 120\n@ NS ns\nns A 192.0.2.1\n" + more;
  }

  explicit Named(std::vector<ZoneStatement> zones,
                 std::string options = "allow-transfer { localhost; };")
      : zones_(std::move(zones)), options_(std::move(options)) {
    // Debian's AppArmor profile goes by path and would keep named out of our directory.
    std::filesystem::copy_file("/usr/sbin/named", path("named"));
    std::filesystem::create_directory(keys());
    REQUIRE(run("rndc-confgen -a -c '" + path("rndc.key").string() + "' >/dev/null 2>&1") == 0);
  }
  ~Named() { stop(); }
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;

  void write_zone(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
  }

  /// Returns when it answers rndc. Ports stay the same over a restart.
  void start() {
    for (int attempts = 0; attempts < 5;
         ++attempts) {  // Somebody may have taken the port meanwhile.
      write_configuration();
      spawn();
      while (waitpid(pid_, nullptr, WNOHANG) == 0) {
        if (run(rndc_line("status") + " >/dev/null 2>&1") == 0) return;
      }
      pid_ = -1;
      address_.port = control_port_ = 0;
    }
    FAIL(read(path("log")));
  }

  void stop() {
    if (pid_ < 0) return;
    kill(pid_, SIGTERM);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

  const Address& address() const { return address_; }
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  std::filesystem::path keys() const { return path("keys"); }
  std::filesystem::path configuration() const { return path("named.conf"); }
  std::vector<std::string> rndc() const {
    return {"rndc",
            "-s",
            "127.0.0.1",
            "-p",
            std::to_string(control_port_),
            "-k",
            path("rndc.key").string()};
  }
  std::string rndc_line(const std::string& verb) const {
    std::string line;
    for (const std::string& word : rndc()) line += "'" + word + "' ";
    return line + verb;
  }
  static int run(const std::string& command) { return std::system(command.c_str()); }

 private:
  void write_configuration() {
    if (address_.port == 0) {
      address_.port = free_port();
      control_port_ = free_port();
    }
    const std::string dir = directory_.path().string();
    std::ofstream conf(configuration());
    conf
        << "include \"" << dir << "/rndc.key\";\n"
        << "controls { inet 127.0.0.1 port " << control_port_
        << " allow { 127.0.0.1; } keys { \"rndc-key\"; }; };\n"
        << "options { directory \"" << dir << "\"; listen-on port " << address_.port
        << " { 127.0.0.1; };\n"
        << "listen-on-v6 { none; }; pid-file none; session-keyfile none; recursion no; notify no;\n"
        << "dnssec-validation no; " << options_ << " };\n";
    for (const ZoneStatement& zone : zones_) {
      std::string text = zone.text;
      for (std::size_t at = text.find("@DIR@"); at != std::string::npos; at = text.find("@DIR@"))
        text.replace(at, 5, dir);
      conf << "zone \"" << zone.name << "\" { " << text << " };\n";
    }
  }

  void spawn() {
    const std::string program = path("named").string(), conf = configuration().string(),
                      log = path("log").string();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    std::array<const char*, 7> words{program.c_str(), "-g", "-n", "1", "-c", conf.c_str(), nullptr};
    const int error = posix_spawn(&pid_, program.c_str(), &actions, nullptr,
                                  const_cast<char**>(words.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(error == 0);
  }

  TemporaryDirectory directory_;
  std::vector<ZoneStatement> zones_;
  std::string options_;
  Address address_{"127.0.0.1", 0};
  std::uint16_t control_port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace rollcall::dns::test
