// SPDX-License-Identifier: GPL-3.0-or-later
// Values of RFC 4034, 5.4; RFC 4509, 2.3; RFC 6605, 6.
#include "lib/dns/ds.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace rollcall::dns;

namespace {

const ZoneName zone = "dskey.example.com.";
const std::string rfc4034_key =
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMm"
    "mAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
const std::string p256_key =
    "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";

Bytes rdata(unsigned flags, unsigned algorithm, const std::string& key) {
  Bytes bytes{static_cast<std::byte>(flags >> 8), static_cast<std::byte>(flags & 0xff),
              std::byte{3}, static_cast<std::byte>(algorithm)};
  const Bytes tail = from_base64(key).value();
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

}  // namespace

TEST_CASE("key tags agree with the examples of the RFCs", "[ds]") {
  CHECK(key_tag(rdata(256, 5, rfc4034_key)) == 60485);
  CHECK(key_tag(rdata(257, 13, p256_key)) == 55648);
  CHECK_FALSE(key_tag(Bytes(4)));
  CHECK_FALSE(key_tag(rdata(256, 1, rfc4034_key)));  // RSAMD5 counts its tag in another way
}

TEST_CASE("a DS line agrees with the examples of the RFCs, ready to paste", "[ds]") {
  CHECK(ds_record(zone, rdata(256, 5, rfc4034_key), DigestType::sha256) ==
        "dskey.example.com. IN DS 60485 5 2 "
        "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A");
  CHECK(ds_record("example.net.", rdata(257, 13, p256_key), DigestType::sha256) ==
        "example.net. IN DS 55648 13 2 "
        "B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
}

TEST_CASE("a digest of type 4 is SHA-384", "[ds]") {
  const auto ds = ds_of("example.net.", rdata(257, 13, p256_key), DigestType::sha384).value();
  CHECK(ds.digest_type == 4);
  CHECK(ds.digest.size() == 48);
  CHECK(matches(ds, "example.net.", rdata(257, 13, p256_key)));
}

TEST_CASE("CDS and CDNSKEY say the same of the same key", "[ds]") {
  const Bytes key = rdata(257, 13, p256_key);
  CHECK(cds_record("example.net.", key, DigestType::sha256) ==
        "example.net. IN CDS 55648 13 2 "
        "B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
  CHECK(cdnskey_record("example.net.", key) == "example.net. IN CDNSKEY 257 3 13 " + p256_key);
  CHECK(dnskey_record("example.net.", key) == "example.net. IN DNSKEY 257 3 13 " + p256_key);
}

TEST_CASE("a DS matches its key, in its zone, and no other", "[ds]") {
  const Bytes key = rdata(257, 13, p256_key);
  Ds ds = ds_of("example.net.", key, DigestType::sha256).value();
  CHECK(matches(ds, "example.net.", key));
  CHECK_FALSE(matches(ds, "example.org.", key));
  CHECK_FALSE(matches(ds, "example.net.", rdata(256, 13, p256_key)));
  CHECK_FALSE(matches(ds, "example.net.", Bytes(3)));

  SECTION("an equal tag proves nothing") { ds.digest[31] ^= std::byte{1}; }
  SECTION("another tag over the same digest") { ++ds.key_tag; }
  SECTION("SHA-1 is not computed") { ds.digest_type = 1; }
  SECTION("the delete record of RFC 8078") { ds = Ds{0, 0, 0, {std::byte{0}}}; }
  CHECK_FALSE(matches(ds, "example.net.", key));
}

TEST_CASE("a DNSKEY line is read with or without TTL and class", "[ds]") {
  const Bytes key = rdata(257, 13, p256_key);
  const auto with = dnskey_from("Example.net. 120 IN DNSKEY 257 3 13 " + p256_key).value();
  CHECK(with.zone == "example.net.");
  CHECK(with.ttl == Seconds{120});
  CHECK(with.rdata == key);
  CHECK(dnskey_from(dnskey_record("example.net.", key).value()).value().rdata == key);
}

TEST_CASE("what is no DNSKEY line is refused", "[ds]") {
  for (const char* const line :
       {"", "; only a comment", "example.net.", "example.net. IN A 192.0.2.1",
        "example.net. IN DNSKEY", "example.net. IN DNSKEY 257 3 13",
        "example.net. IN DNSKEY 257 4 13 AAAA", "a/b. IN DNSKEY 257 3 13 AAAA",
        "example.net. IN DNSKEY 257 3 13 !!!!"}) {
    INFO(line);
    CHECK_FALSE(dnskey_from(line));
  }
}

TEST_CASE("the fingerprint is SHA-256 of the RDATA", "[ds]") {
  CHECK(to_hex(fingerprint(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
