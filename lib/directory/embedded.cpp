// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "lib/directory/codec_config.h"
#include "lib/directory/embedded_bundle.h"
#include "lib/directory/embedded_config.h"
#include "lib/directory/embedded_files.h"
#include "lib/directory/embedded_peers.h"

namespace rollcall::directory {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_socket_path = 107;  // sizeof(sockaddr_un::sun_path) - 1
constexpr const char* unfinished_mark = "/unfinished";

std::string authority_file(const std::string& dir) { return dir + "/tls/ca.pem"; }
std::string authority_key_file(const std::string& dir) { return dir + "/tls/ca-key.pem"; }
std::string secret_file(const std::string& dir) { return dir + "/replication-secret"; }

// -- checks before anything is made --

// A name may well mean 127.0.1.1 on its own machine, as Debian sets it up; there no peer could connect.
std::string listen_for(const std::string& uri, const std::string& host) {
  if (is_address(host)) return uri;
  const std::string port = uri.substr(std::string_view{"ldap://"}.size() + host.size());
  return "ldap://" + (port.empty() ? ":389" : port);
}

Result<EmbeddedOptions> checked(EmbeddedOptions options) {
  options.dir = fs::absolute(options.dir).lexically_normal().string();
  while (options.dir.size() > 1 && options.dir.ends_with('/')) options.dir.pop_back();
  const auto host = host_of(options.uri);
  if (!host) return tl::unexpected(host.error());
  if (options.listen.empty()) options.listen = listen_for(options.uri, *host);
  if (options.listen.find_first_of(" \n") != std::string::npos || !options.listen.starts_with("ldap://")) {
    return fail(Errc::malformed, '"' + options.listen + "\" is nothing to listen at; it should be like ldap://:389");
  }
  const bool control = std::ranges::any_of(options.dir, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (control) return fail(Errc::malformed, "directory " + options.dir + ": control characters in its name");
  if (options.dir.size() + std::string_view{"/run/ldapi"}.size() > max_socket_path) {
    return fail(Errc::malformed, "directory " + options.dir + ": its name is too long for a socket in it");
  }
  if (options.id && (*options.id < 1 || *options.id > 999)) {
    return fail(Errc::malformed, "server id " + std::to_string(*options.id) + " is not from 1 to 999");
  }
  return options;
}

Result<> claim(const std::string& dir) {
  std::error_code error;
  if (fs::exists(dir + unfinished_mark, error)) {
    return fail(Errc::conflict, "directory " + dir + " is half made; remove it and try again");
  }
  if (fs::exists(dir, error) && !fs::is_empty(dir, error)) {
    return fail(Errc::conflict, "directory " + dir + " is not empty");
  }
  fs::create_directories(dir, error);
  fs::permissions(dir, fs::perms{0711}, error);  // everything in it protects itself; run/ is for others too
  if (error) return fail(Errc::denied, "cannot create " + dir + ": " + error.message());
  return write_new_file(dir + unfinished_mark, {}, 0600);
}

// -- making --

std::string url_encoded(const std::string& path) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string text;
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += '%' + to_hex(as_bytes({&c, 1}));
    }
  }
  return text;
}

// All that differs between servers, and what they have in common.
struct Plan {
  EmbeddedOptions options;
  EmbeddedSettings settings;
  Bundle common;  ///< `peers` includes this server.
  bool first = false;
};

Plan plan_for(EmbeddedOptions options, Bundle common, unsigned id, bool first) {
  EmbeddedSettings settings{{id, options.uri},
                            options.listen,
                            "ldapi://" + url_encoded(options.dir + "/run/ldapi"),
                            make_uuid()};
  common.peers.push_back(settings.self);
  return {std::move(options), std::move(settings), std::move(common), first};
}

Result<> write_files(const Plan& plan) {
  const std::string& dir = plan.options.dir;
  const auto host = host_of(plan.settings.self.uri);
  const auto own = issue_certificate(plan.common.authority, *host);
  if (!own) return tl::unexpected(own.error());
  const std::string settings = print_settings(plan.settings);

  const auto directory = [&](const char* name, mode_t mode) { return make_directory(dir + name, mode); };
  const auto file = [](const std::string& path, ByteView content, mode_t mode) {
    return write_new_file(path, content, mode);
  };
  return directory("/config", 0700)
      .and_then([&] { return directory("/data", 0700); })
      .and_then([&] { return directory("/tls", 0700); })
      .and_then([&] { return directory("/run", 0711); })
      .and_then([&] { return file(authority_file(dir), as_bytes(plan.common.authority.certificate), 0600); })
      .and_then([&] { return file(authority_key_file(dir), plan.common.authority.key.view(), 0600); })
      .and_then([&] { return file(dir + "/tls/cert.pem", as_bytes(own->certificate), 0600); })
      .and_then([&] { return file(dir + "/tls/key.pem", own->key.view(), 0600); })
      .and_then([&] { return file(secret_file(dir), plan.common.replication_secret.view(), 0600); })
      .and_then([&] { return file(dir + "/settings", as_bytes(settings), 0644); });
}

