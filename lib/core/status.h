// SPDX-License-Identifier: GPL-3.0-or-later
// What one member can say about its cluster: plain data, made by the core, printed by others.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/fact.h"
#include "lib/core/policy.h"
#include "lib/core/rules.h"
#include "lib/core/types.h"

namespace rollcall {

/// Who or what a step waits for.
enum class Reason : std::uint8_t { policy, rules, time, member, parent, operator_, signer };
std::string_view to_string(Reason reason);

/// Why a step is not taken yet. Status prints it word for word.
struct Hold {
  Reason reason = Reason::rules;
  std::string step;                 ///< `introduce ZRRSIG of ZSK 41211`
  std::string text;                 ///< `waits for the answer of b.example.com`
  std::vector<MemberId> waits_for;  ///< Empty unless `reason` is member.
  std::optional<Time> until;        ///< Empty if only a new fact can end it.
};

/// One that lasts longer than the policy of its zone lets it.
struct OverdueHold {
  Hold hold;
  Time since;                        ///< When something was last done about it.
  std::optional<Fingerprint> ds_of;  ///< The key whose DS has to come to the parent, or to leave it.
};

struct RecordStatus {
  State state = State::hidden;
  std::size_t acked = 0;           ///< Members that acked the last change of this record.
  std::optional<Time> until;       ///< When the running wait ends.
};

struct KeyStatus {
  Fingerprint fingerprint;
  std::uint16_t key_tag = 0;
  Generation generation;
  MemberId made_by;
  Time created;
  FactId candidate;
  Bytes dnskey;
  std::string stage;               ///< One sentence: `signs the zone`, `published, not used yet`, …
  bool leaving = false;
  bool wiped = false;
  std::map<Record, RecordStatus> records;
  std::optional<Time> first_use;
  std::optional<Time> expires;
};

/// A generation whose winner is not final, or that just got one.
struct GenerationStatus {
  Generation generation;
  std::string why;
  std::vector<FactId> candidates;          ///< In the order of the election.
  std::optional<FactId> winner;
  std::vector<FactId> unpruned;            ///< Losers whose private keys their owners have not wiped yet.
  bool voided = false;
  std::vector<MemberId> waits_for;         ///< Members that have not answered.
};

struct ZoneStatus {
  ZoneRef zone;
  std::string policy;
  bool managed = true;                     ///< False: removed, and caches may have keys of it still.
  bool insecure = false, suspended = false;  ///< As administrators want it; see ZoneConfig.
  bool signs_unpublished = true;           ///< Every server can sign with a key that it does not publish.
  std::size_t roster = 0, fresh = 0;
  std::vector<KeyStatus> keys;             ///< Winners, oldest first; those purged left out.
  std::vector<GenerationStatus> generations;
  std::vector<Hold> holds;
  std::vector<OverdueHold> overdue;
  std::optional<Time> signed_until;        ///< The first RRSIG to expire on the own server.
  std::optional<Time> last_keys_made;
  std::string ds_confirmed_by;             ///< Who said by hand that the DS is as wanted; empty: nobody.
  std::map<Role, Time> next_keys;          ///< When the next generation is due.
  std::map<Role, Time> next_roll;          ///< When the next key was, or is, to be used; past: it is late.
  std::vector<std::string> alarms;
  std::vector<std::uint16_t> foreign_keys; ///< Key tags of DNSKEYs that the own server has and no member knows.
  std::string gate;                        ///< Why the last gate holds a change of the own server; empty: it does not.
  std::optional<Time> gate_until;          ///< When it will fit by itself; empty: not as things are.
};

struct MemberLine {
  MemberId member;
  std::string host;
  bool self = false;
  bool in_roster = false;
  bool serving = false;
  bool fresh = false;
  std::optional<Time> last_heartbeat;      ///< By its own clock.
  std::optional<Nanoseconds> age;          ///< Since it was received here.
  std::uint64_t facts = 0;                 ///< Highest contiguous `seq` known here.
  std::string version;
  std::vector<std::string> alarms;
  std::uint32_t incarnation = 1;
  std::string out;                     ///< `left`, `forgotten`, …; empty: it counts.
  std::vector<std::string> addresses;  ///< Where its DNS server answers.
};

/// What forgetting some members would do, before it is done.
struct ForgetPreview {
  std::vector<MemberId> dead, remain;   ///< Who follows the decree, this member among them.
  std::vector<std::string> refused;     ///< Why not; `force` overrides all of these.
  std::vector<std::string> impossible;  ///< Why not, whatever anybody wants.
  std::vector<Hold> ends;               ///< Steps that wait for nobody else.
  std::vector<std::string> risks;       ///< What would be bogus if one of them is alive.
  Nanoseconds wait{0};                  ///< Until nothing that they served is in any cache.
};

/// The master key, and what its rotation waits for.
struct MasterKeyStatus {
  std::uint32_t epoch = 0;                 ///< That new keys are wrapped under; 0: none is known.
  bool rotating = false;                   ///< A rotation was begun and is not over.
  std::size_t keys_left = 0;               ///< Not yet under the new one everywhere.
  std::string text;                        ///< What it waits for; empty if nothing.
  std::vector<MemberId> waits_for;
  std::vector<MemberId> without = {};      ///< Who has not opened the one in use, long after it was to.
};

struct MemberStatus {
  MemberId self;
  bool member = false;                     ///< In the roster.
  bool serving = false;
  bool may_write = false;
  bool compared = false;    ///< With another member, since it started. Until then it writes nothing but decrees of people.
  bool forgotten = false;
  std::string out;          ///< Why this member is out, or on its way; empty: it is not.
  std::vector<Hold> holds;  ///< Decrees that wait.
  std::string doubt;                       ///< Why nothing new is written; empty: no doubt.
  std::optional<Nanoseconds> clock_behind; ///< The other clocks' median minus ours; empty: nobody to ask.
  ClusterConfig config;
  std::map<std::string, Policy> policies;
  MasterKeyStatus master_key;
  std::vector<MemberLine> members;
  std::vector<ZoneStatus> zones;
  std::vector<std::string> alarms;         ///< Of the member as a whole; zones have their own.
};

}  // namespace rollcall
