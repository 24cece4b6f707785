// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/zone_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "lib/crypto/c_bytes.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/evp.h"

namespace rollcall::crypto {
namespace {

constexpr std::size_t header_size = 4;  // flags (2), protocol, algorithm. RFC 4034, 2.1
constexpr std::byte protocol{3};        // RFC 4034, 2.1.2
constexpr std::byte revoke{0x80};       // in the lower byte of the flags. RFC 5011, 7

// Never leaves this process, and cannot be taken for the data of an RRSIG.
constexpr std::string_view trial_text = "rollcall trial signature";

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// Ed25519 takes the message itself.
const char* digest_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsasha256:
    case Algorithm::ecdsap256sha256:
      return "SHA256";
    case Algorithm::ecdsap384sha384:
      return "SHA384";
    case Algorithm::ed25519:
      return nullptr;
  }
  return nullptr;
}

Result<Bytes> trial_signature(const evp::Key& key, Algorithm algorithm) {
  const Context context{EVP_MD_CTX_new()};
  const ByteView text = as_bytes(trial_text);
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, digest_name(algorithm), nullptr, nullptr,
                            key.get(), nullptr) <= 0 ||
      EVP_DigestSign(context.get(), out(signature), &size, in(text), text.size()) <= 0) {
    return evp::failure(Errc::malformed, "the private key does not sign");
  }
  signature.resize(size);
  return signature;
}

Result<> verify_trial(const evp::Key& key, Algorithm algorithm, ByteView signature) {
  const Context context{EVP_MD_CTX_new()};
  const ByteView text = as_bytes(trial_text);
  if (!context ||
      EVP_DigestVerifyInit_ex(context.get(), nullptr, digest_name(algorithm), nullptr, nullptr,
                              key.get(), nullptr) <= 0 ||
      EVP_DigestVerify(context.get(), in(signature), signature.size(), in(text), text.size()) !=
          1) {
    return evp::failure(Errc::malformed, "the dnskey does not verify what the private key signs");
  }
  return {};
}

Bytes dnskey_from(ByteView wire, Role role, Algorithm algorithm) {
  const std::uint16_t flags = dnskey_flags(role);
  Bytes dnskey(header_size + wire.size());
  dnskey[0] = static_cast<std::byte>(flags >> 8);
  dnskey[1] = static_cast<std::byte>(flags & 0xff);
  dnskey[2] = protocol;
  dnskey[3] = static_cast<std::byte>(algorithm);
  std::ranges::copy(wire, dnskey.begin() + header_size);
  return dnskey;
}

Result<Bytes> dnskey_of(const evp::Key& key, Role role, Algorithm algorithm) {
  const auto wire = evp::to_public_wire(key, algorithm);
  if (!wire) return tl::unexpected(wire.error());
  return dnskey_from(*wire, role, algorithm);
}

// The flags say whether it is a KSK; everything else has to be equal.
Role role_of(ByteView dnskey) {
  return dnskey[1] == static_cast<std::byte>(dnskey_flags(Role::ksk) & 0xff) ? Role::ksk
                                                                             : Role::zsk;
}

}  // namespace

Result<NewKey> generate(Role role, Algorithm algorithm) {
  const auto key = evp::generate(algorithm);
  if (!key) return tl::unexpected(key.error());
  auto written = evp::write(*key, algorithm);
  if (!written) return tl::unexpected(written.error());
  return NewKey{std::move(written->pkcs8), dnskey_from(written->public_wire, role, algorithm)};
}

Result<Bytes> dnskey_of(const Secret& private_key, Role role, Algorithm algorithm) {
  const auto key = evp::from_pkcs8(private_key, algorithm);
  if (!key) return tl::unexpected(key.error());
  return dnskey_of(*key, role, algorithm);
}

Result<> prove(const Secret& private_key, Algorithm algorithm, ByteView dnskey) {
  if (dnskey.size() < header_size) return fail(Errc::malformed, "the dnskey is cut short");
  const auto own = evp::from_pkcs8(private_key, algorithm);
  if (!own) return tl::unexpected(own.error());
  const auto derived = dnskey_of(*own, role_of(dnskey), algorithm);
  if (!derived) return tl::unexpected(derived.error());
  if (!std::ranges::equal(*derived, dnskey)) {
    return fail(Errc::malformed, "the private key belongs to another dnskey");
  }
  const auto published = evp::from_public_wire(dnskey.subspan(header_size), algorithm);
  if (!published) return tl::unexpected(published.error());
  const auto signature = trial_signature(*own, algorithm);
  if (!signature) return tl::unexpected(signature.error());
  return verify_trial(*published, algorithm, *signature);
}

Fingerprint fingerprint(ByteView dnskey) { return sha256(dnskey); }

Result<std::uint16_t> key_tag(ByteView dnskey) {
  if (dnskey.size() < header_size) return fail(Errc::malformed, "the dnskey is cut short");
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < dnskey.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(dnskey[i]) << (i % 2 == 0 ? 8 : 0);
  }
  sum += sum >> 16;
  return static_cast<std::uint16_t>(sum & 0xffff);
}

Result<std::uint16_t> key_tag_revoked(ByteView dnskey) {
  if (dnskey.size() < header_size) return fail(Errc::malformed, "the dnskey is cut short");
  Bytes revoked = to_bytes(dnskey);
  revoked[1] |= revoke;
  return key_tag(revoked);
}

}  // namespace rollcall::crypto