// Loads LDIF into one of slapd's databases while slapd does not run.
Result<> load(const Plan& plan, const std::string& ldif, const char* database) {
  const auto slapadd = find_program("slapadd");
  if (!slapadd) return tl::unexpected(slapadd.error());
  const std::string& dir = plan.options.dir;
  const std::string input = dir + "/input.ldif";
  const std::string output = dir + "/slapadd.log";
  auto done = write_new_file(input, as_bytes(ldif), 0600).and_then([&] {
    return run_program({*slapadd, "-F", dir + "/config", "-n", database, "-S",
                        std::to_string(plan.settings.self.id), "-w", "-l", input}, output);
  });
  std::error_code ignored;
  fs::remove(input, ignored);
  fs::remove(output, ignored);
  return done;
}

// The tree is made once: on two servers it would be two trees with the same names.
Result<> fill(const Plan& plan) {
  std::vector<Peer> others = plan.common.peers;
  std::erase(others, plan.settings.self);
  const std::string config = config_ldif(plan.options, plan.settings, others, plan.common.replication_secret);
  const auto loaded = load(plan, config, "0");
  if (!loaded || !plan.first) return loaded;
  return load(plan, to_ldif(container_entries(embedded_base)), "1");
}

Result<> finish(const Plan& plan) {
  const EmbeddedOptions& options = plan.options;
  if (options.service_uid != ::geteuid() || options.service_gid != ::getegid()) {
    if (auto given = give_to(options.dir, options.service_uid, options.service_gid); !given) return given;
  }
  std::error_code error;
  fs::remove(options.dir + unfinished_mark, error);
  if (error) return fail(Errc::unavailable, "cannot finish " + options.dir + ": " + error.message());
  return {};
}

// Whatever fails, nothing stays behind.
Result<> make(const Plan& plan) {
  if (auto claimed = claim(plan.options.dir); !claimed) return claimed;
  auto made = write_files(plan).and_then([&] { return fill(plan); }).and_then([&] { return finish(plan); });
  std::error_code ignored;
  if (!made) fs::remove_all(plan.options.dir, ignored);
  return made;
}

// -- peers --

void merge(std::vector<Peer>& into, const std::vector<Peer>& from) {
  for (const Peer& peer : from) {
    if (std::ranges::find(into, peer.id, &Peer::id) == into.end()) into.push_back(peer);
  }
}

struct Reached {
  unsigned id = 0;
  PeerConnection connection;
};

struct Acquaintance {
  std::vector<Peer> peers;  ///< Everybody whom anybody knows.
  std::vector<Reached> reached;
  std::vector<std::string> unreached;
};

// Asks everybody, also those whom the answers name for the first time.
Acquaintance ask_around(std::vector<Peer> peers, const Introduction& introduction) {
  Acquaintance result{std::move(peers), {}, {}};
  for (std::size_t i = 0; i < result.peers.size(); ++i) {
    const Peer peer = result.peers[i];
    auto connection = PeerConnection::open(peer.uri, introduction);
    const auto known = connection ? connection->peers() : tl::unexpected(connection.error());
    if (known) {
      merge(result.peers, *known);
      result.reached.push_back({peer.id, *std::move(connection)});
    } else {
      result.unreached.push_back(known.error().what);
    }
  }
  return result;
}

unsigned lowest_free_id(const std::vector<Peer>& peers) {
  unsigned id = 1;
  while (std::ranges::find(peers, id, &Peer::id) != peers.end()) ++id;
  return id;
}

Result<unsigned> choose_id(const EmbeddedOptions& options, const Acquaintance& around) {
  if (!options.id) {
    if (!around.reached.empty()) return lowest_free_id(around.peers);
    return fail(Errc::unavailable, "no peer answers, so that a free server id must be given: " +
                                       around.unreached.front());
  }
  const auto same = std::ranges::find(around.peers, *options.id, &Peer::id);
  if (same == around.peers.end()) return *options.id;
  return fail(Errc::conflict, "server id " + std::to_string(*options.id) + " belongs to " + same->uri);
}

// A temporary copy of the authority's certificate for libldap, which wants a file.
class AuthorityFile {
 public:
  static Result<AuthorityFile> make(const std::string& certificate) {
    std::string path = (fs::temp_directory_path() / "rollcall-ca.XXXXXX").string();
    const int fd = ::mkstemp(path.data());
    if (fd < 0) return fail(Errc::unavailable, "cannot create a file in " + fs::temp_directory_path().string());
    AuthorityFile file{path};
    const auto size = static_cast<ssize_t>(certificate.size());
    const bool written = ::write(fd, certificate.data(), certificate.size()) == size;
    ::close(fd);
    if (!written) return fail(Errc::unavailable, "cannot write " + path);
    return file;
  }
  ~AuthorityFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  AuthorityFile(AuthorityFile&& other) noexcept : path_{std::exchange(other.path_, {})} {}
  AuthorityFile& operator=(AuthorityFile&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit AuthorityFile(std::string path) : path_{std::move(path)} {}
  std::string path_;
};

// Tells everybody of everybody else; a reached server that cannot be told counts as not reached.
void introduce(Acquaintance& around) {
  for (auto& [id, connection] : around.reached) {
    for (const Peer& peer : around.peers) {
      if (peer.id == id) continue;
      if (auto added = connection.add(peer); !added) around.unreached.push_back(added.error().what);
    }
  }
}

}  // namespace

