// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/digest.h"

#include <catch2/catch.hpp>
#include <set>

#include "lib/crypto/random.h"
#include "tests/crypto/hex.h"

using namespace rollcall;
using namespace rollcall::crypto;

TEST_CASE("SHA-256 agrees with FIPS 180", "[digest]") {
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("HMAC-SHA-256 agrees with RFC 4231", "[digest]") {
  // 4.2, 4.3 and 4.7: a key of 20 bytes, a short one, and one longer than a block.
  CHECK(to_hex(hmac_sha256(secret(Bytes(20, std::byte{0x0b})), as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(hmac_sha256(secret(as_bytes("Jefe")), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac_sha256(secret(Bytes(131, std::byte{0xaa})),
                           as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a link of the chain is the digest of the link before and the signature", "[digest]") {
  Signature signature;
  signature.fill(std::byte{0x5a});
  CHECK(chain(Digest{}, signature) == sha256(joined(Digest{}, signature)));
  CHECK(chain(chain(Digest{}, signature), signature) != chain(Digest{}, signature));
}

TEST_CASE("bytes are equal only if all of them are", "[digest]") {
  const Bytes bytes = counting_from(0, 32);
  CHECK(equal(bytes, bytes));
  CHECK(equal(Bytes{}, Bytes{}));
  CHECK_FALSE(equal(bytes, ByteView{bytes}.first(31)));
  with_each_bit_flipped(bytes, [&](const Bytes& other) { CHECK_FALSE(equal(bytes, other)); });
}

TEST_CASE("a member's rank for a zone is the head of a digest", "[digest]") {
  const Bytes zone = to_bytes(std::string_view{"\7example\4test\0", 14});
  const MemberId member = uuid_from("00010203-0405-0607-0809-0a0b0c0d0e0f").value();
  const std::string digits = to_hex(sha256(joined(member.bytes, zone))).substr(0, 16);
  CHECK(rendezvous(member, zone) == std::stoull(digits, nullptr, 16));
  CHECK(rendezvous(member, zone) != rendezvous(member, ByteView{zone}.first(13)));
}

TEST_CASE("random UUIDs are of version 4, and differ", "[random]") {
  std::set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = random_uuid();
    CHECK((uuid.bytes[6] & std::byte{0xf0}) == std::byte{0x40});
    CHECK((uuid.bytes[8] & std::byte{0xc0}) == std::byte{0x80});
    seen.insert(uuid);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("random secrets have the size asked for, and differ", "[random]") {
  CHECK(random_secret(0).empty());
  CHECK(random_secret(33).size() == 33);
  CHECK_FALSE(random_secret(16) == random_secret(16));
}
