// SPDX-License-Identifier: GPL-3.0-or-later
// The judge knows the truth: what every server served from when to when, and who wrote which fact.
// It asks whether any cache could be bogus and whether anybody broke a promise; what members think
// of themselves does not count.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "lib/core/fact.h"
#include "lib/core/heartbeat.h"
#include "lib/core/views.h"
#include "tests/sim/context.h"
#include "tests/sim/time_line.h"

namespace rollcall::sim {

/// What one DNS server serves of a zone. Signatures are replaced RRset by RRset, which two halves of
/// the data stand for.
struct Served {
  struct Key {
    Generation generation;
    bool dnskey = false, krrsig = false, cds = false, revoked = false;
    bool first_half = false, second_half = false;  ///< ZRRSIG
    bool nothing() const { return !(dnskey || krrsig || cds || revoked || first_half || second_half); }
    bool serves_all() const;  ///< That its use takes; a CDS for its DS.
    bool operator==(const Key&) const = default;
  };
  std::set<Fingerprint> signing() const;  ///< All of the data.
  std::map<Fingerprint, Key> keys;
  bool cds_delete = false;  ///< A CDS that asks for no DS.
  Seconds dnskey_ttl{0};
  Seconds zone_ttl{0};
  bool operator==(const Served&) const = default;
};

/// A key, and since when it is in use.
struct InUse {
  const Candidate* key = nullptr;
  Time since;
};

class Judge {
 public:
  explicit Judge(Context& context) : context_(context), time_line_(context) {}

  // What servers serve, at the moment when it changes.
  void serves(std::size_t server, const ZoneName& zone, const Served& content);
  void silent(std::size_t server, const ZoneName& zone);
  /// What a server that is broken, or lies, answers is its own misery: only who asks it may see bogus.
  void distrust(std::size_t member, const ZoneName& zone);
  bool trusted(std::size_t member, const ZoneName& zone) const { return !distrusted_.contains({member, zone}); }
  bool trust(std::size_t member, const ZoneName& zone);  ///< Whether it was not trusted before.
  void parent_serves(std::size_t address, const ZoneName& zone, const std::set<Fingerprint>& ds,
                     Seconds ttl);
  /// The parent shows some of these although it was told otherwise: what it does then nobody can foresee.
  void regressed(const std::set<Fingerprint>& ds) { regressed_.insert(ds.begin(), ds.end()); }
  /// A member's order of what to serve, before and after.
  /// answering  Whether anybody can ask that server.
  void ordered(std::size_t member, const ZoneName& zone, const Served& before, const Served& after,
               bool answering);

  // What members write.
  void wrote(std::size_t member, const Fact& fact);
  void wiped(std::size_t member, const Candidate& candidate);
  void beats(std::size_t member, const Heartbeat& heartbeat);
  /// Its store is not what it was: it may say less, until it begins a new life.
  void forgot(std::size_t member, const std::vector<FactId>& own_facts);
  bool somebody_forgot() const { return !unwritten_.empty(); }  ///< A fact of its own.
  void appointed(std::vector<std::size_t> managers) { appointed_ = std::move(managers); }
  void violated(const std::string& what);

  const std::optional<std::string>& violation() const { return violation_; }
  void tell_time_line() const { time_line_.tell(); }

  /// The candidates of generations of which some key was ever served, but which are not that key and
  /// have no tombstone.
  std::vector<FactId> losers_left() const;
  /// When a key was first in use: signing data, or its DNSKEY RRset below its DS, or both, as its role is.
  std::optional<Time> first_used(const Fingerprint& key) const;
  /// Who made a key for this generation.
  std::vector<FactId> candidates(const ZoneName& zone, const Generation& generation) const;
  /// The key of a generation of which some server was told to serve a record.
  std::optional<Fingerprint> introduced(const ZoneName& zone, const Generation& generation) const;
  /// The highest generation that somebody asked for; 0 if nobody did.
  std::uint32_t requested(const ZoneName& zone, Role role) const;
  /// A server whose member was forgotten begins anew, or serves again: some of what it did, or was told
  /// before it knew what counts, may not count.
  void taken_in_again(std::size_t member);
  void leaves(const Incarnation& member, bool on);  ///< On its way out, or back.
  bool admitted(const Incarnation& member) const { return admitted_.contains(member); }
  /// Somebody decreed that it is dead.
  /// Taken in by a word that counts for those who remain, and not forgotten by it.
  bool believed(const Incarnation& member) const { return believed_.contains(member) && !forgotten(member); }
  bool forgotten(const Incarnation& member) const { return cuts_.contains(member); }
  bool counts(const Incarnation& member)
      const;  ///< Nor a later life of who is out, unless others took that in.
  /// When a member's server first had all that the use of a key takes.
  std::optional<Time> carried(std::size_t member, const Fingerprint& key) const;
  const Candidate* candidate(const Fingerprint& key) const;
  /// Of these keys the one of the latest generation; empty if there is none that was ever used.
  std::optional<InUse> newest(const std::set<Fingerprint>& keys) const;
  /// The same of those that a member's own server served, since then at the earliest: of others it may not know.
  std::optional<InUse> newest(const std::set<Fingerprint>& keys, std::size_t member) const;
  /// Candidates, and when each was written; in that order.
  const std::vector<std::pair<FactId, Time>>& made() const { return made_; }
  const Candidate& candidate(const FactId& id) const { return written_.at(id).candidate; }

