// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "tests/directory/ldap_bench.h"

namespace rollcall::test {
namespace {

Errc code_of(const Result<>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

/// Reads through a connection of its own.
Result<Entry> look(Loop& loop, const Slapd& slapd, const std::string& dn) {
  const auto other = std::move(*LdapDirectory::create(loop.io, loop.pool, local_options(slapd)));
  return read(loop, *other, dn);
}

}  // namespace

TEST_CASE("each way to be refused has its code, and the error names the entry", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + device_ldif("there") +
             "dn: cn=writer,dc=test\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
             "cn: writer\nuserPassword: wpass\n\n");
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  LdapDirectory& directory = *client.directory;

  CHECK(code_of(add(loop, directory, device("there"))) == Errc::conflict);
  CHECK(add(loop, directory, device("there")).error().what.find("cn=there,dc=test") != std::string::npos);

  Entry orphan = device("orphan");
  orphan.dn = "cn=orphan,cn=nobody,dc=test";
  CHECK(code_of(add(loop, directory, orphan)) == Errc::not_found);
  CHECK(code_of(modify(loop, directory, "cn=nobody,dc=test", {{"l", {to_bytes("x")}}})) == Errc::not_found);
  CHECK(read(loop, directory, "cn=nobody,dc=test").error().code == Errc::not_found);

  Entry odd = device("odd");
  odd.attributes["nosuchattribute"] = {to_bytes("x")};
  CHECK(code_of(add(loop, directory, odd)) == Errc::malformed);
  odd = device("odd");
  odd.attributes.erase("objectclass");
  CHECK(code_of(add(loop, directory, odd)) == Errc::malformed);
  odd = device("odd");
  odd.dn = "nonsense";
  CHECK(code_of(add(loop, directory, odd)) == Errc::malformed);

  LdapOptions options = local_options(slapd);
  write_file(slapd.dir() / "writer-password", "wpass");
  options.auth = directory::PasswordAuth{"cn=writer,dc=test", slapd.dir() / "writer-password"};
  Client writer{loop, options};
  CHECK(code_of(add(loop, *writer.directory, device("mine"))) == Errc::denied);
  CHECK(code_of(modify(loop, *writer.directory, "cn=there,dc=test", {{"l", {to_bytes("x")}}})) == Errc::denied);
  CHECK(read(loop, *writer.directory, "cn=there,dc=test"));
}

TEST_CASE("an entry reads back as it was added, binary values included", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  Bytes key;
  for (int i = 0; i < 256; ++i) key.push_back(static_cast<std::byte>(i));
  Entry entry{"cn=blob,dc=test",
              {{"objectclass", {to_bytes("applicationProcess"), to_bytes("simpleSecurityObject")}},
               {"cn", {to_bytes("blob")}},
               {"userpassword", {key}}}};
  REQUIRE(add(loop, *client.directory, entry));
  const auto back = read(loop, *client.directory, "CN=Blob, dc=test");
  REQUIRE(back);
  CHECK(back->dn == entry.dn);
  CHECK(back->attributes == entry.attributes);
}

TEST_CASE("a search finds what fits, with what was asked for, anywhere in the tree", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + device_ldif("one") + device_ldif("two"));
  slapd.start();
  Loop loop;
  LdapOptions options = local_options(slapd);
  options.base = "cn=one,dc=test";
  Client client{loop, options};
  const auto search = [&](const std::string& dn, const std::string& filter) {
    return outcome<std::vector<Entry>>(loop, [&](Done<std::vector<Entry>> done) {
      client.directory->search(dn, filter, {"cn"}, std::move(done));
    });
  };
  const auto two = search("DC=test", "(&(objectClass=device)(cn=two))");
  REQUIRE(two);
  REQUIRE(two->size() == 1);
  CHECK(two->front().dn == "cn=two,dc=test");
  CHECK(two->front().attributes == Attributes{{"cn", {to_bytes("two")}}});
  CHECK(search("dc=test", "(objectClass=device)")->size() == 2);
  CHECK(search("dc=test", "(cn=three)")->empty());
  CHECK(search("cn=three,dc=test", "(objectClass=*)").error().code == Errc::not_found);
}

