// SPDX-License-Identifier: GPL-3.0-or-later
// Private keys from and to PKCS#8 (RFC 5958) in DER.
//
// Keys on a curve have numbers of fixed size, so their DER is the same for every key but for the
// numbers, and is written and compared here as such. OpenSSL's encoder gives the same bytes (a test
// compares), but was measured to take 111 us for one key and its decoder 600 to 700 us, where all
// that a P-256 key costs its maker is meant to stay within 50 us (tests/bench). RSA, whose numbers
// vary and which takes 0.1 s to make, is left to OpenSSL.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

#include "lib/crypto/c_bytes.h"
#include "lib/crypto/evp.h"

namespace rollcall::crypto::evp {
namespace {

// before | private number | between | public point; the last two are empty for Ed25519.
struct Layout {
  std::span<const unsigned char> before;
  std::size_t private_size;
  std::span<const unsigned char> between;
  std::size_t point_size;

  std::size_t size() const { return before.size() + private_size + between.size() + point_size; }
};

// RFC 5958 around ECPrivateKey of RFC 5915, or around CurvePrivateKey of RFC 8410.
constexpr unsigned char p256_before[] = {
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00,                                      // version 0
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,        // ecPublicKey
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d,  // prime256v1
    0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20};
constexpr unsigned char p256_between[] = {0xa1, 0x44, 0x03, 0x42, 0x00};
constexpr unsigned char p384_before[] = {
    0x30, 0x81, 0xb6, 0x02, 0x01, 0x00,                                // version 0
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,  // ecPublicKey
    0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x04, 0x81, 0x9e,        // secp384r1
    0x30, 0x81, 0x9b, 0x02, 0x01, 0x01, 0x04, 0x30};
constexpr unsigned char p384_between[] = {0xa1, 0x64, 0x03, 0x62, 0x00};
constexpr unsigned char ed25519_before[] = {0x30, 0x2e, 0x02, 0x01, 0x00,              // version 0
                                            0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,  // Ed25519
                                            0x04, 0x22, 0x04, 0x20};

constexpr Layout p256_layout{p256_before, 32, p256_between, 65};
constexpr Layout p384_layout{p384_before, 48, p384_between, 97};
constexpr Layout ed25519_layout{ed25519_before, 32, {}, 0};

const Layout& layout_of(Algorithm algorithm) {
  if (algorithm == Algorithm::ecdsap256sha256) return p256_layout;
  if (algorithm == Algorithm::ecdsap384sha384) return p384_layout;
  return ed25519_layout;
}

struct Parts {
  std::span<std::byte> before, private_number, between, point;
};

Parts split(std::span<std::byte> der, const Layout& layout) {
  const std::size_t end_of_private = layout.before.size() + layout.private_size;
  return {der.first(layout.before.size()), der.subspan(layout.before.size(), layout.private_size),
          der.subspan(end_of_private, layout.between.size()), der.last(layout.point_size)};
}

void put(std::span<const unsigned char> constant, std::span<std::byte> place) {
  std::ranges::copy(std::as_bytes(constant), place.begin());
}

bool is(std::span<const unsigned char> constant, std::span<std::byte> found) {
  return std::ranges::equal(std::as_bytes(constant), found);
}

bool numbers_into(const Key& key, Algorithm algorithm, const Parts& parts) {
  std::size_t size = parts.private_number.size();
  if (algorithm == Algorithm::ed25519) {
    return EVP_PKEY_get_raw_private_key(key.get(), out(parts.private_number), &size) > 0;
  }
  return number_into(key, OSSL_PKEY_PARAM_PRIV_KEY, parts.private_number) &&
         EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, out(parts.point),
                                         parts.point.size(), &size) > 0 &&
         size == parts.point.size();
}

Result<Secret> write_curve(const Key& key, Algorithm algorithm) {
  const Layout& layout = layout_of(algorithm);
  Secret der(layout.size());
  const Parts parts = split({der.data(), der.size()}, layout);
  put(layout.before, parts.before);
  put(layout.between, parts.between);
  if (!numbers_into(key, algorithm, parts)) return not_a_private_key(algorithm);
  return der;
}

// The point is stored beside the private number: somebody could have stored another one.
bool point_belongs(const Key& key) {
  struct FreeContext {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  };
  const std::unique_ptr<EVP_PKEY_CTX, FreeContext> context{
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)};
  return context && EVP_PKEY_pairwise_check(context.get()) > 0;
}

Result<Key> read_curve(const Secret& pkcs8, Algorithm algorithm) {
  const Layout& layout = layout_of(algorithm);
  if (pkcs8.size() != layout.size()) return not_a_private_key(algorithm);
  Secret der = pkcs8.first(pkcs8.size());
  const Parts parts = split({der.data(), der.size()}, layout);
  if (!is(layout.before, parts.before) || !is(layout.between, parts.between)) {
    return not_a_private_key(algorithm);
  }
  if (algorithm == Algorithm::ed25519) {
    Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, out(parts.private_number),
                                         parts.private_number.size())};
    if (!key) return not_a_private_key(algorithm);
    return key;
  }
  auto key = from_curve(*curve_of(algorithm), parts.private_number, parts.point);
  if (!key || !point_belongs(*key)) return not_a_private_key(algorithm);
  return key;
}

struct FreePkcs8 {
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }  // wipes
};
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreePkcs8>;

Result<Secret> write_rsa(const Key& key) {
  const Pkcs8 info{EVP_PKEY2PKCS8(key.get())};
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (size <= 0) return not_a_private_key(Algorithm::rsasha256);
  Secret der(static_cast<std::size_t>(size));
  unsigned char* end = out(der);
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &end);
  return der;
}

Result<Key> read_rsa(const Secret& pkcs8) {
  const unsigned char* next = in(pkcs8);
  const unsigned char* end = next + pkcs8.size();
  const Pkcs8 info{d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, static_cast<long>(pkcs8.size()))};
  if (!info || next != end) return not_a_private_key(Algorithm::rsasha256);
  Key key{EVP_PKCS82PKEY(info.get())};
  if (!key || EVP_PKEY_is_a(key.get(), "RSA") != 1) return not_a_private_key(Algorithm::rsasha256);
  return key;
}

}  // namespace

Result<Written> write(const Key& key, Algorithm algorithm) {
  auto pkcs8 = algorithm == Algorithm::rsasha256 ? write_rsa(key) : write_curve(key, algorithm);
  if (!pkcs8) return tl::unexpected(pkcs8.error());
  if (const Curve* curve = curve_of(algorithm)) {
    // x | y end the PKCS#8. Asked for the point again, OpenSSL would compute it again: 5 us.
    Bytes wire = to_bytes(pkcs8->view().last(2 * curve->size));
    return Written{std::move(*pkcs8), std::move(wire)};
  }
  auto wire = to_public_wire(key, algorithm);
  if (!wire) return tl::unexpected(wire.error());
  return Written{std::move(*pkcs8), std::move(*wire)};
}

Result<Key> from_pkcs8(const Secret& pkcs8, Algorithm algorithm) {
  return algorithm == Algorithm::rsasha256 ? read_rsa(pkcs8) : read_curve(pkcs8, algorithm);
}

}  // namespace rollcall::crypto::evp