 private:
  struct Zone {
    Ledger ledger;
    std::map<Fingerprint, unsigned> numbers;  ///< Of keys in KeySets.
    std::map<Generation, Fingerprint> introduced;
    std::map<Generation, std::set<FactId>> candidates;
    std::map<Role, std::map<FactId, std::uint32_t>> requested;  ///< Generations that were asked for.
    std::size_t changes = 0;
  };
  struct Written {
    Candidate candidate;
    std::optional<Incarnation> ended_by = {};
    bool rejected = false;
  };
  /// Every key whose record some server gave up on order: forward only.
  using Gone = std::set<std::tuple<std::size_t, Fingerprint, Record>>;

  std::vector<KeySet> algorithms(const Zone& zone) const;
  KeySet bit(Zone& zone, const Fingerprint& key);
  static void recycle_numbers(Zone& zone, const Views& views);
  void check(const ZoneName& name, Zone& zone);
  void check_earliest(const Zone& zone, const Generation& generation, const Fingerprint& winner);
  void used(const Fingerprint& key, Record record);
  void check_forward(std::size_t member, const Fingerprint& key, Record record, bool before, bool after);
  void made(std::size_t member, const FactId& id, const Candidate& candidate);
  void wrote(const FactId& id, const Epoch& epoch);
  void ended_epoch(const Tombstone& tombstone);
  std::string explain(const Zone& zone, const Bogus& bogus) const;
  std::string names(const Zone& zone, KeySet keys) const;
  static std::string server_name(std::size_t server);

  Context& context_;
  TimeLine time_line_;
  std::map<ZoneName, Zone> zones_;
  std::set<std::pair<std::size_t, ZoneName>> distrusted_;
  std::map<std::size_t, Heartbeat> said_;  ///< By member: its last one.
  std::map<FactId, Written> written_;
  std::vector<std::pair<FactId, Time>> made_;
  std::map<Fingerprint, FactId> by_key_;
  std::map<Fingerprint, std::set<Record>> seen_;  ///< Of what its use takes.
  std::map<Fingerprint, Time> first_used_;
  std::map<std::pair<std::size_t, Fingerprint>, Time> carried_;
  Gone gone_;
  std::map<FactId, std::uint32_t> epochs_;                   ///< Facts about master keys, and their numbers.
  std::map<std::uint32_t, std::set<Digest>> master_keys_;    ///< By number.
  std::set<std::uint32_t> rotated_;                          ///< Numbers that were replaced.
  /// Whether a fact counts: of one who is forgotten only what somebody had who remains.
  bool counts(const FactId& fact) const;
  /// By the word of all who are not forgotten themselves; no limit if it is not forgotten.
  std::uint64_t last_that_counts(const Incarnation& author) const;
  void said_of_members(const Fact& fact);
  bool may_end(const Incarnation& by, const Incarnation& author) const;
  void check_new_life(std::size_t member, const Heartbeat& heartbeat);
  void ended(const FactId& by, const Tombstone& tombstone);
  /// What the later one does not say any more; empty if it goes on.
  std::string taken_back(const Heartbeat& before, const Heartbeat& heartbeat) const;

  void believe();
  bool admits(const FactId& word, const Incarnation& joiner) const;

  std::set<Incarnation> admitted_, invited_;
  std::map<Incarnation, std::vector<FactId>> admissions_;
  std::set<Incarnation> believed_;  ///< Taken in by a word that counts.
  std::map<Incarnation, std::set<MemberId>> remain_;  ///< By who is forgotten, as the decrees say.
  /// Forgotten, and the last of its facts that each of the others had.
  std::map<Incarnation, std::map<Incarnation, std::uint64_t>> cuts_;
  std::set<Incarnation> left_, leaving_;
  std::set<Incarnation> serving_;  ///< Or did once.
  std::map<Incarnation, std::set<MemberId>> heirs_;
  std::set<std::size_t> amnesiac_;
  std::set<FactId> unwritten_;       ///< That their authors lost; others may have them.
  std::set<std::size_t> forgetful_;  ///< Who lost some.
  std::map<std::size_t, Heartbeat>
      promised_;  ///< By member: the last one of an earlier life that served.
  std::set<Fingerprint> regressed_;
  std::vector<std::size_t> appointed_;
  std::optional<std::string> violation_;
};

}  // namespace rollcall::sim