TEST_CASE("a search that nobody answers is not an empty one", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + device_ldif("one") + device_ldif("two"));
  slapd.start();
  Loop loop;
  LdapOptions options = local_options(slapd);
  options.operation_timeout = std::chrono::milliseconds{300};
  Client client{loop, options};
  slapd.stop();
  const auto lost = outcome<std::vector<Entry>>(loop, [&](Done<std::vector<Entry>> done) {
    client.directory->search("dc=test", "(objectClass=*)", {"cn"}, std::move(done));
  });
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == Errc::unavailable);
}

TEST_CASE("many writes are on their way at once", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  int done = 0;
  int failed = 0;
  for (int i = 0; i < 200; ++i) {
    client.directory->add(device("p" + std::to_string(i)), [&](const Result<>& result) { ++(result ? done : failed); });
  }
  REQUIRE(loop.until([&] { return done + failed == 200; }));
  CHECK(failed == 0);
  CHECK(loop.until([&] { return client.seen.current() && client.seen.entries.size() == 201; }));
}

TEST_CASE("writes that the socket cannot take yet wait their turn", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  Proxy proxy{loop.io, slapd.port()};
  LdapOptions options = tls_options(slapd, proxy.port());
  options.operation_timeout = std::chrono::seconds{20};
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.current(); }));

  proxy.hold_requests(true);
  const std::string big(200'000, 'x');
  int done = 0;
  int failed = 0;
  for (int i = 0; i < 100; ++i) {
    client.directory->add(device("big" + std::to_string(i), big), [&](const Result<>& result) { ++(result ? done : failed); });
  }
  loop.io.run_for(std::chrono::milliseconds{50});
  CHECK(done == 0);
  proxy.hold_requests(false);
  REQUIRE(loop.until([&] { return done + failed == 100; }));
  CHECK(failed == 0);
  CHECK(proxy.forwarded_bytes() > 100 * big.size());
  REQUIRE(loop.until([&] { return client.seen.entries.size() == 101; }));
  CHECK(as_text(client.seen.entries.at("cn=big99,dc=test").attributes.at("description").front()) == big);
}

TEST_CASE("a lost answer to a write is unknown: it is there", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  Proxy proxy{loop.io, slapd.port()};
  LdapOptions options = tls_options(slapd, proxy.port());
  options.operation_timeout = std::chrono::milliseconds{500};
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.current(); }));

  proxy.swallow_answers(true);
  SECTION("the answer never comes") {
    CHECK(code_of(add(loop, *client.directory, device("unknown"))) == Errc::unavailable);
  }
  SECTION("the connection is cut") {
    std::optional<Result<>> result;
    const std::size_t before = proxy.forwarded_bytes();
    client.directory->add(device("unknown"), [&](const Result<>& answer) { result = answer; });
    REQUIRE(loop.until([&] { return proxy.forwarded_bytes() > before; }));
    REQUIRE(loop.until([&] { return look(loop, slapd, "cn=unknown,dc=test").has_value(); }));
    proxy.cut();
    REQUIRE(loop.until([&] { return result.has_value(); }));
    CHECK(code_of(*result) == Errc::unavailable);
    CHECK(result->error().what.find("lost") != std::string::npos);
  }
  CHECK(look(loop, slapd, "cn=unknown,dc=test"));

  proxy.swallow_answers(false);
  proxy.cut();
  REQUIRE(loop.until([&] { return client.seen.current() && client.seen.has("unknown"); }));
  CHECK(code_of(add(loop, *client.directory, device("unknown"))) == Errc::conflict);
}

TEST_CASE("verbs wait for the first connection, but not for ever", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  Loop loop;
  LdapOptions options = local_options(slapd);
  options.operation_timeout = std::chrono::milliseconds{200};
  Client client{loop, options};
  const auto never = add(loop, *client.directory, device("x"));
  CHECK(code_of(never) == Errc::unavailable);
  CHECK(never.error().what.find("not sent: connect to " + slapd.ldapi()) != std::string::npos);

  slapd.start();
  REQUIRE(loop.until([&] { return add(loop, *client.directory, device("x")).has_value(); }));
}

}  // namespace rollcall::test
