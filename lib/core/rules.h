// SPDX-License-Identifier: GPL-3.0-or-later
// The rollover rules: which change of which record keeps a zone valid for every cache.
//
// Facts about caches, not about us: "a flexible and robust key rollover in DNSSEC" (Schaeffer,
// Overeinder, Mekking). A record is hidden (no cache has it), rumoured (some may lack it),
// omnipresent (every cache that has anything has it) or unretentive (some may still have it).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

enum class State : std::uint8_t { hidden, rumoured, omnipresent, unretentive };
std::string_view to_string(State state);

/// One key as the rules see it.
struct KeyStates {
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  State dnskey = State::hidden;
  State krrsig = State::hidden;
  State zrrsig = State::hidden;
  State ds = State::hidden;
  std::size_t successor = no_successor;  ///< Index of the key that replaces this one.

  static constexpr std::size_t no_successor = static_cast<std::size_t>(-1);

  State& operator[](Record record);
  State operator[](Record record) const;
  bool same_states(const KeyStates& other) const;
  bool completely_hidden() const;
};

/// Whether z may stand in for x: x names z, or names a key that is in the same states as z and
/// passes on to it ("three is a crowd").
bool succeeds(std::span<const KeyStates> keys, std::size_t x, std::size_t z);

/// A DS leads from the parent into the zone.
bool delegation_is_secure(std::span<const KeyStates> keys);
/// For each algorithm, whatever DS and DNSKEY RRset a cache has, they fit.
bool chain_holds(std::span<const KeyStates> keys);
/// For each algorithm, whatever DNSKEY RRset and data a cache has, they fit.
bool data_holds(std::span<const KeyStates> keys);

/// Whether a change makes nothing worse: every rule that held still holds, and where one is broken
/// already nothing is withdrawn.
///
/// Returns  Empty if allowed; else the rule that forbids it, for people.
///
/// insecure  The zone is to be without DNSSEC: its last DS may go.
std::string_view forbidden(std::span<const KeyStates> before, std::span<const KeyStates> after,
                           bool withdraws, bool insecure = false);

}  // namespace rollcall
