// SPDX-License-Identifier: GPL-3.0-or-later
// Master keys as they are made, sealed, opened and dropped; and a private key that is wrapped again.
#include "lib/agent/keyring.h"

#include <catch2/catch.hpp>

#include "lib/agent/key_work.h"
#include "lib/crypto/random.h"

using namespace rollcall;
using namespace rollcall::agent;

namespace {

MemberKeys keys_of(const Keyring& keyring) {
  return {crypto::random_uuid(), 1, "a.test", keyring.identity().signing_key(), keyring.identity().sealing_key()};
}

MasterKeyId id_of(const Epoch& epoch) { return {epoch.number, epoch.check}; }

}  // namespace

TEST_CASE("a master key is made for all, and each opens what is sealed to it", "[keyring]") {
  Keyring ours{crypto::Identity::make()}, theirs{crypto::Identity::make()};
  const auto sealed = make_epoch(2, {keys_of(theirs), keys_of(ours)});
  REQUIRE(sealed);
  REQUIRE(sealed->size() == 2);
  CHECK(sealed->front().check == sealed->back().check);
  CHECK(ours.master_key(id_of(sealed->back())) == nullptr);  // kept by nobody
  CHECK_FALSE(ours.open(sealed->front()));
  REQUIRE(ours.open(sealed->back()));
  REQUIRE(theirs.open(sealed->front()));
  CHECK(*ours.master_key(id_of(sealed->back())) == *theirs.master_key(id_of(sealed->front())));
}

TEST_CASE("a key that does not fit its check value is refused", "[keyring]") {
  Keyring keyring{crypto::Identity::make()};
  auto sealed = make_epoch(2, {keys_of(keyring)});
  REQUIRE(sealed);
  sealed->front().check[0] ^= std::byte{1};
  const auto opened = keyring.open(sealed->front());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().what == "master key of epoch 2: does not fit its check value");
}

TEST_CASE("two keys of one number are kept apart; one is dropped, the other stays", "[keyring]") {
  Keyring keyring{crypto::Identity::make()};
  const MemberKeys us = keys_of(keyring);
  const auto one = make_epoch(2, {us}), other = make_epoch(2, {us});
  REQUIRE(keyring.open(one->front()));
  REQUIRE(keyring.open(other->front()));
  keyring.drop(id_of(one->front()));
  CHECK(keyring.master_key(id_of(one->front())) == nullptr);
  CHECK(keyring.master_key(id_of(other->front())) != nullptr);
  CHECK_FALSE(keyring.seal(id_of(one->front()), us));
  CHECK(keyring.seal(id_of(other->front()), us)->check == other->front().check);
  CHECK(keyring.open(one->front()));  // its sealed copy is there still
}

TEST_CASE("a key is wrapped again: the new copy opens under the new master key, and only there", "[keyring]") {
  Keyring keyring{crypto::Identity::make()};
  const MemberKeys us = keys_of(keyring);
  const auto first = make_epoch(1, {us}), second = make_epoch(2, {us});
  REQUIRE(keyring.open(first->front()));
  REQUIRE(keyring.open(second->front()));
  const MasterKey before = keyring.master_key(id_of(first->front())), after = keyring.master_key(id_of(second->front()));
  const KeyOwner owner{crypto::random_uuid(), us.member};
  const auto made = make_key(owner, {{{"example.test.", 1}, {Role::zsk, Algorithm::ed25519, 1}}, 1, {}}, before);
  REQUIRE(made);
  Candidate candidate;
  candidate.zone = made->key.intent.zone;
  candidate.generation = made->key.intent.generation;
  candidate.created = made->key.created;
  candidate.fingerprint = made->key.fingerprint;
  candidate.key_tag = made->key.key_tag;
  candidate.dnskey = made->key.dnskey;
  candidate.epoch = 1;

  const auto again = rewrap_key(owner, candidate, made->wrapped, before, 2, after);
  REQUIRE(again);
  CHECK_FALSE(check_key(owner, candidate, *again, before));
  candidate.epoch = 2;
  CHECK(check_key(owner, candidate, *again, after));
  CHECK_FALSE(check_key(owner, candidate, *again, before));
  CHECK_FALSE(check_key(owner, candidate, made->wrapped, after));
}
