// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/zone_key.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/crypto/hex.h"

using namespace rollcall;
using namespace rollcall::crypto;

namespace {

constexpr Algorithm algorithms[] = {Algorithm::ecdsap256sha256, Algorithm::ecdsap384sha384,
                                    Algorithm::ed25519, Algorithm::rsasha256};

Bytes dnskey(std::uint16_t flags, std::uint8_t algorithm, const char* key) {
  const std::array header{static_cast<std::byte>(flags >> 8), static_cast<std::byte>(flags & 0xff),
                          std::byte{3}, static_cast<std::byte>(algorithm)};
  return joined(header, base64(key));
}

struct Example {
  const char* source;
  Algorithm algorithm;
  const char* private_key;  // As in the file of BIND's format.
  const char* public_key;   // As in the DNSKEY with flags 257.
  std::uint16_t key_tag;
};

constexpr Example examples[] = {
    {"RFC 6605, 6.1", Algorithm::ecdsap256sha256, "GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=",
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     55648},
    {"RFC 6605, 6.2", Algorithm::ecdsap384sha384,
     "WURgWHCcYIYUPWgeLmiPY2DJJk02vgrmTfitxgqcL4vwW7BOrbawVmVe0d9V94SR",
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     10771},
    {"RFC 8080, 6.1", Algorithm::ed25519, "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=",
     "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613},
    {"RFC 8080, 6.1, the second", Algorithm::ed25519,
     "DSSF3o0s0f+ElWzj9E/Osxw8hLpk55chkmx0LYN5WiY=", "zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
     35217},
};

// PrivateKeyInfo of RFC 5958; within it ECPrivateKey of RFC 5915 or CurvePrivateKey of RFC 8410.
Secret pkcs8(const Example& example) {
  const std::string number = to_hex(base64(example.private_key));
  const std::string point = to_hex(base64(example.public_key));
  switch (example.algorithm) {
    case Algorithm::ecdsap256sha256:
      return secret(hex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420" +
                        number + "a14403420004" + point));
    case Algorithm::ecdsap384sha384:
      return secret(hex("3081b6020100301006072a8648ce3d020106052b8104002204819e30819b0201010430" +
                        number + "a16403620004" + point));
    case Algorithm::ed25519:
    case Algorithm::rsasha256:
      break;
  }
  return secret(hex("302e020100300506032b657004220420" + number));
}

}  // namespace

TEST_CASE("a private key has the DNSKEY that its RFC shows", "[zone_key]") {
  for (const Example& example : examples) {
    INFO(example.source);
    const auto made = dnskey_of(pkcs8(example), Role::ksk, example.algorithm);
    REQUIRE(made);
    const auto number = static_cast<std::uint8_t>(example.algorithm);
    CHECK(to_hex(*made) == to_hex(dnskey(257, number, example.public_key)));
    CHECK(key_tag(*made).value() == example.key_tag);
    CHECK(prove(pkcs8(example), example.algorithm, *made));
    CHECK(dnskey_of(pkcs8(example), Role::zsk, example.algorithm).value() ==
          dnskey(256, number, example.public_key));
  }
}

TEST_CASE("a private key is written as its RFC shows, and without times", "[zone_key]") {
  for (const Example& example : examples) {
    INFO(example.source);
    const auto text = bind_private_key(pkcs8(example), example.algorithm);
    REQUIRE(text);
    CHECK(text->text() == "Private-key-format: v1.3\nAlgorithm: " +
                              std::to_string(static_cast<int>(example.algorithm)) + " (" +
                              std::string{mnemonic(example.algorithm)} +
                              ")\nPrivateKey: " + example.private_key + "\n");
  }
}

TEST_CASE("key tags agree with published keys", "[zone_key]") {
  SECTION("RFC 4034, 5.4") {
    CHECK(key_tag(dnskey(256, 5,
                         "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZ"
                         "DRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9Xzc"
                         "nOf+EPbtG9DMBmADjFDc2w/rljwvFw=="))
              .value() == 60485);
  }
  SECTION("RFC 5702, 6.1") {
    CHECK(key_tag(dnskey(256, 8,
                         "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Q"
                         "s8PkxUdp6p/DlUmObdk="))
              .value() == 9033);
  }
  SECTION("the root's key of 2010, and when it was revoked in January 2019") {
    const Bytes root = dnskey(
        257, 8,
        "AwEAAagAIKlVZrpC6Ia7gEzahOR+9W29euxhJhVVLOyQbSEW0O8gcCjFFVQUTf6v58fLjwBd0YI0EzrAcQqBGCzh/"
        "RStIoO8g0NfnfL2MTJRkxoXbfDaUeVPQuYEhg37NZWAJQ9VnMVDxP/VHL496M/QZxkjf5/"
        "Efucp2gaDX6RS6CXpoY68LsvPVjR0ZSwzz1apAzvN9dlzEheX7ICJBBtuA6G3LQpzW5hOA2hzCTMjJPJ8LbqF6dsV6"
        "DoBQzgul0sGIcGOYl7OyQdXfZ57relSQageu+ipAdTTJ25AsRTAoub8ONGcLmqrAmRLKBP1dfwhYB4N7knNnulqQxA"
        "+Uk1ihz0=");
    CHECK(key_tag(root).value() == 19036);
    CHECK(key_tag_revoked(root).value() == 19164);
  }
  SECTION("the carry of a revoked key's tag goes round") {
    const Bytes rdata = hex("0101030dfbe2");  // 0x0101 + 0x030d + 0xfbe2 = 0xfff0
    CHECK(key_tag(rdata).value() == 0xfff0);
    CHECK(key_tag_revoked(rdata).value() == 0x0071);  // 0xfff0 + 0x0080 = 0x10070
  }
  SECTION("four bytes are the fewest") {
    CHECK_FALSE(key_tag(hex("010103")));
    CHECK_FALSE(key_tag_revoked(hex("010103")));
    CHECK(key_tag(hex("0101030d")).value() == 0x040e);
  }
}

