// SPDX-License-Identifier: GPL-3.0-or-later
// A real slapd in a private directory, on loopback, with a throw-away CA; gone with the test.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace rollcall::test {

inline void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

/// A private directory that goes with its object.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-ldap-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& name, const std::string& text, mode_t mode = 0600) {
  std::ofstream{name} << text;
  ::chmod(name.c_str(), mode);
}

inline void shell(const std::string& command) {
  require(std::system((command + " >/dev/null 2>&1").c_str()) == 0, "failed: " + command);
}

/// Free a moment ago; nobody else on a test machine takes it in between.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// Two CAs. The first signed a server for 127.0.0.1 and the clients `agent`, `bob` and `expired`, the other one
/// `stranger`. Made once a process.
class Certificates {
 public:
  static const Certificates& get() {
    static const Certificates made;
    return made;
  }

  std::string file(const std::string& name) const { return dir_ / name; }

 private:
  Certificates() {
    make_ca("ca");
    make_ca("other-ca");
    make("server", "subjectAltName=IP:127.0.0.1", "ca", 2);
    for (const char* client : {"agent", "bob"}) make(client, client_use, "ca", 2);
    make("expired", client_use, "ca", -1);
    make("stranger", client_use, "other-ca", 2);
  }

  static constexpr const char* client_use = "extendedKeyUsage=clientAuth";

  void make_ca(const std::string& name) const {
    shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
          file(name + ".key") + " -out " + file(name + ".pem"));
  }

  void make(const std::string& name, const std::string& extension, const std::string& ca, int days) const {
    write_file(file(name + ".ext"), extension + "\n");
    shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " +
          file(name + ".key") + " -out " + file(name + ".csr"));
    shell("openssl x509 -req -days " + std::to_string(days) + " -CA " + file(ca + ".pem") + " -CAkey " +
          file(ca + ".key") + " -CAcreateserial -extfile " + file(name + ".ext") + " -in " + file(name + ".csr") + " -out " + file(name + ".pem"));
  }

  TempDir dir_;
};

/// A slapd in the foreground, its output in a file; killed when the object goes, or the test dies.
class SlapdProcess {
 public:
  SlapdProcess() = default;
  ~SlapdProcess() { end(SIGKILL); }
  SlapdProcess(const SlapdProcess&) = delete;
  SlapdProcess& operator=(const SlapdProcess&) = delete;

  void start(const std::vector<std::string>& command, const std::string& log) {
    // setpriv: whatever ends the test, even SIGKILL, ends its slapd.
    std::vector<const char*> argv{"/usr/bin/setpriv", "--pdeathsig", "KILL"};
    for (const std::string& word : command) argv.push_back(word.c_str());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int fd : {1, 2}) {
      posix_spawn_file_actions_addopen(&actions, fd, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    const int rc = ::posix_spawn(&pid_, argv[0], &actions, nullptr, const_cast<char**>(argv.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    require(rc == 0, "slapd does not start");
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Returns when none of its threads runs any more.
  void freeze() const {
    signal(SIGSTOP);
    require(::waitpid(pid_, nullptr, WUNTRACED) == pid_, "slapd does not stand still");
  }

  void end(int number) {
    if (pid_ <= 0) return;
    ::kill(pid_, number);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

class Slapd {
 public:
  static constexpr const char* base = "dc=test";

  Slapd() : port_{free_port()} {
    std::filesystem::create_directory(dir_ / "db");
    configure(true);
  }

  /// without syncprov  it has no contextCSN, as a slapd that its peers are still filling.
  void configure(bool with_syncprov) const {
    const Certificates& certificates = Certificates::get();
    write_file(dir_ / "slapd.conf",
               "include /etc/ldap/schema/core.schema\n"
               "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload syncprov\n"
               "TLSCACertificateFile " + certificates.file("ca.pem") + "\n"
               "TLSCertificateFile " + certificates.file("server.pem") + "\n"
               "TLSCertificateKeyFile " + certificates.file("server.key") + "\n"
               "TLSVerifyClient try\n"
               "authz-regexp gidNumber=[0-9]+[+]uidNumber=[0-9]+,cn=peercred,cn=external,cn=auth cn=admin,dc=test\n"
               "authz-regexp ^cn=agent$ cn=admin,dc=test\n"
               "database mdb\nsuffix dc=test\nrootdn cn=admin,dc=test\nrootpw right\nmaxsize 104857600\n"
               "dbnosync\ndirectory " + (dir_ / "db") + "\n"
               "access to dn.base=cn=locked,dc=test by * none\n"
               "access to attrs=userPassword by anonymous auth\n"
               "access to * by * read\n" +
               (with_syncprov ? "overlay syncprov\n" : ""));
  }

  /// Offline: puts entries (LDIF) into the database.
  void load(const std::string& ldif) const {
    write_file(dir_ / "load.ldif", ldif);
    shell("slapadd -q -w -f " + (dir_ / "slapd.conf") + " -l " + (dir_ / "load.ldif"));
  }

  /// Changes entries (LDIF change records) behind the backs of all clients: on a socket of its own.
  void change(const std::string& ldif) {
    write_file(dir_ / "change.ldif", ldif);
    const std::string uri = uri_of(dir_ / "private");
    start_on(uri);
    shell("for i in $(seq 100); do ldapmodify -Q -Y EXTERNAL -H " + uri + " -f " + (dir_ / "change.ldif") +
          "; rc=$?; [ $rc = 255 ] || exit $rc; sleep 0.1; done; exit 1");
    stop();
  }

  /// Answers on its sockets when it is back from here, or soon after.
  void start() { start_with("ldap"); }
  void start_ldaps() { start_with("ldaps"); }

  void kill() { process_.end(SIGKILL); }
  void stop() { process_.end(SIGTERM); }
  void freeze() const { process_.freeze(); }
  void thaw() const { process_.signal(SIGCONT); }

  std::string ldapi() const { return uri_of(dir_ / "ldapi"); }
  std::uint16_t port() const { return port_; }
  const TempDir& dir() const { return dir_; }

 private:
  static std::string uri_of(const std::string& path) {
    std::string uri = "ldapi://";
    for (const char c : path) uri += c == '/' ? "%2F" : std::string{c};
    return uri;
  }

  void start_with(const std::string& scheme) {
    const std::string port = ":" + std::to_string(port_);
    start_on(scheme + "://127.0.0.1" + port + " " + scheme + "://127.0.0.2" + port + " " + ldapi());
  }

  void start_on(const std::string& listeners) {
    process_.start({"/usr/sbin/slapd", "-h", listeners, "-f", dir_ / "slapd.conf", "-d", "0"}, dir_ / "log");
  }

  TempDir dir_;
  std::uint16_t port_;
  SlapdProcess process_;
};

inline std::string base_ldif() {
  return "dn: dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: test\no: test\n\n";
}

inline std::string device_ldif(const std::string& name) {
  return "dn: cn=" + name + ",dc=test\nobjectClass: device\ncn: " + name + "\n\n";
}

}  // namespace rollcall::test
