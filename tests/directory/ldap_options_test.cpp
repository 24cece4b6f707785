// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_options.h"

#include <catch2/catch.hpp>

#include "lib/directory/ldap_backoff.h"
#include "lib/directory/ldap_dn.h"
#include "lib/directory/ldap_password.h"
#include "lib/directory/ldap_uri.h"
#include "tests/directory/ldap_slapd.h"

namespace rollcall::directory {
namespace {

using test::TempDir;
using test::write_file;

std::string complaint(const LdapOptions& options) {
  const auto valid = validate(options);
  if (valid) return "";
  CHECK(valid.error().code == Errc::malformed);
  return valid.error().what;
}

LdapOptions with(std::vector<std::string> uris, decltype(LdapOptions::auth) auth = ExternalAuth{},
                 std::string ca_file = {}) {
  LdapOptions options;
  options.uris = std::move(uris);
  options.base = "cn=rollcall";
  options.auth = std::move(auth);
  options.ca_file = std::move(ca_file);
  return options;
}

}  // namespace

TEST_CASE("a URI says how and where to connect", "[ldap]") {
  const auto local = parse_uri("ldapi://%2Frun%2Fslapd%2Fldapi");
  REQUIRE(local);
  CHECK(local->transport == Transport::local);
  CHECK(local->host == "/run/slapd/ldapi");

  const auto six = parse_uri("ldap://[::1]:1389");
  REQUIRE(six);
  CHECK(six->transport == Transport::starttls);
  CHECK(six->host == "::1");
  CHECK(six->port == 1389);

  CHECK(parse_uri("ldaps://a.example")->port == 636);
  CHECK(parse_uri("ldap://a.example")->port == 389);
}

TEST_CASE("a URI that says nothing, or too much, is refused and named", "[ldap]") {
  const auto text = GENERATE(as<std::string>{}, "", "a.example", "http://a.example", "ldap://", "ldapi://",
                             "ldapi://relative", "ldap://a.example/dc=x",
                             "ldap://a.example:65536", "cldap://a.example", "ldap://a.example/??sub");
  const auto uri = parse_uri(text);
  REQUIRE_FALSE(uri);
  CHECK(uri.error().code == Errc::malformed);
  CHECK(uri.error().what.find("URI " + text) == 0);
}

TEST_CASE("a socket path may have 107 bytes", "[ldap]") {
  const std::string longest = "/" + std::string(106, 'x');
  CHECK(parse_uri("ldapi://%2F" + longest.substr(1)));
  CHECK_FALSE(parse_uri("ldapi://%2F" + longest.substr(1) + "x"));
}

TEST_CASE("options that can never work are refused", "[ldap]") {
  const PasswordAuth password{"cn=agent", "/etc/password"};
  CHECK(complaint(with({"ldapi://%2Fs"})).empty());
  CHECK(complaint(with({"ldapi://%2Fs"}, password)).empty());
  CHECK(complaint(with({"ldap://a", "ldaps://b"}, password, "ca.pem")).empty());
  CHECK(complaint(with({"ldapi://%2Fs", "ldaps://b"}, ExternalAuth{"c.pem", "k.pem"}, "ca.pem")).empty());

  CHECK(complaint(with({})) == "no directory URI is given");
  CHECK(complaint(with({"ldaps://b"}, password)).find("CA") != std::string::npos);
  CHECK(complaint(with({"ldapi://%2Fs", "ldaps://b"}, ExternalAuth{}, "ca.pem")).find("ldapi:// only") !=
        std::string::npos);
  CHECK(complaint(with({"ldaps://b"}, ExternalAuth{"c.pem", ""}, "ca.pem")).find("together") != std::string::npos);
  CHECK(complaint(with({"ldapi://%2Fs"}, PasswordAuth{"", "file"})).find("anonymous") != std::string::npos);
  CHECK(complaint(with({"ldapi://%2Fs"}, PasswordAuth{"nonsense", "file"})) == "bind DN nonsense: not a DN");
  CHECK(complaint(with({"ldapi://%2Fs"}, PasswordAuth{"cn=a", ""})).find("password file") != std::string::npos);

  CHECK(complaint(with({"ldapi://%2Fs"}, GssapiAuth{"agent.keytab"})).empty());
  CHECK(complaint(with({"ldapi://%2Fs"}, GssapiAuth{})).find("keytab") != std::string::npos);

  LdapOptions options = with({"ldapi://%2Fs"});
  options.base = "";
  CHECK(complaint(options) == "base : not a DN");
  options.base = "dc=x";
  options.backoff_max = options.backoff_min - std::chrono::milliseconds{1};
  CHECK(complaint(options).find("back-off") != std::string::npos);
  options.backoff_max = options.backoff_min;
  CHECK(complaint(options).empty());
}

TEST_CASE("a password comes without its line feed, and only from a file of one's own", "[ldap]") {
  const TempDir dir;
  const std::string file = dir / "password";

  write_file(file, "secret\n");
  CHECK(read_password(file)->text() == "secret");
  write_file(file, "secret\n\n");
  CHECK(read_password(file)->text() == "secret\n");
  write_file(file, "secret", 0400);
  CHECK(read_password(file)->text() == "secret");

  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u}) {
    write_file(file, "secret", mode);
    const auto refused = read_password(file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::denied);
    CHECK(refused.error().what.find("chmod 600") != std::string::npos);
    CHECK(refused.error().what.find("secret") == std::string::npos);
  }
  for (const char* empty : {"", "\n"}) {
    write_file(file, empty);
    CHECK_FALSE(read_password(file));
  }
  write_file(file, std::string(4096, 'x'));
  CHECK(read_password(file)->size() == 4096);
  write_file(file, std::string(4097, 'x'));
  CHECK_FALSE(read_password(file));
  CHECK_FALSE(read_password(dir / "absent"));
  CHECK_FALSE(read_password(dir / "."));
}

TEST_CASE("DNs are lower case without spaces after commas", "[ldap]") {
  CHECK(normal_dn("CN=A b, DC=Example ,dc=ORG") == "cn=a b,dc=example,dc=org");
  CHECK(normal_dn("cn=a\\,b,dc=x") == "cn=a\\2cb,dc=x");
  CHECK(normal_dn("") == "");
  CHECK_FALSE(normal_dn("nonsense"));
  CHECK_FALSE(normal_dn(std::string_view{"cn=a\0,dc=x", 10}));

  CHECK(is_within("cn=a,dc=x", "dc=x"));
  CHECK(is_within("dc=x", "dc=x"));
  CHECK(is_within("dc=x", ""));
  CHECK_FALSE(is_within("adc=x", "dc=x"));
  CHECK_FALSE(is_within("dc=x", "cn=a,dc=x"));
}

TEST_CASE("pauses double up to the longest, with jitter of half", "[ldap]") {
  using std::chrono::milliseconds;
  Backoff backoff{milliseconds{200}, milliseconds{1000}, 1};
  for (const int pause : {200, 400, 800, 1000, 1000}) {
    const auto next = backoff.next();
    CHECK(next >= milliseconds{pause / 2});
    CHECK(next <= milliseconds{pause});
  }
  CHECK(backoff.longest() >= milliseconds{500});
  backoff.reset();
  CHECK(backoff.next() <= milliseconds{200});
}

}  // namespace rollcall::directory
