// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/wrap.h"

#include <catch2/catch.hpp>
#include <functional>

#include "lib/crypto/random.h"
#include "tests/crypto/hex.h"

using namespace rollcall;
using namespace rollcall::crypto;

namespace {

const auto nonce = array_of<internal::Nonce>(counting_from(0x40, 24));

Secret master_key() { return secret(counting_from(0, 32)); }
Secret plain() { return secret(as_bytes("not a key, but wrapped like one")); }

// The same as in vectors.py.
WrapContext context() {
  return {.cluster = Uuid{array_of<std::array<std::byte, 16>>(counting_from(0x10, 16))},
          .zone_wire = to_bytes(std::string_view{"\7example\4test\0", 14}),
          .role = Role::ksk,
          .algorithm = Algorithm::ecdsap256sha256,
          .key_tag = 0xbeef,
          .generation = 42,
          .owner = MemberId{array_of<std::array<std::byte, 16>>(counting_from(0x20, 16))},
          .created = from_created("20260601080000.000000042Z").value(),
          .epoch = 7,
          .fingerprint = array_of<Fingerprint>(counting_from(0x80, 32))};
}

const char* const vector_of_other_libraries =
    "01"
    "00000007"
    "b2819918954206cbd3076e326dacd6751f30b0c5ac07dc8036d5833293612e33"
    "404142434445464748494a4b4c4d4e4f5051525354555657"
    "d1c0c31a5c550c7404d63605b4742a3a320fda03183961b1e0e14b477cc816387525e1e4582caf6895b3ed0a8ec22"
    "d";

bool opens(ByteView blob, const WrapContext& with) {
  const auto opened = unwrap(master_key(), blob, with);
  return opened && *opened == plain();
}

template <class Number>
void flip_each_bit(Number& number, const std::function<void()>& try_it) {
  for (std::size_t bit = 0; bit < sizeof number * 8; ++bit) {
    const Number before = number;
    number = static_cast<Number>(number ^ (Number{1} << bit));
    try_it();
    number = before;
  }
}

template <class Bytelike>
void flip_each_bit_of_bytes(Bytelike& bytes, const std::function<void()>& try_it) {
  const Bytelike before = bytes;
  with_each_bit_flipped(before, [&](const Bytelike& flipped) {
    bytes = flipped;
    try_it();
  });
  bytes = before;
}

}  // namespace

TEST_CASE("a wrapped key is what other libraries make of it", "[wrap]") {
  CHECK(to_hex(internal::wrap_with(nonce, master_key(), plain(), context())) ==
        vector_of_other_libraries);
  CHECK(opens(hex(vector_of_other_libraries), context()));
}

TEST_CASE("what was wrapped unwraps to the same, and no two wraps are equal", "[wrap]") {
  const Bytes one = wrap(master_key(), plain(), context());
  const Bytes two = wrap(master_key(), plain(), context());
  CHECK(opens(one, context()));
  CHECK(opens(two, context()));
  CHECK(one != two);
  CHECK(unwrap(master_key(), wrap(master_key(), Secret{}, context()), context())->empty());
}

TEST_CASE("no bit of a wrapped key can be flipped", "[wrap]") {
  with_each_bit_flipped(hex(vector_of_other_libraries), [](const Bytes& flipped) {
    CHECK_FALSE(unwrap(master_key(), flipped, context()));
  });
}

TEST_CASE("a wrapped key has its one length", "[wrap]") {
  const Bytes blob = hex(vector_of_other_libraries);
  for (std::size_t size = 0; size < blob.size(); ++size) {
    CHECK_FALSE(unwrap(master_key(), ByteView{blob}.first(size), context()));
  }
  CHECK_FALSE(unwrap(master_key(), joined(blob, hex("00")), context()));
}

TEST_CASE("a wrapped key opens in no other place", "[wrap]") {
  const Bytes blob = wrap(master_key(), plain(), context());
  WrapContext other = context();
  std::size_t tried = 0;
  const auto refused = [&] {
    ++tried;
    CHECK_FALSE(unwrap(master_key(), blob, other));
  };

  flip_each_bit_of_bytes(other.cluster.bytes, refused);
  flip_each_bit_of_bytes(other.zone_wire, refused);
  flip_each_bit(other.key_tag, refused);
  flip_each_bit(other.generation, refused);
  flip_each_bit_of_bytes(other.owner.bytes, refused);
  flip_each_bit(other.epoch, refused);
  flip_each_bit_of_bytes(other.fingerprint, refused);
  CHECK(tried == 8 * (16 + 14 + 2 + 4 + 16 + 4 + 32));

  SECTION("of the other role") { other.role = Role::zsk; }
  SECTION("of another algorithm") { other.algorithm = Algorithm::ecdsap384sha384; }
  SECTION("a nanosecond later") { other.created += Nanoseconds{1}; }
  SECTION("a nanosecond earlier") { other.created -= Nanoseconds{1}; }
  SECTION("a century later") { other.created += std::chrono::days{36525}; }
  SECTION("a longer zone") { other.zone_wire.push_back(std::byte{0}); }
  SECTION("no zone") { other.zone_wire.clear(); }
  refused();
  CHECK(opens(blob, context()));
}

TEST_CASE("fields of the context do not run into each other", "[wrap]") {
  // Without their lengths, a zone that ends like a role would be another role of a shorter zone.
  WrapContext longer = context();
  longer.zone_wire = to_bytes("ZSKZSK");
  longer.role = Role::zsk;
  WrapContext shorter = longer;
  shorter.zone_wire = to_bytes("ZSK");
  CHECK_FALSE(unwrap(master_key(), wrap(master_key(), plain(), longer), shorter));
}

TEST_CASE("a wrapped key opens with no other master key", "[wrap]") {
  const Bytes blob = wrap(master_key(), plain(), context());
  with_each_bit_flipped(counting_from(0, 32), [&](const Bytes& other) {
    CHECK_FALSE(unwrap(secret(other), blob, context()));
  });
}

TEST_CASE("who cannot unwrap is told why", "[wrap]") {
  Bytes blob = wrap(master_key(), plain(), context());
  const auto why = [&] { return unwrap(master_key(), blob, context()).error().what; };

  SECTION("cut short") {
    blob.resize(76);
    CHECK(why() == "the wrapped key is cut short");
  }
  SECTION("of a later version") {
    blob[0] = std::byte{2};
    CHECK(why() == "the wrapped key has the unknown format version 2");
  }
  SECTION("of another epoch") {
    blob[4] = std::byte{8};
    CHECK(why() == "the wrapped key is not of master key epoch 7");
  }
  SECTION("another commitment") {
    blob[5] ^= std::byte{1};
    CHECK(why() == "the wrapped key is another key's, or under another master key");
  }
  SECTION("another ciphertext") {
    blob.back() ^= std::byte{1};
    CHECK(why() == "the wrapped key was changed");
  }
}
