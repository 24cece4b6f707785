// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/names.h"

#include <catch2/catch.hpp>

#include "lib/dns/address.h"

using namespace rollcall;
using namespace rollcall::dns;

namespace {

const std::string label63(63, 'a');

// Wire form: 3 × 64 + 1 + `last` + 1 bytes.
std::string name_with_last_label(std::size_t last) {
  return label63 + "." + label63 + "." + label63 + "." + std::string(last, 'b') + ".";
}

}  // namespace

TEST_CASE("a zone name becomes lower case with the final dot", "[names]") {
  CHECK(canonical_zone("Example.COM") == "example.com.");
  CHECK(canonical_zone("example.com.") == "example.com.");
  CHECK(canonical_zone("test") == "test.");
  CHECK(canonical_zone("_tcp.2.0.192.in-addr.arpa") == "_tcp.2.0.192.in-addr.arpa.");
  CHECK(canonical_zone("XN--Bcher-KVA.example") == "xn--bcher-kva.example.");
}

TEST_CASE("a zone name keeps the limits of RFC 1035, 2.3.4", "[names]") {
  CHECK(canonical_zone(label63 + ".test"));
  CHECK_FALSE(canonical_zone(label63 + "a.test"));
  CHECK(canonical_zone(name_with_last_label(61)));  // 255 bytes of wire form
  CHECK(zone_wire(*canonical_zone(name_with_last_label(61))).size() == 255);
  CHECK_FALSE(canonical_zone(name_with_last_label(62)));
}

TEST_CASE("what a shell, a path or a program could take for something else is no zone name",
          "[names]") {
  for (const char* const name :
       {"",     ".",       "..",     "a..b", ".a",   "$(id)",   "`id`",    "../x", "a/b",
        "a\\b", "a\\046b", "a b",    "a\tb", "a\nb", "-k.test", "a-.test", "a;b",  "a'b",
        "a\"b", "a|b",     "*.test", "a@b",  "a+b",  "a,b=c",   "a%b"}) {
    INFO(name);
    REQUIRE_FALSE(canonical_zone(name));
    CHECK(canonical_zone(name).error().code == Errc::malformed);
  }
  CHECK_FALSE(canonical_zone(std::string("a\0b", 3)));
  CHECK_FALSE(canonical_zone("a\x7f"));
}

TEST_CASE("a refusal shows the name so that a terminal stays whole, and says why", "[names]") {
  CHECK(canonical_zone("a\x1b[2Jb").error().what ==
        "not a zone name: \"a\\x1b[2Jb\": only letters, digits, hyphens, underscores and dots are "
        "allowed");
  CHECK_THAT(canonical_zone("b\xc3\xbc"
                            "cher.example")
                 .error()
                 .what,
             Catch::Contains("A-label, xn--"));
  CHECK_THAT(canonical_zone(std::string(5000, 'a')).error().what, Catch::Contains("aaa...\""));
}

TEST_CASE("the wire form has lengths for dots", "[names]") {
  CHECK(to_hex(zone_wire("example.test.")) ==
        "076578616d706c65"
        "0474657374"
        "00");
}

TEST_CASE("a zone's directory is named as people write the zone", "[names]") {
  CHECK(zone_file_name("example.test.") == "example.test");
}

TEST_CASE("an address round-trips, and port 53 may be left out", "[address]") {
  for (const char* const text : {"127.0.0.1@5300", "::1@53", "2001:db8::1@65535", "192.0.2.1@1"}) {
    CHECK(to_string(address_from(text).value()) == text);
  }
  CHECK(to_string(address_from("192.0.2.1").value()) == "192.0.2.1@53");
  CHECK(to_string(address_from("2001:DB8:0::1").value()) == "2001:db8::1@53");
}

TEST_CASE("what is no numeric address with a port is refused", "[address]") {
  for (const char* const text :
       {"", "@53", "localhost", "127.0.0.1@", "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@5x",
        "127.0.0.1@+5", "127.0.0.1:53", "127.1", "::1@53@53", "fe80::1%lo", " 127.0.0.1"}) {
    INFO(text);
    CHECK_FALSE(address_from(text));
  }
  CHECK_FALSE(address_from(std::string("127.0.0.1\0", 10)));
}
