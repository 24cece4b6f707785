// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/served.h"

#include <memory>

namespace rollcall::agent {
namespace {

Result<Secret> private_key_of(const HeldKey& held) {
  const std::string key = "key " + short_name(held.candidate.fingerprint);
  if (!held.wrapped) return fail(Errc::malformed, key + ": its private key was wiped");
  if (!held.master_key) {
    return fail(Errc::malformed, key + ": the master key of epoch " +
                                     std::to_string(held.candidate.epoch) + " was not opened");
  }
  return private_key_text(held.owner, held.candidate, *held.wrapped, held.master_key);
}

}  // namespace

signer::KeyOrder order_for(const KeyTarget& target, HeldKey held, Seconds dnskey_ttl) {
  const auto shared = std::make_shared<const HeldKey>(std::move(held));
  const Candidate& c = shared->candidate;
  signer::KeyOrder order;
  order.fingerprint = c.fingerprint;
  order.role = c.generation.role;
  order.algorithm = c.generation.algorithm;
  order.key_tag = c.key_tag;
  order.dnskey = c.dnskey;
  order.created = c.created;
  order.dnskey_ttl = dnskey_ttl;
  order.publish = target.dnskey;
  order.sign_keys = target.krrsig;
  order.sign_zone = target.zrrsig;
  order.announce = target.ds;
  order.private_key = [shared] { return private_key_of(*shared); };
  return order;
}

ServedZone served_zone(const signer::Seen& seen) {
  ServedZone out;
  for (const signer::SeenKey& key : seen.keys) {
    out.keys.push_back({key.published, key.signs_keys, key.signs_whole_zone, key.signs_anything,
                        key.announced});
  }
  out.dnskey_ttl = seen.dnskey_ttl;
  out.max_zone_ttl = seen.max_zone_ttl;
  out.first_expiry = seen.first_expiry;
  out.foreign_keys = seen.foreign_keys;
  return out;
}

}  // namespace rollcall::agent