TEST_CASE("a new key proves itself, for each algorithm and role", "[zone_key]") {
  for (const Algorithm algorithm : algorithms) {
    for (const Role role : {Role::ksk, Role::zsk}) {
      CAPTURE(mnemonic(algorithm), to_string(role));
      const auto key = generate(role, algorithm);
      REQUIRE(key);
      CHECK(dnskey_of(key->private_key, role, algorithm).value() == key->dnskey);
      CHECK(prove(key->private_key, algorithm, key->dnskey));
      CHECK(bind_private_key(key->private_key, algorithm));
    }
  }
}

TEST_CASE("new keys differ", "[zone_key]") {
  for (const Algorithm algorithm : algorithms) {
    const auto one = generate(Role::zsk, algorithm);
    const auto two = generate(Role::zsk, algorithm);
    CHECK(one->dnskey != two->dnskey);
    CHECK_FALSE(one->private_key == two->private_key);
    CHECK(fingerprint(one->dnskey) != fingerprint(two->dnskey));
  }
}

TEST_CASE("no key proves another's DNSKEY", "[zone_key]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const auto one = generate(Role::zsk, algorithm);
    const auto two = generate(Role::zsk, algorithm);
    CHECK_FALSE(prove(one->private_key, algorithm, two->dnskey));
    CHECK_FALSE(prove(one->private_key, algorithm, {}));
    CHECK_FALSE(prove(one->private_key, algorithm, ByteView{one->dnskey}.first(3)));
    CHECK_FALSE(prove(one->private_key, algorithm, ByteView{one->dnskey}.first(4)));
    CHECK_FALSE(prove(one->private_key, algorithm, joined(one->dnskey, hex("00"))));
  }
}

TEST_CASE("no bit of a DNSKEY can be flipped, but the one that tells a KSK from a ZSK",
          "[zone_key]") {
  for (const Example& example : examples) {
    INFO(example.source);
    const Secret key = pkcs8(example);
    const Bytes right = dnskey_of(key, Role::ksk, example.algorithm).value();
    const Bytes of_zsk = dnskey_of(key, Role::zsk, example.algorithm).value();
    with_each_bit_flipped(right, [&](const Bytes& flipped) {
      CHECK(prove(key, example.algorithm, flipped).has_value() == (flipped == of_zsk));
    });
  }
}

TEST_CASE("a key is read as its own algorithm only", "[zone_key]") {
  for (const Algorithm made : algorithms) {
    const auto key = generate(Role::zsk, made);
    for (const Algorithm read : algorithms) {
      CAPTURE(mnemonic(made), mnemonic(read));
      CHECK(dnskey_of(key->private_key, Role::zsk, read).has_value() == (made == read));
      CHECK(bind_private_key(key->private_key, read).has_value() == (made == read));
    }
  }
}

TEST_CASE("what is not whole is not a key", "[zone_key]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const auto key = generate(Role::zsk, algorithm);
    const ByteView whole = key->private_key.view();
    CHECK_FALSE(dnskey_of(Secret{}, Role::zsk, algorithm));
    CHECK_FALSE(dnskey_of(secret(whole.first(whole.size() - 1)), Role::zsk, algorithm));
    CHECK_FALSE(dnskey_of(secret(joined(whole, hex("00"))), Role::zsk, algorithm));
  }
}

TEST_CASE("a private number beside another key's point is no key", "[zone_key]") {
  for (const Algorithm algorithm : {Algorithm::ecdsap256sha256, Algorithm::ecdsap384sha384}) {
    const std::size_t point_size = algorithm == Algorithm::ecdsap256sha256 ? 65 : 97;
    const auto one = generate(Role::zsk, algorithm);
    const auto two = generate(Role::zsk, algorithm);
    const ByteView head = one->private_key.view().first(one->private_key.size() - point_size);
    const ByteView tail = two->private_key.view().last(point_size);
    CHECK_FALSE(dnskey_of(secret(joined(head, tail)), Role::zsk, algorithm));
  }
}

TEST_CASE("a fingerprint is the digest of the whole RDATA", "[zone_key]") {
  CHECK(to_hex(fingerprint(to_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
