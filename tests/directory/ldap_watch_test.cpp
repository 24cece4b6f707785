// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "tests/directory/ldap_bench.h"

namespace rollcall::test {
namespace {

std::string devices(int count) {
  std::string ldif;
  for (int i = 0; i < count; ++i) ldif += device_ldif("d" + std::to_string(i));
  return ldif;
}

}  // namespace

TEST_CASE("every entry is delivered before the directory is called current", "[ldap]") {
  const int count = GENERATE(0, 1, 1000);
  Slapd slapd;
  slapd.load(base_ldif() + devices(count));
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};

  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(client.seen.entries.size() == static_cast<std::size_t>(count) + 1);
  CHECK(client.seen.deliveries == client.seen.entries.size());
  CHECK(client.seen.gone.empty());
  CHECK(client.seen.entries.at("dc=test").attributes.at("o") == std::vector<Bytes>{to_bytes("test")});
  CHECK_FALSE(client.seen.entries.at("dc=test").attributes.contains("entryuuid"));
}

TEST_CASE("adds, changes, renames and deletes are seen as they happen", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + device_ldif("old"));
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  REQUIRE(loop.until([&] { return client.seen.current(); }));

  REQUIRE(add(loop, *client.directory, device("New", "1")));
  REQUIRE(loop.until([&] { return client.seen.has("new"); }));

  REQUIRE(modify(loop, *client.directory, "cn=new,dc=test", {{"description", {to_bytes("2"), Bytes{}}}}).error().code ==
          Errc::malformed);
  REQUIRE(modify(loop, *client.directory, "cn=new,dc=test", {{"description", {to_bytes("2")}}}));
  REQUIRE(loop.until([&] {
    return client.seen.entries.at("cn=new,dc=test").attributes.at("description") == std::vector<Bytes>{to_bytes("2")};
  }));
  REQUIRE(modify(loop, *client.directory, "cn=new,dc=test", {{"description", {}}}));
  REQUIRE(loop.until(
      [&] { return !client.seen.entries.at("cn=new,dc=test").attributes.contains("description"); }));

  const std::string tool = " -Q -Y EXTERNAL -H " + slapd.ldapi() + " ";
  write_file(slapd.dir() / "child.ldif",
             "dn: cn=child,cn=old,dc=test\nchangetype: add\nobjectClass: device\ncn: child\n");
  shell("ldapmodify" + tool + "-f " + (slapd.dir() / "child.ldif"));
  REQUIRE(loop.until([&] { return client.seen.entries.contains("cn=child,cn=old,dc=test"); }));

  shell("ldapmodrdn -r" + tool + "cn=old,dc=test cn=moved");
  REQUIRE(loop.until([&] { return client.seen.entries.contains("cn=child,cn=moved,dc=test") && client.seen.current(); }));
  CHECK(client.seen.lost("old"));
  CHECK_FALSE(client.seen.entries.contains("cn=child,cn=old,dc=test"));

  shell("ldapdelete" + tool + "cn=new,dc=test");
  REQUIRE(loop.until([&] { return client.seen.lost("new"); }));
}

TEST_CASE("a server that was killed is followed again, and what went meanwhile is reported", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + device_ldif("stays") + device_ldif("goes") + device_ldif("reborn"));
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  REQUIRE(loop.until([&] { return client.seen.current(); }));

  slapd.kill();
  REQUIRE(loop.until([&] { return client.seen.is(State::down); }));
  CHECK(client.seen.reasons.back().find(slapd.ldapi()) != std::string::npos);
  CHECK(client.seen.reasons.back().find("next try in") != std::string::npos);
  CHECK(client.seen.gone.empty());

  slapd.change("dn: cn=goes,dc=test\nchangetype: delete\n\n"
               "dn: cn=reborn,dc=test\nchangetype: delete\n\n"
               "dn: cn=reborn,dc=test\nchangetype: add\nobjectClass: device\ncn: reborn\nl: here\n\n"
               "dn: cn=comes,dc=test\nchangetype: add\nobjectClass: device\ncn: comes\n\n");
  slapd.start();
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(client.seen.gone == std::vector<std::string>{"cn=goes,dc=test"});
  CHECK(client.seen.has("comes"));
  CHECK(client.seen.has("stays"));
  CHECK(client.seen.entries.at("cn=reborn,dc=test").attributes.contains("l"));
}

TEST_CASE("a clean stop of the server is noticed as well", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  slapd.stop();
  CHECK(loop.until([&] { return client.seen.is(State::down); }));
}

TEST_CASE("a base that is not there yet is waited for", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  LdapOptions options = local_options(slapd);
  options.base = "CN=Later, dc=test";
  Client client{loop, options};

  REQUIRE(loop.until([&] { return client.seen.said("watch cn=later,dc=test: No such object"); }));
  CHECK(client.seen.is(State::refreshing));
  REQUIRE(add(loop, *client.directory, device("later")));
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(client.seen.has("later"));
  CHECK(client.seen.entries.size() == 1);
}

