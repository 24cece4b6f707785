// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/trust.h"

#include <iterator>

#include "lib/crypto/identity.h"

namespace rollcall::agent {

bool Trust::learn(const Fact& fact) {
  const auto* admit = std::get_if<Admit>(&fact.content);
  if (admit == nullptr) return false;
  bool grew = learn(admit->joiner);
  for (const MemberKeys& known : admit->known) grew = learn(known) || grew;
  return grew;
}

bool Trust::learn(const MemberKeys& keys) {
  return keys_.emplace(Incarnation{keys.member, keys.incarnation}, keys.signing).second;
}

bool Trust::signed_by(const Incarnation& member, ByteView bytes, const Signature& signature) const {
  const auto after = keys_.upper_bound(member);
  if (after == keys_.begin()) return false;
  const auto& [life, key] = *std::prev(after);
  return life.member == member.member && crypto::verify(key, bytes, signature);
}

}  // namespace rollcall::agent
