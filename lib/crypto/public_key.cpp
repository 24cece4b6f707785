// SPDX-License-Identifier: GPL-3.0-or-later
// Public keys from and to the wire form that a DNSKEY carries.
//
//   RSA      exponent length (1 byte, or 0 and 2 bytes) | exponent | modulus   RFC 3110, 2
//   ECDSA    x | y                                                             RFC 6605, 4
//   Ed25519  the 32 bytes of RFC 8032                                          RFC 8080, 3
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "lib/crypto/c_bytes.h"
#include "lib/crypto/evp.h"

namespace rollcall::crypto::evp {
namespace {

constexpr std::byte uncompressed{0x04};  // SEC 1, 2.3.3
constexpr std::size_t ed25519_size = 32;
constexpr std::size_t rsa_modulus_min = 1024 / 8;  // RFC 5702 allows 512 bits: too weak
constexpr std::size_t rsa_modulus_max = 4096 / 8;  // RFC 5702, 2

tl::unexpected<Error> not_a_public_key(Algorithm algorithm) {
  return failure(Errc::malformed, "not a public key of " + std::string{mnemonic(algorithm)});
}

struct RsaNumbers {
  ByteView exponent, modulus;  // Both empty: the wire form is broken.
};

RsaNumbers split_rsa(ByteView wire) {
  if (wire.size() < 3) return {};
  std::size_t size = std::to_integer<std::size_t>(wire[0]);
  std::size_t start = 1;
  if (size == 0) {
    size = std::to_integer<std::size_t>(wire[1]) << 8 | std::to_integer<std::size_t>(wire[2]);
    start = 3;
  }
  if (size == 0 || wire.size() < start + size) return {};
  return {wire.subspan(start, size), wire.subspan(start + size)};
}

struct FreeOpenssl {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeOpenssl>;

Owned<BIGNUM> big_number(ByteView bytes) {
  return Owned<BIGNUM>{BN_bin2bn(in(bytes), static_cast<int>(bytes.size()), nullptr)};
}

// Null if OpenSSL refuses the numbers.
Key from_rsa(const RsaNumbers& numbers) {
  const auto modulus = big_number(numbers.modulus);
  const auto exponent = big_number(numbers.exponent);
  const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
  if (!builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) <= 0 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) <= 0) {
    return {};
  }
  const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(builder.get())};
  const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0) return {};
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0) return {};
  return Key{key};
}

Result<Key> read_rsa(ByteView wire) {
  const RsaNumbers numbers = split_rsa(wire);
  const std::size_t size = numbers.modulus.size();
  if (size < rsa_modulus_min || size > rsa_modulus_max) {
    return not_a_public_key(Algorithm::rsasha256);
  }
  Key key = from_rsa(numbers);
  if (!key) return not_a_public_key(Algorithm::rsasha256);
  return key;
}

Result<Key> read_point(ByteView wire, const Curve& curve, Algorithm algorithm) {
  if (wire.size() != 2 * curve.size) return not_a_public_key(algorithm);
  Bytes point{uncompressed};
  point.insert(point.end(), wire.begin(), wire.end());
  return from_curve(curve, {}, point);
}

Result<Key> read_ed25519(ByteView wire) {
  Key key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, in(wire), wire.size())};
  if (!key) return not_a_public_key(Algorithm::ed25519);
  return key;
}

Result<Bytes> write_rsa(const Key& key) {
  const Secret exponent = number(key, OSSL_PKEY_PARAM_RSA_E);
  const Secret modulus = number(key, OSSL_PKEY_PARAM_RSA_N);
  const std::size_t size = exponent.size();
  if (size == 0 || modulus.size() < rsa_modulus_min || modulus.size() > rsa_modulus_max) {
    return not_a_public_key(Algorithm::rsasha256);
  }
  Bytes wire;
  if (size > 255) wire = {std::byte{0}, static_cast<std::byte>(size >> 8)};
  wire.push_back(static_cast<std::byte>(size));
  wire.insert(wire.end(), exponent.data(), exponent.data() + size);
  wire.insert(wire.end(), modulus.data(), modulus.data() + modulus.size());
  return wire;
}

Result<Bytes> write_point(const Key& key, const Curve& curve, Algorithm algorithm) {
  Bytes point(1 + 2 * curve.size);
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, out(point), point.size(),
                                      &size) <= 0 ||
      size != point.size() || point[0] != uncompressed) {
    return not_a_public_key(algorithm);
  }
  return Bytes{point.begin() + 1, point.end()};
}

Result<Bytes> write_ed25519(const Key& key) {
  Bytes wire(ed25519_size);
  std::size_t size = wire.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), out(wire), &size) <= 0) {
    return not_a_public_key(Algorithm::ed25519);
  }
  return wire;
}

}  // namespace

Result<Key> from_public_wire(ByteView wire, Algorithm algorithm) {
  if (const Curve* curve = curve_of(algorithm)) return read_point(wire, *curve, algorithm);
  return algorithm == Algorithm::ed25519 ? read_ed25519(wire) : read_rsa(wire);
}

Result<Bytes> to_public_wire(const Key& key, Algorithm algorithm) {
  if (const Curve* curve = curve_of(algorithm)) return write_point(key, *curve, algorithm);
  return algorithm == Algorithm::ed25519 ? write_ed25519(key) : write_rsa(key);
}

}  // namespace rollcall::crypto::evp
