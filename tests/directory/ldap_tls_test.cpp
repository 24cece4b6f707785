// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "tests/directory/ldap_bench.h"

namespace rollcall::test {
namespace {

/// Whether the client is down, and says this why. (While slapd starts it says other things.)
bool refused(Loop& loop, const LdapOptions& options, const std::string& why) {
  Client client{loop, options};
  const bool said = loop.until([&] { return client.seen.is(State::down) && client.seen.said(why); });
  UNSCOPED_INFO("it said: " << (client.seen.reasons.empty() ? "nothing" : client.seen.reasons.back()));
  return said && client.seen.deliveries == 0;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("TLS and identities", "[ldap]") {
  const Certificates& certificates = Certificates::get();
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  LdapOptions options = tls_options(slapd, slapd.port());

  SECTION("StartTLS with a CA that signed the server, and the right password") {
    Client client{loop, options};
    CHECK(loop.until([&] { return client.seen.current(); }));
  }
  SECTION("a client certificate is an identity") {
    options.auth = directory::ExternalAuth{certificates.file("agent.pem"), certificates.file("agent.key")};
    Client client{loop, options};
    REQUIRE(loop.until([&] { return client.seen.current(); }));
    CHECK(add(loop, *client.directory, device("x")));
  }
  SECTION("a server of another CA is refused") {
    options.ca_file = certificates.file("other-ca.pem");
    CHECK(refused(loop, options, "is its certificate from the CA in " + options.ca_file));
  }
  SECTION("a server of another name is refused") {
    options.uris = {"ldap://127.0.0.2:" + std::to_string(slapd.port())};
    CHECK(refused(loop, options, "for 127.0.0.2?"));
  }
  SECTION("a CA file that is not there is named") {
    options.ca_file = slapd.dir() / "absent.pem";
    CHECK(refused(loop, options, "CA file " + options.ca_file));
  }
  SECTION("a CA file that is none is named") {
    options.ca_file = slapd.dir() / "slapd.conf";
    CHECK(refused(loop, options, "from the CA in " + options.ca_file));
  }
  SECTION("a wrong password is refused: who, by whom, and the cure; and it works once it is right") {
    const std::string file = std::get<directory::PasswordAuth>(options.auth).file;
    write_file(file, "wrong-secret\n");
    Client client{loop, options};
    REQUIRE(loop.until([&] { return client.seen.is(State::down) && client.seen.said("Invalid"); }));
    const std::string why = client.seen.reasons.back();
    CHECK(contains(why, "bind to " + options.uris[0] + " as cn=admin,dc=test: Invalid credentials"));
    CHECK(contains(why, "check the password in " + file));
    CHECK_FALSE(contains(why, "wrong-secret"));
    write_file(file, "right\n");
    CHECK(loop.until([&] { return client.seen.current(); }));
  }
  SECTION("only what is refused twice running waits long, and not when the file is mended") {
    const std::string file = std::get<directory::PasswordAuth>(options.auth).file;
    write_file(file, "wrong-secret\n");
    options.backoff_max = std::chrono::hours{1};
    Client client{loop, options};
    const auto refused = [&] { return contains(client.seen.reasons.back(), "Invalid credentials"); };
    REQUIRE(loop.until([&] { return client.seen.is(State::down) && refused(); }));
    slapd.kill();
    REQUIRE(loop.until([&] { return client.seen.is(State::down) && !refused(); }));
    slapd.start();
    REQUIRE(loop.until(refused));
    CHECK(client.seen.pause_seconds() < 1800);
    REQUIRE(loop.until([&] { return client.seen.pause_seconds() >= 1800; }));
    write_file(file, "right\n");
    CHECK(loop.until([&] { return client.seen.current(); }));
  }
  SECTION("a password file that others can read is not used") {
    const std::string file = std::get<directory::PasswordAuth>(options.auth).file;
    write_file(file, "right\n", 0644);
    CHECK(refused(loop, options, "chmod 600"));
  }
  SECTION("a server that speaks no LDAP is no reason to hang") {
    Proxy hole{loop.io, slapd.port()};
    hole.black_hole(true);
    options.uris = {(GENERATE(true, false) ? "ldap://127.0.0.1:" : "ldaps://127.0.0.1:") + std::to_string(hole.port())};
    options.operation_timeout = std::chrono::milliseconds{300};
    int ticks = 0;
    asio::steady_timer timer{loop.io};
    const std::function<void()> tick = [&] {
      timer.expires_after(std::chrono::milliseconds{5});
      timer.async_wait([&](boost::system::error_code error) {
        if (!error && ++ticks > 0) tick();
      });
    };
    tick();
    CHECK(refused(loop, options, "connect to " + options.uris[0] + ": no answer to TLS and bind within 300 ms"));
    CHECK(ticks > 10);
  }
  SECTION("nobody there, and nobody of that name") {
    options.uris = {"ldap://127.0.0.1:" + std::to_string(free_port()), "ldap://no-such-host.invalid"};
    CHECK(refused(loop, options, options.uris[0] + ": Connection refused; connect to ldap://no-such-host.invalid: "));
  }
}

TEST_CASE("ldaps works like StartTLS", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start_ldaps();
  Loop loop;
  LdapOptions options = tls_options(slapd, slapd.port());
  options.uris = {"ldaps://127.0.0.1:" + std::to_string(slapd.port())};
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(add(loop, *client.directory, device("x")));
  CHECK(loop.until([&] { return client.seen.has("x"); }));
}

}  // namespace rollcall::test
