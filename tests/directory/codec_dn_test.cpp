// SPDX-License-Identifier: GPL-3.0-or-later
// DNs: built, escaped, and told apart.
#include "lib/directory/codec_dn.h"

#include <catch2/catch.hpp>

#include "tests/directory/codec_samples.h"

using namespace rollcall;
using namespace rollcall::directory;
using namespace rollcall::directory::samples;

TEST_CASE("values are escaped as RFC 4514, 2.4 says", "[codec]") {
  CHECK(escape_rdn_value("example.test.") == "example.test.");
  CHECK(escape_rdn_value("a,b+c\"d\\e<f>g;h=i") == "a\\2cb\\2bc\\22d\\5ce\\3cf\\3eg\\3bh\\3di");
  CHECK(escape_rdn_value("#a#") == "\\23a#");
  CHECK(escape_rdn_value(" a b ") == "\\20a b\\20");
  CHECK(escape_rdn_value(std::string{"\0", 1}) == "\\00");
}

TEST_CASE("what is built is told apart again", "[codec]") {
  const std::string deep = "cn=rollcall,cn=dns,dc=example,dc=test";
  for (const std::string& at : {base, deep}) {
    CHECK(classify(at, config_dn(at)).place == Place::config);
    CHECK(classify(at, policy_dn(at, "default")).name == "default");
    CHECK(classify(at, policy_dn(at, "default")).place == Place::policy);
    CHECK(classify(at, member_dn(at, alice)).place == Place::member);
    CHECK(classify(at, member_dn(at, alice)).owner == alice);
    CHECK(classify(at, container_dn(at, bob)).place == Place::container);
    CHECK(classify(at, container_dn(at, bob)).owner == bob);
    CHECK(classify(at, fact_dn(at, id)).place == Place::fact);
    CHECK(classify(at, fact_dn(at, id)).name == "1.42");
    CHECK(classify(at, copy_dn(at, bob, id)).owner == bob);
    CHECK(classify(at, request_dn(at, cluster)).place == Place::request);
    CHECK(classify(at, request_dn(at, cluster)).owner == cluster);
    CHECK(classify(at, answer_dn(at, bob, cluster)).place == Place::answer);
    CHECK(classify(at, answer_dn(at, bob, cluster)).owner == cluster);
    CHECK(classify(at, report_dn(at, bob)).place == Place::other);
    CHECK(classify(at, report_dn(at, bob, "example.test.")).place == Place::other);
    CHECK(classify(at, copy_dn(at, bob, id)).name == to_string(id));
    for (const std::string& rest : {at, facts_dn(at), members_dn(at), zones_dn(at), policies_dn(at)}) {
      CHECK(classify(at, rest).place == Place::other);
    }
  }
}

TEST_CASE("a zone's name survives its DN, whatever is in it", "[codec]") {
  for (const char* name : {".", "example.test.", "../x.", "$\\(id\\).", "a\\,b=c+d.", "#x."}) {
    const Located at = classify(base, zone_dn(base, name));
    CHECK(at.place == Place::zone);
    CHECK(at.name == name);
  }
  CHECK(classify(base, "cn=a\\,b.,cn=zones,cn=rollcall").name == "a,b.");  // the other way to escape
}

TEST_CASE("what only resembles our tree is not of ours", "[codec]") {
  for (const char* dn :
       {"", "cn=", "cn=config", "ou=x,cn=zones,cn=rollcall", "cn=x,cn=members,cn=rollcall",
        "cn=1.1,cn=x,cn=facts,cn=rollcall", "cn=config,cn=rollcall,dc=other", "cn=a+cn=b,cn=zones,cn=rollcall",
        "cn=x,cn=config,cn=rollcall", "cn=a\\", "cn=a\\,cn=zones,cn=rollcall",
        "cn=x,cn=1.1,cn=a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1,cn=facts,cn=rollcall"}) {
    INFO(dn);
    CHECK(classify(base, dn).place == Place::other);
  }
}
