// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/identity.h"

#include <catch2/catch.hpp>

#include "lib/crypto/random.h"
#include "tests/crypto/hex.h"

using namespace rollcall;
using namespace rollcall::crypto;

namespace {

// "rollcall-identity-1\n", the bytes 0…31 and 32…63 as seeds; the public keys are from vectors.py.
const char* const stored_by_other_libraries =
    "726f6c6c63616c6c2d6964656e746974792d310a"
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
    "5730800ab340fcb18ce5111eda9d705f91388b41e4544cbd103ba5942db2233e";

Identity known() { return Identity::from(secret(hex(stored_by_other_libraries))).value(); }

const Bytes message = to_bytes("not a key, but wrapped like one");
const char* const signature_by_other_libraries =
    "f97cc1efa55908e52c3247bd0af78d57261cd02f23e9860a50f4af9d54ba3998"
    "95281d6527b81e3091a961052434115d87b0369b6d2f2823619f411cf6b99105";

}  // namespace

TEST_CASE("identities differ", "[identity]") {
  const Identity one = Identity::make();
  const Identity two = Identity::make();
  CHECK(one.signing_key() != two.signing_key());
  CHECK(one.sealing_key() != two.sealing_key());
  CHECK(one.signing_key() != one.sealing_key());
}

TEST_CASE("an identity that was stored is the same again", "[identity]") {
  const Identity made = Identity::make();
  const auto read = Identity::from(made.stored());
  REQUIRE(read);
  CHECK(read->stored() == made.stored());
  CHECK(read->signing_key() == made.signing_key());
  CHECK(verify(made.signing_key(), message, read->sign(message)));
  CHECK(read->open(seal(secret(message), made.sealing_key()).value()).value() == secret(message));
}

TEST_CASE("what is stored of an identity is strict", "[identity]") {
  const Bytes stored = hex(stored_by_other_libraries);
  with_each_bit_flipped(stored,
                        [](const Bytes& flipped) { CHECK_FALSE(Identity::from(secret(flipped))); });
  for (std::size_t size = 0; size < stored.size(); ++size) {
    CHECK_FALSE(Identity::from(secret(ByteView{stored}.first(size))));
  }
  CHECK_FALSE(Identity::from(secret(joined(stored, as_bytes("\n")))));
}

TEST_CASE("signatures agree with RFC 8032, 7.1", "[identity]") {
  const auto key =
      array_of<PublicKey>(hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  const auto signature =
      array_of<Signature>(hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
  CHECK(verify(key, hex("72"), signature));
  CHECK_FALSE(verify(key, hex("73"), signature));
}

TEST_CASE("signatures agree with another library", "[identity]") {
  CHECK(to_hex(known().sign(message)) == signature_by_other_libraries);
}

TEST_CASE("no bit of a signature, a message or a key can be flipped", "[identity]") {
  const Identity identity = known();
  const PublicKey key = identity.signing_key();
  const Signature signature = identity.sign(message);
  REQUIRE(verify(key, message, signature));
  with_each_bit_flipped(signature,
                        [&](const Signature& other) { CHECK_FALSE(verify(key, message, other)); });
  with_each_bit_flipped(message,
                        [&](const Bytes& other) { CHECK_FALSE(verify(key, other, signature)); });
  with_each_bit_flipped(
      key, [&](const PublicKey& other) { CHECK_FALSE(verify(other, message, signature)); });
}

TEST_CASE("a key that everybody could sign for signs nothing", "[identity]") {
  // Of small order: with it, one signature would fit any message.
  Signature signature{};
  PublicKey neutral{};
  neutral[0] = signature[0] = std::byte{1};
  CHECK_FALSE(verify(neutral, message, signature));
}

TEST_CASE("what another library sealed opens", "[identity]") {
  const Bytes sealed = hex(
      "f14b5173130a1b80687f273d49e8f4740a793a949b83b105837f2a61e8fee14f4ef92d25e7966ee16c0e190c656a"
      "c256b9f4590ee9de7e462b19b40317e15d84cfd92792ec43c5b789833b08bf8e6bdc");
  CHECK(known().open(sealed).value() == secret(counting_from(0, 32)));
}

TEST_CASE("only the recipient opens a seal, and only an unchanged one", "[identity]") {
  const Secret master_key = random_secret(32);
  const Bytes sealed = seal(master_key, known().sealing_key()).value();
  CHECK(known().open(sealed).value() == master_key);
  CHECK_FALSE(Identity::make().open(sealed));
  with_each_bit_flipped(sealed, [](const Bytes& flipped) { CHECK_FALSE(known().open(flipped)); });
  CHECK_FALSE(known().open(ByteView{sealed}.first(47)));
  CHECK_FALSE(known().open({}));
}

TEST_CASE("nothing is sealed to a key that is none", "[identity]") {
  CHECK_FALSE(seal(random_secret(32), PublicKey{}));
}

TEST_CASE("the check value tells master keys apart and nothing else", "[identity]") {
  CHECK(to_hex(check_value(secret(counting_from(0, 32)))) ==
        "e6ee54abc5e7160de369c324e368a225c28d5af648fef6defd137d7f7d8f671d");  // vectors.py
  CHECK(check_value(secret(counting_from(0, 32))) != check_value(secret(counting_from(1, 32))));
}