Result<Created> create_directory(const EmbeddedOptions& unchecked) {
  const auto options = checked(unchecked);
  if (!options) return tl::unexpected(options.error());
  auto authority = make_authority();
  if (!authority) return tl::unexpected(authority.error());
  Bundle common{*std::move(authority), make_replication_secret(), {}};
  const Plan plan = plan_for(*options, std::move(common), options->id.value_or(1), true);
  if (auto made = make(plan); !made) return tl::unexpected(made.error());
  return Created{plan.settings, {}};
}

Result<Created> create_directory(const EmbeddedOptions& unchecked, const Secret& bundle_text) {
  const auto options = checked(unchecked);
  auto bundle = parse_bundle(bundle_text);
  if (!options) return tl::unexpected(options.error());
  if (!bundle) return tl::unexpected(bundle.error());
  const auto authority = AuthorityFile::make(bundle->authority.certificate);
  if (!authority) return tl::unexpected(authority.error());

  const Secret secret = Secret::copy_of(bundle->replication_secret.view());
  Acquaintance around = ask_around(bundle->peers, {authority->path(), secret});
  const auto id = choose_id(*options, around);
  if (!id) return tl::unexpected(id.error());
  bundle->peers = around.peers;
  const Plan plan = plan_for(*options, *std::move(bundle), *id, false);
  if (auto made = make(plan); !made) return tl::unexpected(made.error());

  around.peers.push_back(plan.settings.self);
  introduce(around);
  return Created{plan.settings, around.unreached};
}

Result<EmbeddedSettings> read_settings(const std::string& dir) {
  std::error_code ignored;
  const auto text = read_file(dir + "/settings");
  if (!text || fs::exists(dir + unfinished_mark, ignored)) {
    return fail(Errc::not_found, dir + " is no finished directory; make one: rollcall directory create");
  }
  return parse_settings(*text);
}

Result<Secret> make_bundle(const std::string& dir) {
  const auto settings = read_settings(dir);
  if (!settings) return tl::unexpected(settings.error());
  auto certificate = read_file(authority_file(dir));
  auto key = read_secret_file(authority_key_file(dir));
  auto secret = read_secret_file(secret_file(dir));
  if (!certificate) return tl::unexpected(certificate.error());
  if (!key) return tl::unexpected(key.error());
  if (!secret) return tl::unexpected(secret.error());

  Bundle bundle{{*std::move(certificate), *std::move(key)}, *std::move(secret), {settings->self}};
  auto connection = PeerConnection::open(settings->self.uri, {authority_file(dir), bundle.replication_secret});
  if (const auto known = connection ? connection->peers() : tl::unexpected(connection.error())) {
    merge(bundle.peers, *known);  // the joiner asks around itself, but this peer may be down by then
  }
  return print_bundle(bundle);
}

// `-d none`: in the foreground, saying only what is said at every log level.
Result<std::vector<std::string>> server_command(const std::string& dir) {
  const auto settings = read_settings(dir);
  const auto slapd = find_program("slapd");
  if (!settings) return tl::unexpected(settings.error());
  if (!slapd) return tl::unexpected(slapd.error());
  const std::string config = fs::absolute(dir + "/config").lexically_normal().string();
  return std::vector<std::string>{*slapd, "-d", "none", "-F", config, "-h",
                                  settings->ldapi_uri + ' ' + settings->listen};
}

Result<std::vector<std::string>> meet_peers(const std::string& dir) {
  const auto settings = read_settings(dir);
  if (!settings) return tl::unexpected(settings.error());
  const auto secret = read_secret_file(secret_file(dir));
  if (!secret) return tl::unexpected(secret.error());
  const Introduction introduction{authority_file(dir), *secret};
  const auto self = PeerConnection::open(settings->self.uri, introduction);
  if (!self) return tl::unexpected(self.error());
  Acquaintance around = ask_around({settings->self}, introduction);
  introduce(around);
  return around.unreached;
}

Result<> set_peer(const std::string& dir, const Peer& peer) {
  const auto settings = read_settings(dir);
  if (!settings) return tl::unexpected(settings.error());
  if (const auto host = host_of(peer.uri); !host) return tl::unexpected(host.error());
  if (peer.id == settings->self.id) {
    return fail(Errc::conflict, "server " + std::to_string(peer.id) + " is this one, no peer of its own");
  }
  const auto secret = read_secret_file(secret_file(dir));
  if (!secret) return tl::unexpected(secret.error());
  auto connection = PeerConnection::open(settings->self.uri, {authority_file(dir), *secret});
  if (!connection) return tl::unexpected(connection.error());
  return connection->set(peer);
}

}  // namespace rollcall::directory
