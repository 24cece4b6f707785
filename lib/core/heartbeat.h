// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat: one signed, numbered value in a member's own entry that says how far it is.
//
// One vector acks any number of zones. Readers keep the highest counter of each member.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

/// What a signer can do with the records of a leaving ZSK.
enum class SwapAbility : std::uint8_t {
  exact,     ///< Signatures can be swapped while both DNSKEYs stay.
  together,  ///< ZRRSIG and DNSKEY leave together only (named).
};

struct SignerAbility {
  SwapAbility swap = SwapAbility::exact;
  Seconds resign{0};  ///< Dsgn: how long replacing all signatures may take; 0: it proves a full re-sign.
  bool operator==(const SignerAbility&) const = default;
};

/// "I hold and have carried out all facts of this author up to `seq`, but for those in `behind`."
struct VectorEntry {
  Incarnation author;
  std::uint64_t seq = 0;
  Digest digest{};  ///< Chain value at `seq`.
  /// In words: whole vectors are compared for each heartbeat.
  bool operator==(const VectorEntry& other) const {
    return seq == other.seq && author == other.author &&
           std::memcmp(digest.data(), other.digest.data(), sizeof digest) == 0;
  }
};

/// Facts of a zone that are held but not carried out (yet).
struct Behind {
  ZoneRef zone;
  std::vector<FactId> facts;  ///< Empty: the whole zone, since the own server lost it.
  bool operator==(const Behind&) const = default;
};

struct Heartbeat {
  Incarnation member;
  std::uint64_t counter = 0;  ///< Grows by each heartbeat; a lower one is never accepted.
  Uuid instance;              ///< Random per start: tells two agents with one identity.
  Time time;
  std::uint64_t last_seq = 0;  ///< Of the own facts, in the own store.
  Digest last_chain{};
  std::vector<Incarnation> roster;
  std::vector<VectorEntry> vector;
  std::vector<Behind> behind;
  std::vector<FactId> lacks;
  std::vector<FactId> said_more;  ///< Lives that had said more, with the highest counter heard: their store was restored.
  bool serving = false;
  SignerAbility signer;
  Seconds dnskey_ttl{0};    ///< Largest served.
  Seconds max_zone_ttl{0};  ///< Largest served.
  std::optional<Time> next_keys;  ///< When the member expects to need the next key of any zone.
  std::vector<std::string> alarms;
  std::vector<std::string> addresses;  ///< `address@port` where the member's DNS server answers all.
  std::string version;  ///< Of the software, for people.
};

/// As it was heard: everybody who hears it may hold the same one.
using HeardHeartbeat = std::shared_ptr<const Heartbeat>;

}  // namespace rollcall
