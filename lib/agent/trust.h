// SPDX-License-Identifier: GPL-3.0-or-later
// Whose signatures are believed: the anchor's, then everybody's whom a believed `admit` names.
#pragma once

#include <map>

#include "lib/agent/store.h"
#include "lib/core/fact.h"

namespace rollcall::agent {

class Trust {
 public:
  explicit Trust(const Anchor& anchor) { keys_.emplace(anchor.member, anchor.signing); }

  /// Takes in the keys that a verified fact vouches for. The first key of an incarnation stays: one
  /// that is changed later is no key of that member.
  ///
  /// Returns  Whether somebody is known now who was not before.
  bool learn(const Fact& fact);

  bool knows(const Incarnation& member) const { return keys_.contains(member); }
  /// A next life that the member took in itself has the keys of the one before.
  bool signed_by(const Incarnation& member, ByteView bytes, const Signature& signature) const;

 private:
  bool learn(const MemberKeys& keys);

  std::map<Incarnation, std::array<std::byte, 32>> keys_;
};

}  // namespace rollcall::agent
