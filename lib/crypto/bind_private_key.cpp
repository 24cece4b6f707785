// SPDX-License-Identifier: GPL-3.0-or-later
// A private key as text that BIND and others read. The text is as secret as the key, so it is
// made in guarded memory, and encoded in constant time.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

#include "lib/crypto/c_bytes.h"
#include "lib/crypto/evp.h"
#include "lib/crypto/zone_key.h"
#include "lib/util/must.h"

namespace rollcall::crypto {
namespace {

constexpr std::size_t longest_text = 4096;  // an RSA key of 4096 bits takes 3300

class SecretText {
 public:
  void add(std::string_view text) {
    MUST(text.size() <= text_.size() - used_);
    std::ranges::copy(as_bytes(text), text_.data() + used_);
    used_ += text.size();
  }

  void add_base64(ByteView bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    const std::size_t size = sodium_base64_encoded_len(bytes.size(), variant);  // with its final 0
    MUST(size <= text_.size() - used_);
    sodium_bin2base64(reinterpret_cast<char*>(text_.data() + used_), size, in(bytes), bytes.size(),
                      variant);
    used_ += size - 1;
  }

  Secret take() const { return text_.first(used_); }

 private:
  Secret text_{longest_text};
  std::size_t used_ = 0;
};

struct Field {
  const char* label;   // BIND: lib/dns/dst_parse.c
  const char* number;  // OpenSSL
};

constexpr Field rsa_fields[] = {{"Modulus", OSSL_PKEY_PARAM_RSA_N},
                                {"PublicExponent", OSSL_PKEY_PARAM_RSA_E},
                                {"PrivateExponent", OSSL_PKEY_PARAM_RSA_D},
                                {"Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                {"Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                {"Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                {"Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                {"Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

void add_field(SecretText& text, std::string_view label, ByteView value) {
  text.add(label);
  text.add(": ");
  text.add_base64(value);
  text.add("\n");
}

bool add_rsa(SecretText& text, const evp::Key& key) {
  for (const Field& field : rsa_fields) {
    const Secret value = evp::number(key, field.number);
    if (value.empty()) return false;
    add_field(text, field.label, value.view());
  }
  return true;
}

// Leading zeros stay: BIND wants the size of the curve.
bool add_curve(SecretText& text, const evp::Key& key, std::size_t size) {
  Secret value(size);
  if (!evp::number_into(key, OSSL_PKEY_PARAM_PRIV_KEY, {value.data(), size})) return false;
  add_field(text, "PrivateKey", value.view());
  return true;
}

bool add_ed25519(SecretText& text, const evp::Key& key) {
  std::size_t size = 32;
  Secret value(size);
  if (EVP_PKEY_get_raw_private_key(key.get(), out(value), &size) <= 0) return false;
  add_field(text, "PrivateKey", value.view());
  return true;
}

bool add_numbers(SecretText& text, const evp::Key& key, Algorithm algorithm) {
  if (const evp::Curve* curve = evp::curve_of(algorithm)) return add_curve(text, key, curve->size);
  return algorithm == Algorithm::ed25519 ? add_ed25519(text, key) : add_rsa(text, key);
}

}  // namespace

Result<Secret> bind_private_key(const Secret& private_key, Algorithm algorithm) {
  const auto key = evp::from_pkcs8(private_key, algorithm);
  if (!key) return tl::unexpected(key.error());
  SecretText text;
  text.add("Private-key-format: v1.3\nAlgorithm: ");
  text.add(std::to_string(static_cast<unsigned>(algorithm)));
  text.add(" (");
  text.add(mnemonic(algorithm));
  text.add(")\n");
  if (!add_numbers(text, *key, algorithm)) return evp::not_a_private_key(algorithm);
  return text.take();
}

}  // namespace rollcall::crypto
