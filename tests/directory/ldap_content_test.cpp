// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_content.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "lib/directory/ldap_message.h"

namespace rollcall::directory {
namespace {

Uuid uuid(unsigned char last) {
  Uuid made;
  made.bytes[15] = std::byte{last};
  return made;
}

const std::string a = "cn=a,dc=x";
const std::string b = "cn=b,dc=x";
const std::optional<std::string> nothing;

Result<SyncInfo> parsed(const std::string& hex) { return parse_sync_info(*from_hex(hex)); }

const std::string id_1 = "0410" + std::string(30, '0') + "01";
const std::string id_2 = "0410" + std::string(30, '0') + "02";

}  // namespace

TEST_CASE("what a refresh does not mention has gone", "[ldap]") {
  LdapContent content;
  content.begin_refresh();
  content.seen(uuid(1), a);
  content.seen(uuid(2), b);
  CHECK(content.end_refresh().empty());

  content.begin_refresh();
  SECTION("nor was it mentioned by its id alone") {
    CHECK(content.seen(uuid(1)));
    CHECK(content.end_refresh() == std::vector{b});
    CHECK(content.size() == 1);
  }
  SECTION("and neither has it come back under another id") {
    content.seen(uuid(1), a);
    CHECK(content.seen(uuid(3), b) == nothing);
    CHECK(content.end_refresh().empty());
  }
  SECTION("and what vanished in the middle is told once") {
    content.seen(uuid(2), b);
    CHECK(content.removed(uuid(1)) == a);
    CHECK(content.end_refresh().empty());
    CHECK(content.removed(uuid(1)) == nothing);
  }
  SECTION("even all of it") { CHECK(content.end_refresh().size() == 2); }
}

TEST_CASE("an entry that moved leaves its former DN, unless another took it", "[ldap]") {
  LdapContent content;
  content.begin_refresh();
  content.seen(uuid(1), a);
  CHECK(content.seen(uuid(1), a) == nothing);
  CHECK(content.seen(uuid(1), b) == a);

  SECTION("two swap their DNs") {
    content.seen(uuid(2), a);
    CHECK(content.seen(uuid(1), a) == b);
    CHECK(content.seen(uuid(2), b) == nothing);
    CHECK(content.end_refresh().empty());
    CHECK(content.size() == 2);
  }
  SECTION("an unknown id is no entry of ours") {
    CHECK_FALSE(content.seen(uuid(9)));
    CHECK(content.removed(uuid(9)) == nothing);
  }
}

TEST_CASE("sync information is read in each of its choices", "[ldap]") {
  CHECK_FALSE(parsed("8003616263")->refresh_done);                 // newcookie "abc"
  CHECK(parsed("a100")->refresh_done);                             // refreshDelete {}: done is the default
  CHECK(parsed("a2080403616263" "0101ff")->refresh_done);          // refreshPresent {"abc", TRUE}
  CHECK_FALSE(parsed("a203010100")->refresh_done);                 // refreshPresent {FALSE}

  const auto present = parsed("a326" "3124" + id_1 + id_2);        // syncIdSet {{1, 2}}
  REQUIRE(present);
  CHECK_FALSE(present->deleted);
  CHECK(present->uuids == std::vector{uuid(1), uuid(2)});
  CHECK_FALSE(present->refresh_done);

  const auto deleted = parsed("a31c" "0403616263" "0101ff" "3112" + id_1);  // syncIdSet {"abc", TRUE, {1}}
  REQUIRE(deleted);
  CHECK(deleted->deleted);
  CHECK(deleted->uuids == std::vector{uuid(1)});
}

TEST_CASE("garbled sync information is an error, not a guess", "[ldap]") {
  const auto hex = GENERATE(as<std::string>{}, "", "a4", "a3", "a2020101", "a305310304010a", "0500");
  CHECK_FALSE(parsed(hex));
}

}  // namespace rollcall::directory
