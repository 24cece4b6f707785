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

// RFC 5011, 7: bit 8 of the flags, which are the first two bytes of the RDATA.
Bytes revoked_dnskey(Bytes dnskey) {
  dnskey.at(1) |= std::byte{0x80};
  return dnskey;
}

}  // namespace

std::vector<signer::KeyOrder> orders_for(const KeyTarget& target, HeldKey held, Seconds dnskey_ttl) {
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
  if (!target.ever_revoked) return {order};
  signer::KeyOrder revoked = order;
  revoked.dnskey = revoked_dnskey(c.dnskey);
  revoked.key_tag = revoked_tag(c.key_tag);
  revoked.publish = revoked.sign_keys = target.revoked;
  revoked.sign_zone = revoked.announce = false;
  return {order, revoked};
}

ServedZone served_zone(const signer::Seen& seen, const std::vector<KeyTarget>& targets) {
  ServedZone out;
  auto key = seen.keys.begin();
  for (const KeyTarget& target : targets) {
    if (key == seen.keys.end()) break;
    out.keys.push_back({key->published, key->signs_keys, key->signs_whole_zone, key->signs_anything,
                        key->announced});
    ++key;
    if (!target.ever_revoked || key == seen.keys.end()) continue;
    out.keys.back().revoked = key->published && key->signs_keys;
    ++key;
  }
  out.dnskey_ttl = seen.dnskey_ttl;
  out.max_zone_ttl = seen.max_zone_ttl;
  out.first_expiry = seen.first_expiry;
  out.foreign_keys = seen.foreign_keys;
  return out;
}

}  // namespace rollcall::agent