TEST_CASE("an empty database is waited for, and a base of no database named", "[ldap]") {
  Slapd slapd;
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  LdapOptions elsewhere = local_options(slapd);
  elsewhere.base = "dc=elsewhere";
  Client lost{loop, elsewhere};

  REQUIRE(loop.until([&] { return client.seen.said("No such object"); }));
  REQUIRE(loop.until([&] { return lost.seen.said("has no database for dc=elsewhere"); }));
  const Entry root{"dc=test",
                   {{"objectclass", {to_bytes("dcObject"), to_bytes("organization")}}, {"o", {to_bytes("t")}}, {"dc", {to_bytes("test")}}}};
  REQUIRE(add(loop, *client.directory, root));
  CHECK(loop.until([&] { return client.seen.current(); }));
  CHECK(lost.seen.is(State::refreshing));
}

TEST_CASE("a server without a contextCSN is not believed to be whole", "[ldap]") {
  Slapd slapd;
  slapd.configure(false);
  write_file(slapd.dir() / "plain.ldif", base_ldif());
  shell("slapadd -q -f " + (slapd.dir() / "slapd.conf") + " -l " + (slapd.dir() / "plain.ldif"));
  slapd.start();
  Loop loop;
  Client client{loop, local_options(slapd)};
  REQUIRE(loop.until([&] { return client.seen.said("has no contextCSN at dc=test yet"); }));
  CHECK(client.seen.deliveries == 0);

  slapd.kill();
  slapd.configure(true);
  slapd.start();
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(client.seen.entries.size() == 1);
}

TEST_CASE("when one server is gone the next one of the list is followed", "[ldap]") {
  Slapd first;
  Slapd second;
  first.load(base_ldif() + device_ldif("first"));
  second.load(base_ldif() + device_ldif("second"));
  first.start();
  second.start();
  Loop loop;
  LdapOptions options = local_options(first);
  options.uris.push_back(second.ldapi());
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.current(); }));
  CHECK(client.seen.has("first"));

  first.kill();
  REQUIRE(loop.until([&] { return client.seen.has("second") && client.seen.current(); }));
  CHECK(client.seen.lost("first"));
}

TEST_CASE("a server that hangs is left when it owes an answer, and the loop goes on meanwhile", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif());
  slapd.start();
  Loop loop;
  LdapOptions options = local_options(slapd);
  options.operation_timeout = std::chrono::milliseconds{300};
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.current(); }));

  slapd.freeze();
  const auto unknown = add(loop, *client.directory, device("x"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::unavailable);
  REQUIRE(loop.until([&] { return client.seen.said("no answer to add cn=x,dc=test"); }));

  // It still accepts connections (the kernel does), but binds nobody. A timer shows that the loop runs.
  int ticks = 0;
  asio::steady_timer timer{loop.io};
  const std::function<void()> tick = [&] {
    timer.expires_after(std::chrono::milliseconds{5});
    timer.async_wait([&](boost::system::error_code error) {
      if (!error && ++ticks > 0) tick();
    });
  };
  tick();
  const std::size_t reasons = client.seen.reasons.size();
  REQUIRE(loop.until([&] { return client.seen.reasons.size() > reasons; }));
  CHECK(ticks > 10);

  slapd.thaw();
  CHECK(loop.until([&] { return client.seen.current(); }));
}

TEST_CASE("the destructor is safe at any moment", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + devices(200));
  slapd.start();
  Loop loop;
  const int steps = GENERATE(0, 1, 2, 3, 5, 8, 13, 21, 34, 200);
  bool called = false;
  {
    Client client{loop, local_options(slapd)};
    client.directory->add(device("x"), [&](const Result<>&) { called = true; });
    for (int step = 0; step < steps; ++step) loop.io.run_one_for(std::chrono::milliseconds{20});
    client.directory->read("dc=test", [&](const Result<Entry>&) { called = true; });
    called = false;
    client.directory.reset();
    CHECK_FALSE(called);
  }
  loop.io.run_for(std::chrono::milliseconds{20});
  CHECK_FALSE(called);
}

TEST_CASE("a listener may destroy the directory while it is being told", "[ldap]") {
  Slapd slapd;
  slapd.load(base_ldif() + devices(3));
  slapd.start();
  Loop loop;
  struct Suicidal : Recorder {
    std::unique_ptr<LdapDirectory>* victim = nullptr;
    void entry(Entry entry) override {
      Recorder::entry(std::move(entry));
      victim->reset();
    }
  } listener;
  auto directory = std::move(*LdapDirectory::create(loop.io, loop.pool, local_options(slapd)));
  listener.victim = &directory;
  directory->watch(listener);
  REQUIRE(loop.until([&] { return directory == nullptr; }));
  loop.io.run_for(std::chrono::milliseconds{20});
  CHECK(listener.deliveries == 1);
}

}  // namespace rollcall::test
