// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/core_crypto.h"

#include "lib/crypto/digest.h"
#include "lib/directory/codec.h"
#include "lib/dns/names.h"

namespace rollcall::agent {

Signature CoreCrypto::sign(const FactId& id, Time created, const FactContent& content) const {
  const auto attributes = directory::attributes_of(id, created, content);
  return keyring_.identity().sign(directory::signed_bytes(cluster_, attributes));
}

Digest CoreCrypto::chain(const Digest& before, const Signature& signature) const {
  return crypto::chain(before, signature);
}

std::uint64_t CoreCrypto::rank(const MemberId& member, const ZoneName& zone) const {
  // Ranks are also drawn for what is no zone: the id of a fact, the name of a member.
  if (dns::canonical_zone(zone) != zone) return crypto::rendezvous(member, to_bytes(zone));
  return crypto::rendezvous(member, dns::zone_wire(zone));
}

}  // namespace rollcall::agent
