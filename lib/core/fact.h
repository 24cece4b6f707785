// SPDX-License-Identifier: GPL-3.0-or-later
// Facts: what members tell each other. Immutable, signed, numbered, added and never changed.
//
// State that all members share is a pure function of the union of all facts, so neither order nor
// duplicates matter. How a fact stands in the directory, and which of its bytes are signed, is the
// codec's business (lib/directory/codec.h).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

/// A key that one member made for a generation.
struct Candidate {
  ZoneRef zone;
  Generation generation;
  Time created;             ///< Decides the election, to the nanosecond.
  Time due;                 ///< When the generation was due by the author's reckoning; not after `created`.
  std::string why;          ///< `first`, `predecessor <fingerprint>` or `request <uuid>`.
  std::optional<Time> expires;  ///< Planned end of use; absent: unlimited.
  Fingerprint fingerprint;
  std::uint16_t key_tag = 0;    ///< RFC 4034, appendix B.
  Bytes dnskey;                 ///< RDATA in wire form.
  std::uint32_t epoch = 0;      ///< Of the master key that wraps the private key.
  Digest wrapped_digest{};      ///< SHA-256 of the wrapped private key, which is not signed itself.
};

/// The author will not have this candidate, whatever the others think.
struct Reject {
  ZoneRef zone;
  Generation generation;
  FactId candidate;
  std::string reason;
};

/// One record of one key.
struct KeyRecord {
  Fingerprint key;
  Record record;
  auto operator<=>(const KeyRecord&) const = default;
};

/// The intervals that a decision or an observation was made with. A member waits the largest that
/// it knows of: its policy's, the decision's, and what anybody serves.
struct Intervals {
  Seconds dnskey_ttl{0};          ///< TTLkey
  Seconds max_zone_ttl{0};        ///< TTLsig
  Seconds ds_ttl{0};              ///< TTLds
  Seconds propagation{0};         ///< Dprp
  Seconds parent_propagation{0};  ///< DprpP
  Seconds publish_safety{0};      ///< pubsafe
  Seconds retire_safety{0};       ///< retsafe
  Seconds resign{0};              ///< Dsgn; 0 if every signer proves a full re-sign
  Seconds hold_down{0};           ///< Itrp: until resolvers of RFC 5011 trust a new KSK; 0: no anchor
  Seconds revocation{0};          ///< mQI: until they have seen a revocation
  bool operator==(const Intervals&) const = default;
};

/// Introduce these records, withdraw those, as one change.
struct Decision {
  ZoneRef zone;
  std::vector<KeyRecord> introduces;  ///< Sorted.
  std::vector<KeyRecord> withdraws;   ///< Sorted.
  std::vector<FactId> rests_on;       ///< The facts without which the author would not have decided.
  Intervals waits;
};

/// What the parent answers for a zone's DS.
struct Observation {
  ZoneRef zone;
  FactId after;  ///< The decision about the DS that the author had seen acked by all before it asked.
  std::vector<Fingerprint> ds;   ///< Of keys known to us, at *every* address. Sorted.
  std::vector<Fingerprint> ds_somewhere;  ///< At some addresses, but not at all. Sorted.
  std::uint32_t unknown = 0;     ///< DS records that belong to no key that we know.
  Seconds ttl{0};                ///< The largest TTL seen.
  std::string by_hand;           ///< Who said so; empty if the author asked the parent itself.
};

/// An administrator asked for the next generation now.
struct Request {
  Uuid id;
  ZoneRef zone;
  Generation generation;  ///< The one that is to be made.
  std::string asked_by;
  bool emergency = false;  ///< Without the safety margins: as fast as is safe.
};

/// These keys are never to be put in use. Who carried it out introduces nothing of them any more.
struct Abandon {
  ZoneRef zone;
  std::vector<Fingerprint> keys;  ///< Sorted.
  std::string why;
};

/// The public half of a member.
struct MemberKeys {
  MemberId member;
  std::uint32_t incarnation = 1;
  std::string host;
  std::array<std::byte, 32> signing{};  ///< Ed25519
  std::array<std::byte, 32> sealing{};  ///< X25519
  bool operator==(const MemberKeys&) const = default;
};

/// The author takes a member in, and vouches for the keys of all whom it knows. One's own next
/// incarnation is taken in by oneself, after a restore from a backup.
struct Admit {
  MemberKeys joiner;
  std::vector<MemberKeys> known;  ///< The roster as the author knows it, itself included.
  std::vector<Incarnation> forgotten = {};  ///< By decrees that the author follows. Sorted.
  std::vector<FactId> had = {};  ///< Of those, the last fact that counts; none: nothing counts. Sorted.
};

/// The author goes for good. It writes this last, when nothing that it served is in any cache.
struct Leave {
  MemberId heir;  ///< Who ends its keys when their time comes.
  std::string asked_by;
};

/// An administrator's decree that silent members are dead. Whom he asked writes it; each who follows
/// it says it again, word for word but for `had`.
struct Forget {
  Uuid decree;
  Time decreed;         ///< With `decree`: the order of two that forget each other's authors.
  MemberId decreed_by;  ///< The author of the first of these facts.
  std::vector<Incarnation> forgotten;  ///< With all their earlier incarnations. Sorted.
  std::vector<MemberId> remain;        ///< All others whom its first author counted. Sorted.
  MemberId heir;                       ///< Who ends the keys of the forgotten.
  std::string asked_by;
  std::vector<FactId> had;  ///< The last fact of each forgotten incarnation that this author had. Sorted.
};

/// A master key, sealed to one member.
struct Epoch {
  std::uint32_t number = 0;
  MemberId recipient;
  Digest check{};  ///< Key check value: equal in all facts of one epoch.
  Bytes sealed;    ///< `crypto_box_seal` of the key to the recipient.
};

/// Names a master key. Members on two sides of a cut may each make one of the same number.
struct MasterKeyId {
  std::uint32_t number = 0;
  Digest check{};
  auto operator<=>(const MasterKeyId&) const = default;
};

/// The private key of a candidate, wrapped again under the master key of a later epoch. Its owner, or the
/// heir of that, writes it.
struct Rewrap {
  ZoneRef zone;
  FactId candidate;
  std::uint32_t epoch = 0;
  Digest wrapped_digest{};  ///< SHA-256 of the wrapped private key, which is not signed itself.
};

/// Ends another fact, of the same author or of one whose heir the author is; its wrapped key may be
/// wiped now.
struct Tombstone {
  FactId ended;
  std::string why;
};

/// A well-signed fact of a kind, or of a version, that this software does not know.
struct UnknownKind {
  std::string kind;
};

using FactContent = std::variant<Candidate, Reject, Decision, Observation, Request, Abandon, Admit,
                                 Epoch, Rewrap, Tombstone, Leave, Forget, UnknownKind>;

struct Fact {
  FactId id;
  Time created;  ///< By the author's clock.
  Signature signature{};
  FactContent content;
};

/// The zone that a fact is about; null for facts about members.
const ZoneRef* zone_of(const Fact& fact);

}  // namespace rollcall
