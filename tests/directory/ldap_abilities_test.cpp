// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_abilities.h"

#include <catch2/catch.hpp>

#include "lib/directory/ldap_content.h"

namespace rollcall::directory {
namespace {

constexpr const char* sync = "1.3.6.1.4.1.4203.1.9.1.1";
constexpr const char* persistent_search = "2.16.840.1.113730.3.4.3";
constexpr const char* something_else = "1.2.840.113556.1.4.319";

Entry root(const std::vector<std::string>& contexts, const std::vector<std::string>& controls) {
  Entry entry;
  for (const auto& context : contexts)
    entry.attributes["namingcontexts"].push_back(to_bytes(context));
  for (const auto& control : controls)
    entry.attributes["supportedcontrol"].push_back(to_bytes(control));
  return entry;
}

Abilities of(const std::vector<std::string>& controls) {
  return abilities_of("cn=rollcall,dc=x", root({"dc=x"}, controls));
}

}  // namespace

TEST_CASE("a server is followed by the best way that it offers", "[ldap]") {
  CHECK(of({something_else, sync}).way == Way::synchronised);
  CHECK(of({sync, persistent_search}).way == Way::synchronised);
  CHECK(of({something_else, persistent_search}).way == Way::persistent);
  CHECK(of({something_else}).way == Way::polled);
  CHECK(of({}).way == Way::polled);
}

TEST_CASE("only slapd shows a part of the tree, and only 389-ds hides entries", "[ldap]") {
  CHECK(of({sync}).serves_parts);
  CHECK_FALSE(of({sync}).hides_conflicts);
  for (const auto& controls :
       {std::vector<std::string>{sync, persistent_search}, {persistent_search}}) {
    CHECK_FALSE(of(controls).serves_parts);
    CHECK(of(controls).hides_conflicts);
  }
}

TEST_CASE("the suffix is the longest naming context that holds the base", "[ldap]") {
  const std::string base = "cn=rollcall,cn=dns,dc=x";
  CHECK(abilities_of(base, root({"dc=x", "cn=DNS, dc=x", "dc=y"}, {})).suffix == "cn=dns,dc=x");
  CHECK(abilities_of(base, root({"dc=y"}, {})).suffix == std::nullopt);
  CHECK(abilities_of(base, root({}, {})).suffix == std::nullopt);
}

TEST_CASE("what a server refuses is not tried again, down to polling", "[ldap]") {
  CHECK(lesser(Way::synchronised) == Way::persistent);
  CHECK(lesser(Way::persistent) == Way::polled);
  CHECK(lesser(Way::polled) == Way::polled);
}

TEST_CASE("an entry that is read again is news only if it changed", "[ldap]") {
  LdapContent content;
  const Attributes before{{"a", {to_bytes("12"), to_bytes("3")}}};
  const Attributes after{{"a", {to_bytes("1"), to_bytes("23")}}};
  content.begin_refresh();
  content.seen(uuid_for("cn=a,dc=x"), "cn=a,dc=x");
  CHECK(content.is_news(uuid_for("cn=a,dc=x"), digest_of(before)));
  CHECK_FALSE(content.is_news(uuid_for("cn=a,dc=x"), digest_of(before)));
  CHECK(content.is_news(uuid_for("cn=a,dc=x"), digest_of(after)));
  CHECK(uuid_for("cn=a,dc=x") != uuid_for("cn=b,dc=x"));
}

}  // namespace rollcall::directory
