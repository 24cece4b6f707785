// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/bytes.h"

#include <catch2/catch.hpp>

#include "lib/util/secret.h"

using namespace rollcall;

TEST_CASE("hexadecimal is strict", "[bytes]") {
  CHECK(to_hex(as_bytes("\x01\xff")) == "01ff");
  CHECK(from_hex("01FF") == to_bytes("\x01\xff"));
  CHECK(from_hex("") == Bytes{});
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("01 f"));
}

TEST_CASE("base64 agrees with RFC 4648, 10, and is strict", "[bytes]") {
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  CHECK(to_base64(as_bytes("fooba")) == "Zm9vYmE=");
  CHECK(from_base64("Zm9vYmE=") == to_bytes("fooba"));
  CHECK_FALSE(from_base64("Zm9vYmE"));
  CHECK_FALSE(from_base64("Zm9v YmE="));
}

TEST_CASE("a secret moves, compares, and leaves nothing behind in its source", "[secret]") {
  Secret a = Secret::copy_of(as_bytes("key"));
  CHECK(a == Secret::copy_of(as_bytes("key")));
  CHECK_FALSE(a == Secret::copy_of(as_bytes("kez")));
  CHECK_FALSE(a == Secret::copy_of(as_bytes("ke")));
  const Secret b = std::move(a);
  CHECK(b.text() == "key");
  CHECK(b.first(2).text() == "ke");
}
