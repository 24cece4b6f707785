// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests against a real slapd share: a loop, a client with its listener, and a nasty proxy.
#pragma once

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/directory/ldap_directory.h"
#include "tests/directory/ldap_slapd.h"

namespace rollcall::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using directory::Attributes;
using directory::Entry;
using directory::LdapDirectory;
using directory::LdapOptions;
using directory::State;

/// The watchdog only ends a test that hangs; it is no measure of speed.
constexpr std::chrono::seconds watchdog{30};

struct Loop {
  asio::io_context io;
  asio::thread_pool pool{1};

  ~Loop() { pool.join(); }

  /// Runs until it holds; false if the watchdog bites.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + watchdog;
    const auto work = asio::make_work_guard(io);
    io.restart();
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(std::chrono::milliseconds{200});
    }
    return true;
  }
};

struct Recorder : directory::Listener {
  std::map<std::string, Entry> entries;
  std::vector<std::string> gone;
  std::vector<State> states;
  std::vector<std::string> reasons;
  std::size_t deliveries = 0;

  void entry(Entry entry) override {
    ++deliveries;
    entries[entry.dn] = std::move(entry);
  }
  void vanished(const std::string& dn) override {
    gone.push_back(dn);
    entries.erase(dn);
  }
  void state(State state, const std::string& why) override {
    states.push_back(state);
    reasons.push_back(why);
  }

  bool is(State state) const { return !states.empty() && states.back() == state; }
  bool current() const { return is(State::current); }
  bool said(const std::string& text) const {
    return std::any_of(reasons.begin(), reasons.end(),
                       [&](const std::string& why) { return why.find(text) != std::string::npos; });
  }
  /// How long the next try is away; 0 if nothing was said of one.
  double pause_seconds() const {
    const std::string words = "next try in ";
    const auto at = reasons.empty() ? std::string::npos : reasons.back().find(words);
    return at == std::string::npos ? 0 : std::stod(reasons.back().substr(at + words.size()));
  }
  bool has(const std::string& name) const { return entries.contains("cn=" + name + ",dc=test"); }
  bool lost(const std::string& name) const {
    return std::find(gone.begin(), gone.end(), "cn=" + name + ",dc=test") != gone.end();
  }
};

inline LdapOptions local_options(const Slapd& slapd) {
  LdapOptions options;
  options.uris = {slapd.ldapi()};
  options.base = Slapd::base;
  options.backoff_max = std::chrono::milliseconds{400};
  options.recheck = std::chrono::milliseconds{50};
  return options;
}

/// StartTLS and the administrator's password.
inline LdapOptions tls_options(const Slapd& slapd, std::uint16_t port) {
  LdapOptions options = local_options(slapd);
  const std::string file = slapd.dir() / "password";
  write_file(file, "right\n");
  options.uris = {"ldap://127.0.0.1:" + std::to_string(port)};
  options.auth = directory::PasswordAuth{"cn=admin,dc=test", file};
  options.ca_file = Certificates::get().file("ca.pem");
  return options;
}

/// A client that watches.
struct Client {
  Recorder seen;
  std::unique_ptr<LdapDirectory> directory;

  Client(Loop& loop, LdapOptions options) {
    auto made = LdapDirectory::create(loop.io, loop.pool, std::move(options));
    require(made.has_value(), made ? "" : made.error().what);
    directory = std::move(*made);
    directory->watch(seen);
  }
};

inline Entry device(const std::string& name, const std::string& description = {}) {
  Entry entry{"cn=" + name + ",dc=test", {{"objectclass", {to_bytes("device")}}, {"cn", {to_bytes(name)}}}};
  if (!description.empty()) entry.attributes["description"] = {to_bytes(description)};
  return entry;
}

