// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/crypto/identity.h"

#include <sodium.h>

#include <algorithm>

#include "lib/crypto/c_bytes.h"
#include "lib/util/must.h"

namespace rollcall::crypto {
namespace {

constexpr std::string_view magic = "rollcall-identity-1\n";
constexpr std::size_t half_size = 32;  // a seed or a public key

// Seed and public key of Ed25519 stand together: that is libsodium's form of a signing key.
constexpr std::size_t signing_seed_at = magic.size();
constexpr std::size_t signing_key_at = signing_seed_at + half_size;
constexpr std::size_t sealing_seed_at = signing_key_at + half_size;
constexpr std::size_t sealing_key_at = sealing_seed_at + half_size;
constexpr std::size_t stored_size = sealing_key_at + half_size;

static_assert(crypto_sign_SEEDBYTES == half_size && crypto_sign_PUBLICKEYBYTES == half_size &&
              crypto_sign_SECRETKEYBYTES == 2 * half_size);
static_assert(crypto_box_SEEDBYTES == half_size && crypto_box_PUBLICKEYBYTES == half_size &&
              crypto_box_SECRETKEYBYTES == half_size);
static_assert(crypto_sign_BYTES == std::tuple_size_v<Signature>);

unsigned char* at(Secret& secret, std::size_t offset) { return out(secret) + offset; }

const unsigned char* at(const Secret& secret, std::size_t offset) { return in(secret) + offset; }

// Puts the public keys, which follow from the seeds, beside them.
void complete(Secret& stored) {
  Secret scratch(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(at(stored, signing_key_at), out(scratch), at(stored, signing_seed_at));
  crypto_box_seed_keypair(at(stored, sealing_key_at), out(scratch), at(stored, sealing_seed_at));
}

PublicKey key_at(const Secret& stored, std::size_t offset) {
  PublicKey key;
  std::ranges::copy(stored.view().subspan(offset, key.size()), key.begin());
  return key;
}

}  // namespace

Identity Identity::make() {
  Secret stored(stored_size);
  std::ranges::copy(as_bytes(magic), stored.data());
  randombytes_buf(at(stored, signing_seed_at), half_size);
  randombytes_buf(at(stored, sealing_seed_at), half_size);
  complete(stored);
  return Identity{std::move(stored)};
}

Result<Identity> Identity::from(const Secret& stored) {
  if (stored.size() != stored_size || !stored.text().starts_with(magic)) {
    return fail(Errc::malformed, "the identity is not of format 1");
  }
  // The public keys serve as a check: a flipped bit must not make another identity of this one.
  Secret completed = stored.first(stored_size);
  complete(completed);
  if (completed != stored) return fail(Errc::malformed, "the identity was damaged");
  return Identity{std::move(completed)};
}

PublicKey Identity::signing_key() const { return key_at(stored_, signing_key_at); }

PublicKey Identity::sealing_key() const { return key_at(stored_, sealing_key_at); }

Signature Identity::sign(ByteView bytes) const {
  MUST(!stored_.empty());
  Signature signature;
  crypto_sign_detached(out(signature), nullptr, in(bytes), bytes.size(),
                       at(stored_, signing_seed_at));
  return signature;
}

Result<Secret> Identity::open(ByteView sealed) const {
  MUST(!stored_.empty());
  if (sealed.size() < crypto_box_SEALBYTES) return fail(Errc::malformed, "the seal is cut short");
  PublicKey key;
  Secret private_key(crypto_box_SECRETKEYBYTES);
  crypto_box_seed_keypair(out(key), out(private_key), at(stored_, sealing_seed_at));
  Secret opened(sealed.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(out(opened), in(sealed), sealed.size(), in(key), out(private_key)) !=
      0) {
    return fail(Errc::malformed, "the seal was made for another member, or changed");
  }
  return opened;
}

bool verify(const PublicKey& signing_key, ByteView bytes, const Signature& signature) {
  return crypto_sign_verify_detached(in(signature), in(bytes), bytes.size(), in(signing_key)) == 0;
}

Result<Bytes> seal(const Secret& secret, const PublicKey& sealing_key) {
  Bytes sealed(secret.size() + crypto_box_SEALBYTES);
  if (crypto_box_seal(out(sealed), in(secret), secret.size(), in(sealing_key)) != 0) {
    return fail(Errc::malformed, "the sealing key is none");
  }
  return sealed;
}

Digest check_value(const Secret& master_key) {
  const ByteView label = as_bytes("kcv");
  Digest digest;
  crypto_generichash(out(digest), digest.size(), in(label), label.size(), in(master_key),
                     master_key.size());
  return digest;
}

}  // namespace rollcall::crypto
