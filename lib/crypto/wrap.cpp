// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/wrap.h"

#include <sodium.h>

#include <algorithm>
#include <span>
#include <string>
#include <tuple>

#include "lib/crypto/c_bytes.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/util/must.h"

namespace rollcall::crypto {
namespace {

constexpr std::byte format_version{1};
constexpr std::size_t epoch_size = 4;
constexpr std::size_t commitment_size = 32;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;

constexpr std::size_t commitment_at = 1 + epoch_size;
constexpr std::size_t nonce_at = commitment_at + commitment_size;
constexpr std::size_t ciphertext_at = nonce_at + nonce_size;
constexpr std::size_t shortest_blob = ciphertext_at + tag_size;

static_assert(nonce_size == std::tuple_size_v<internal::Nonce>);

template <class Number>
void append_number(Bytes& to, Number number) {
  for (std::size_t shift = sizeof number * 8; shift != 0; shift -= 8) {
    to.push_back(static_cast<std::byte>(number >> (shift - 8) & 0xff));
  }
}

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void add_field(Bytes& aad, ByteView value) {
  append_number(aad, static_cast<std::uint32_t>(value.size()));
  append(aad, value);
}

template <class Number>
void add_number_field(Bytes& aad, Number number) {
  append_number(aad, std::uint32_t{sizeof number});
  append_number(aad, number);
}

Bytes aad_of(const WrapContext& context) {
  Bytes aad;
  aad.reserve(512);
  add_number_field(aad, std::to_integer<std::uint8_t>(format_version));
  add_field(aad, context.cluster.bytes);
  add_field(aad, context.zone_wire);
  add_field(aad, as_bytes(to_string(context.role)));
  add_number_field(aad, static_cast<std::uint8_t>(context.algorithm));
  add_number_field(aad, context.key_tag);
  add_number_field(aad, context.generation);
  add_field(aad, context.owner.bytes);
  add_field(aad, as_bytes(to_created(context.created)));
  add_number_field(aad, context.epoch);
  add_field(aad, context.fingerprint);
  return aad;
}

// BLAKE2b-256(key MK, label | nonce | BLAKE2b-256(AAD))
void derive(std::span<std::byte> key, std::string_view label, const Secret& master_key,
            ByteView nonce, ByteView aad) {
  std::array<std::byte, 32> hash;
  crypto_generichash(out(hash), hash.size(), in(aad), aad.size(), nullptr, 0);
  crypto_generichash_state state;
  crypto_generichash_init(&state, in(master_key), master_key.size(), key.size());
  crypto_generichash_update(&state, in(as_bytes(label)), label.size());
  crypto_generichash_update(&state, in(nonce), nonce.size());
  crypto_generichash_update(&state, in(hash), hash.size());
  crypto_generichash_final(&state, out(key), key.size());
  sodium_memzero(&state, sizeof state);  // holds the master key
}

// Kenc, wiped as soon as it was used. Not a Secret, since guarded memory would cost more than all
// the rest of wrap(), and the cipher copies its key to the stack anyway.
class EncryptionKey {
 public:
  EncryptionKey(const Secret& master_key, ByteView nonce, ByteView aad) {
    derive(bytes_, "enc", master_key, nonce, aad);
  }
  ~EncryptionKey() { sodium_memzero(bytes_.data(), bytes_.size()); }
  EncryptionKey(const EncryptionKey&) = delete;
  EncryptionKey& operator=(const EncryptionKey&) = delete;

  const unsigned char* data() const { return in(bytes_); }

 private:
  std::array<std::byte, key_size> bytes_;
};

Digest commitment(const Secret& master_key, ByteView nonce, ByteView aad) {
  Digest digest;
  derive(digest, "com", master_key, nonce, aad);
  return digest;
}

// What can be said before any secret is touched.
Result<> check_header(ByteView blob, std::uint32_t epoch) {
  if (blob.size() < shortest_blob) return fail(Errc::malformed, "the wrapped key is cut short");
  if (blob[0] != format_version) {
    return fail(Errc::malformed, "the wrapped key has the unknown format version " +
                                     std::to_string(std::to_integer<unsigned>(blob[0])));
  }
  Bytes expected;
  append_number(expected, epoch);
  if (!std::ranges::equal(blob.subspan(1, epoch_size), expected)) {
    return fail(Errc::malformed,
                "the wrapped key is not of master key epoch " + std::to_string(epoch));
  }
  return {};
}

}  // namespace

Bytes internal::wrap_with(const Nonce& nonce, const Secret& master_key, const Secret& plain,
                          const WrapContext& context) {
  MUST(master_key.size() == master_key_size);
  const Bytes aad = aad_of(context);
  Bytes blob{format_version};
  blob.reserve(shortest_blob + plain.size());
  append_number(blob, context.epoch);
  append(blob, commitment(master_key, nonce, aad));
  append(blob, nonce);
  blob.resize(shortest_blob + plain.size());
  const EncryptionKey key(master_key, nonce, aad);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out(std::span{blob}.subspan(ciphertext_at)), nullptr,
                                             in(plain), plain.size(), in(aad), aad.size(), nullptr,
                                             in(nonce), key.data());
  return blob;
}

Bytes wrap(const Secret& master_key, const Secret& plain, const WrapContext& context) {
  internal::Nonce nonce;
  random_bytes(nonce);  // 24 bytes: no two of 2^80 wraps have the same by chance
  return internal::wrap_with(nonce, master_key, plain, context);
}

Result<Secret> unwrap(const Secret& master_key, ByteView blob, const WrapContext& context) {
  MUST(master_key.size() == master_key_size);
  if (auto fits = check_header(blob, context.epoch); !fits) return tl::unexpected(fits.error());
  const Bytes aad = aad_of(context);
  const ByteView nonce = blob.subspan(nonce_at, nonce_size);
  // In constant time: how much of a forged commitment is right must not be measurable.
  if (!equal(commitment(master_key, nonce, aad), blob.subspan(commitment_at, commitment_size))) {
    return fail(Errc::malformed, "the wrapped key is another key's, or under another master key");
  }
  const EncryptionKey key(master_key, nonce, aad);
  const ByteView ciphertext = blob.subspan(ciphertext_at);
  Secret plain(ciphertext.size() - tag_size);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out(plain), nullptr, nullptr, in(ciphertext),
                                                 ciphertext.size(), in(aad), aad.size(), in(nonce),
                                                 key.data()) != 0) {
    return fail(Errc::malformed, "the wrapped key was changed");
  }
  return plain;
}

}  // namespace rollcall::crypto
