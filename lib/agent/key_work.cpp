// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/key_work.h"

#include <algorithm>

#include "lib/agent/clock.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/wrap.h"
#include "lib/crypto/zone_key.h"
#include "lib/dns/names.h"
#include "lib/util/must.h"

namespace rollcall::agent {
namespace {

// With 300 keys of a zone one in a hundred is refused; a thousand in a row are no accident.
constexpr int most_tries = 1000;

crypto::WrapContext context_of(const KeyOwner& owner, const Candidate& c) {
  crypto::WrapContext context;
  context.cluster = owner.cluster;
  context.zone_wire = dns::zone_wire(c.zone.name);
  context.role = c.generation.role;
  context.algorithm = c.generation.algorithm;
  context.key_tag = c.key_tag;
  context.generation = c.generation.number;
  context.owner = owner.member;
  context.created = c.created;
  context.epoch = c.epoch;
  context.fingerprint = c.fingerprint;
  return context;
}

bool has_free_tags(ByteView dnskey, const std::vector<std::uint16_t>& taken) {
  const auto is_taken = [&](const Result<std::uint16_t>& tag) {
    return !tag || std::ranges::find(taken, *tag) != taken.end();
  };
  return !is_taken(crypto::key_tag(dnskey)) && !is_taken(crypto::key_tag_revoked(dnskey));
}

Result<crypto::NewKey> generate(const MakeKey& order) {
  const Generation& generation = order.intent.generation;
  for (int i = 0; i < most_tries; ++i) {
    auto made = crypto::generate(generation.role, generation.algorithm);
    if (!made || has_free_tags(made->dnskey, order.taken_tags)) return made;
  }
  return fail(Errc::unavailable, "no key with a free key tag was found");
}

/// The fields of a candidate that are bound to its wrapped key.
Candidate candidate_of(const MakeKey& order, Bytes dnskey) {
  Candidate c;
  c.zone = order.intent.zone;
  c.generation = order.intent.generation;
  c.created = now().wall;
  c.fingerprint = crypto::fingerprint(dnskey);
  c.key_tag = crypto::key_tag(dnskey).value();
  c.epoch = order.epoch;
  c.dnskey = std::move(dnskey);
  return c;
}

Result<Secret> unwrap(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                      const MasterKey& master_key) {
  auto key = crypto::unwrap(*master_key, wrapped, context_of(owner, candidate));
  if (!key) return key;
  auto proved = crypto::prove(*key, candidate.generation.algorithm, candidate.dnskey);
  if (!proved) return tl::unexpected(proved.error());
  return key;
}

}  // namespace

Result<MadeKey> make_key(const KeyOwner& owner, const MakeKey& order, const MasterKey& master_key) {
  MUST(master_key != nullptr);
  auto made = generate(order);
  if (!made) return tl::unexpected(made.error());
  const Candidate c = candidate_of(order, std::move(made->dnskey));
  Bytes wrapped = crypto::wrap(*master_key, made->private_key, context_of(owner, c));
  NewKey key{order.intent, c.created, c.fingerprint, c.key_tag,
             c.dnskey,     c.epoch,   crypto::sha256(wrapped)};
  return MadeKey{std::move(key), std::move(wrapped)};
}

Result<> check_key(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                   const MasterKey& master_key) {
  MUST(master_key != nullptr);
  if (crypto::fingerprint(candidate.dnskey) != candidate.fingerprint) {
    return fail(Errc::malformed, "the fingerprint is not that of the DNSKEY");
  }
  if (const auto tag = crypto::key_tag(candidate.dnskey); !tag || *tag != candidate.key_tag) {
    return fail(Errc::malformed, "the key tag is not that of the DNSKEY");
  }
  auto key = unwrap(owner, candidate, wrapped, master_key);
  if (!key) return tl::unexpected(key.error());
  return {};
}

Result<Bytes> rewrap_key(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                         const MasterKey& master_key, std::uint32_t next_epoch, const MasterKey& next) {
  MUST(master_key != nullptr && next != nullptr);
  auto key = unwrap(owner, candidate, wrapped, master_key);
  if (!key) return tl::unexpected(key.error());
  Candidate again = candidate;
  again.epoch = next_epoch;
  return crypto::wrap(*next, *key, context_of(owner, again));
}

Result<Secret> private_key_text(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                                const MasterKey& master_key) {
  MUST(master_key != nullptr);
  auto key = unwrap(owner, candidate, wrapped, master_key);
  if (!key) return key;
  return crypto::bind_private_key(*key, candidate.generation.algorithm);
}

}  // namespace rollcall::agent
