// SPDX-License-Identifier: GPL-3.0-or-later
// The decision: given what one member can see of one zone, what may happen next, and what waits for
// whom?
//
// Below here is no clock, no randomness, no I/O, no logging and no exception, so a year of
// rollovers by quarrelling members runs in a test in milliseconds. A stale view gives a plan that
// is late, never one that is wrong.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/fact.h"
#include "lib/core/heartbeat.h"
#include "lib/core/policy.h"
#include "lib/core/rules.h"
#include "lib/core/status.h"

namespace rollcall {

/// One record of one key, as the member deduces it.
struct RecordView {
  State state = State::hidden;
  bool withdrawn = false;
  std::vector<MemberId> missing;  ///< Who has not acked the last change.
  std::optional<Time> until;      ///< When the running wait ends, by the own wall clock.
  std::string pending;            ///< What else is awaited (a DS at the parent); empty: nothing.
};

/// A winner, from its election until it is purged.
struct KeyView {
  Fingerprint key{};
  FactId candidate;
  Generation generation;
  std::uint16_t key_tag = 0;
  std::array<RecordView, all_records.size()> records;  ///< Indexed by Record.
  std::optional<Time> entered;        ///< When the first of its records was introduced.
  std::optional<Time> first_use;      ///< When the last record that its use takes was introduced.
  std::optional<Time> needed_until;   ///< When a successor is to take over; empty: unlimited.
  bool at_once = false;               ///< Asked for by an administrator: no schedule applies.
  bool standby = false;               ///< Made to stand by.
  bool abandoned = false;             ///< Not to be put in use any more; in use already, it is replaced.
  bool stranded = false;              ///< A ZSK with no KSK of its algorithm, neither in use nor on its way.
  std::vector<MemberId> unaware;      ///< Who has not carried out that it is abandoned.

  RecordView& operator[](Record record) { return records[static_cast<std::size_t>(record)]; }
  const RecordView& operator[](Record record) const {
    return records[static_cast<std::size_t>(record)];
  }
  Role role() const { return generation.role; }
  bool has(Record record) const { return has_record(role(), record); }
  bool was_introduced(Record record) const;
  bool serves(Record record) const;  ///< Introduced and not withdrawn.
  bool introduced() const;           ///< Any record, ever.
  bool in_use() const;               ///< Every record that its use takes was introduced, ever.
  bool completely_hidden() const;    ///< And was introduced once.
  bool out() const { return abandoned && (!in_use() || stranded); }  ///< It will never be used, or for nothing.
  bool past() const { return completely_hidden() || (out() && !introduced()); }  ///< Nothing is left of it.
};

/// What this member knows of the parent.
struct ParentView {
  bool configured = false;
  bool answered = false;        ///< To this member, since it last wanted to know.
  std::uint32_t foreign_ds = 0; ///< DS records at the parent that are not ours.
  std::vector<Fingerprint> shows = {};  ///< Keys with a DS at any of its addresses, by a recent answer.
  bool agrees = false;          ///< The last answer shows what the DS step wants; recent.
  bool by_hand = false;         ///< An administrator confirmed the DS step.
  std::string silent;           ///< Why it did not answer.
};

/// A decision whose records caches still have to follow.
struct UnsettledChange {
  std::vector<KeyRecord> introduces;
  std::vector<KeyRecord> withdraws;
};

/// What is wanted of a zone, as far as it shapes its steps.
struct Wishes {
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  Scheme scheme = Scheme::ksk_zsk;
  ZskRollover zsk_rollover = ZskRollover::pre_publication;
  KskRollover ksk_rollover = KskRollover::double_ksk;
  AlgorithmRollover algorithm_rollover = AlgorithmRollover::conservative;
  bool standby_ksk = false, standby_zsk = false;
  bool trust_anchor = false;
  bool insecure = false;
  bool manual = false;
  bool suspended = false;
  bool standby(Role role) const { return role == Role::zsk ? standby_zsk : standby_ksk; }
};
Wishes wishes_of(const Policy& policy, const ZoneConfig& zone);

/// All that a decision about one zone may depend on.
struct ZoneView {
  ZoneRef zone;
  Wishes wishes;
  Intervals intervals;                 ///< The largest known of each.
  SwapAbility swap = SwapAbility::exact;  ///< Of the least able signer.
  Scheme scheme = Scheme::ksk_zsk;     ///< The one that its keys follow: see followed_scheme.
  std::vector<KeyView> keys;           ///< Winners not yet purged; by role, then oldest first.
  std::vector<UnsettledChange> unsettled;
  ParentView parent;
  /// Whom the election of a key with a DS waits for; empty if there is none.
  std::optional<std::vector<MemberId>> electing = {};
};

struct Step {
  std::vector<KeyRecord> introduces;  ///< Sorted.
  std::vector<KeyRecord> withdraws;   ///< Sorted.
  std::vector<Fingerprint> abandons;  ///< Keys to be given up, instead. Sorted.
  std::string why;                    ///< They are given up.
  std::string text;                   ///< `introduce ZRRSIG of ZSK 41211`
};

struct Plan {
  std::vector<Step> steps;         ///< May be decided now, each by itself.
  std::vector<Step> permitted;     ///< Would be among them but for manual mode.
  std::vector<Hold> holds;         ///< One for every step that is wanted and not yet allowed.
  std::optional<Time> again;       ///< When the answer may change by itself.
  bool ask_parent = false;         ///< A step waits for what the parent answers now.
};

/// Decides the next steps for a zone. Total: every view has a plan, and an empty one is an answer.
///
/// now     The member's own wall clock; waits in `view` are already in its boot time.
/// Source  RFC 7583, 3.2 and 3.3; the rules in rules.h.
Plan decide(const ZoneView& view, Time now);

}  // namespace rollcall
