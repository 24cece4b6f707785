// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/evp.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <map>

#include "lib/crypto/c_bytes.h"

namespace rollcall::crypto::evp {
namespace {

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

constexpr Curve p256{"P-256", 32};
constexpr Curve p384{"P-384", 48};
constexpr std::size_t rsa_bits = 2048;  // BIND's default too; longer ones only make answers larger

const char* type_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsasha256:
      return "RSA";
    case Algorithm::ecdsap256sha256:
    case Algorithm::ecdsap384sha384:
      return "EC";
    case Algorithm::ed25519:
      return "ED25519";
  }
  return "";
}

bool set_up(EVP_PKEY_CTX* context, Algorithm algorithm) {
  if (context == nullptr || EVP_PKEY_keygen_init(context) <= 0) return false;
  std::size_t bits = rsa_bits;
  const Curve* curve = curve_of(algorithm);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (curve != nullptr) {
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                     const_cast<char*>(curve->group), 0);
  } else if (algorithm == Algorithm::rsasha256) {
    parameters[0] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits);
  } else {
    return true;
  }
  return EVP_PKEY_CTX_set_params(context, parameters) > 0;
}

// Fetching a context costs more than making a P-256 key, so each thread keeps its own. Contexts
// hold no keys. Null if OpenSSL gives none.
EVP_PKEY_CTX* generator(Algorithm algorithm) {
  thread_local std::map<Algorithm, Context> kept;
  Context& context = kept[algorithm];
  if (!context) {
    Context made{EVP_PKEY_CTX_new_from_name(nullptr, type_of(algorithm), nullptr)};
    if (set_up(made.get(), algorithm)) context = std::move(made);
  }
  return context.get();
}

// OpenSSL's parameters are numbers in the machine's own byte order.
void to_or_from_native(std::span<std::byte> number) {
  if constexpr (std::endian::native == std::endian::little) {
    std::reverse(number.begin(), number.end());
  }
}

}  // namespace

void Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

tl::unexpected<Error> failure(Errc code, std::string what) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (reason != nullptr) what += std::string{" ("} + reason + ")";
  return fail(code, std::move(what));
}

tl::unexpected<Error> not_a_private_key(Algorithm algorithm) {
  return failure(Errc::malformed, "not a private key of " + std::string{mnemonic(algorithm)});
}

const Curve* curve_of(Algorithm algorithm) {
  if (algorithm == Algorithm::ecdsap256sha256) return &p256;
  if (algorithm == Algorithm::ecdsap384sha384) return &p384;
  return nullptr;
}

Result<Key> generate(Algorithm algorithm) {
  EVP_PKEY_CTX* context = generator(algorithm);
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_generate(context, &key) <= 0) {
    return failure(Errc::unavailable,
                   "no " + std::string{mnemonic(algorithm)} + " key could be made");
  }
  return Key{key};
}

Result<Key> from_curve(const Curve& curve, ByteView private_number, ByteView point) {
  Secret native = Secret::copy_of(private_number);
  to_or_from_native({native.data(), native.size()});
  Bytes encoded = to_bytes(point);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve.group),
                                       0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()),
      OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (!native.empty()) {
    parameters[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, out(native), native.size());
  }
  const int selection = native.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  const Context context{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters) <= 0) {
    return failure(Errc::malformed, std::string{"not a key on the curve "} + curve.group);
  }
  return Key{key};
}

bool number_into(const Key& key, const char* name, std::span<std::byte> value) {
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_BN(name, out(value), value.size()),
                             OSSL_PARAM_construct_end()};
  if (EVP_PKEY_get_params(key.get(), parameters) <= 0) return false;
  to_or_from_native(value);
  return true;
}

Secret number(const Key& key, const char* name) {
  OSSL_PARAM size_query[] = {OSSL_PARAM_construct_BN(name, nullptr, 0), OSSL_PARAM_construct_end()};
  EVP_PKEY_get_params(key.get(), size_query);
  if (!OSSL_PARAM_modified(size_query)) return {};
  Secret value(size_query[0].return_size);
  if (!number_into(key, name, {value.data(), value.size()})) return {};
  return value;
}

}  // namespace rollcall::crypto::evp