/// Runs one verb to its end.
template <class T>
Result<T> outcome(Loop& loop, const std::function<void(Done<T>)>& verb) {
  std::optional<Result<T>> result;
  verb([&result](Result<T> answer) { result = std::move(answer); });
  require(loop.until([&] { return result.has_value(); }), "a verb is never answered");
  return *result;
}

inline Result<> add(Loop& loop, LdapDirectory& directory, const Entry& entry) {
  return outcome<void>(loop, [&](Done<> done) { directory.add(entry, std::move(done)); });
}
inline Result<> modify(Loop& loop, LdapDirectory& directory, const std::string& dn, const Attributes& replace) {
  return outcome<void>(loop, [&](Done<> done) { directory.modify(dn, replace, std::move(done)); });
}
inline Result<Entry> read(Loop& loop, LdapDirectory& directory, const std::string& dn) {
  return outcome<Entry>(loop, [&](Done<Entry> done) { directory.read(dn, std::move(done)); });
}

/// Forwards one port to another, in the same loop, and fails as networks do.
class Proxy {
 public:
  Proxy(asio::io_context& io, std::uint16_t target)
      : io_{io}, target_{asio::ip::address_v4::loopback(), target},
        acceptor_{io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}} {
    accept();
  }
  ~Proxy() {
    acceptor_.close();
    cut();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t accepted() const { return accepted_; }
  std::size_t forwarded_bytes() const { return forwarded_; }

  void swallow_answers(bool on) { swallow_answers_ = on; }  ///< Requests arrive; what comes back is dropped.
  void black_hole(bool on) { black_hole_ = on; }            ///< New connections are accepted and never served.
  void hold_requests(bool on) {                             ///< Nothing is read from clients.
    hold_requests_ = on;
    if (on) return;
    for (const auto& link : links_) pump(link, true);
  }

  void cut() {
    for (const auto& link : links_) link->close();
    links_.clear();
  }

 private:
  struct Link {
    explicit Link(asio::io_context& io) : client{io}, server{io} {}
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      server.close(ignored);
    }
    tcp::socket client, server;
    std::array<char, 16384> up{}, down{};
    bool pumping_up = false;
  };
  using LinkPtr = std::shared_ptr<Link>;

  void accept() {
    auto link = std::make_shared<Link>(io_);
    acceptor_.async_accept(link->client, [this, link](boost::system::error_code error) {
      if (error) return;
      ++accepted_;
      links_.insert(link);
      if (!black_hole_) connect(link);
      accept();
    });
  }

  void connect(const LinkPtr& link) {
    link->server.async_connect(target_, [this, link](boost::system::error_code error) {
      if (error) return link->close();
      pump(link, true);
      pump(link, false);
    });
  }

  void pump(const LinkPtr& link, bool up) {
    if (up && (hold_requests_ || link->pumping_up)) return;
    if (up) link->pumping_up = true;
    auto& from = up ? link->client : link->server;
    auto& buffer = up ? link->up : link->down;
    from.async_read_some(asio::buffer(buffer), [this, link, up](boost::system::error_code error, std::size_t size) {
      if (up) link->pumping_up = false;
      if (error) return link->close();
      if (!up && swallow_answers_) return pump(link, up);
      forward(link, up, size);
    });
  }

  void forward(const LinkPtr& link, bool up, std::size_t size) {
    auto& to = up ? link->server : link->client;
    auto& buffer = up ? link->up : link->down;
    asio::async_write(to, asio::buffer(buffer, size), [this, link, up](boost::system::error_code error, std::size_t sent) {
      if (error) return link->close();
      if (up) forwarded_ += sent;
      pump(link, up);
    });
  }

  asio::io_context& io_;
  const tcp::endpoint target_;
  tcp::acceptor acceptor_;
  std::set<LinkPtr> links_;
  std::size_t accepted_ = 0;
  std::size_t forwarded_ = 0;
  bool swallow_answers_ = false;
  bool black_hole_ = false;
  bool hold_requests_ = false;
};

}  // namespace rollcall::test
