// SPDX-License-Identifier: GPL-3.0-or-later
// Who has answered what: heartbeats read as acks, on a closed view only.
//
// An ack counts only if the reader itself holds every fact that the acking member had when it
// wrote it. Otherwise something could have been said that the reader does not know of yet, and
// that would have changed its mind.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "lib/core/heartbeat.h"
#include "lib/core/log.h"

namespace rollcall {

class Acks {
 public:
  explicit Acks(const FactLog& log) : log_(log) {}

  /// Keeps the heartbeat if its counter is the highest of that member.
  ///
  /// Returns  Whether it was new.
  bool receive(HeardHeartbeat heartbeat);

  /// Who is out for good, each with its last life: what it says, or said, counts no more.
  void bury(const std::map<MemberId, std::uint32_t>& departed);

  /// Beside what the rosters say: whose answer is needed still, or not any more.
  void set_guards(std::set<MemberId> kept, std::set<MemberId> removed);

  /// The reader's own heartbeat, as it would be written now. Always counts.
  void set_self(const Heartbeat& heartbeat);

  /// Counts what became closed, since a heartbeat or a fact arrived.
  ///
  /// Returns  Whether any answer changed, and with it what may be decided.
  bool recount();

  /// The newest heartbeat of a member that is closed to the reader; null if there is none.
  const Heartbeat* counted(const MemberId& member) const;
  /// The newest heartbeat received, closed or not; null if there is none.
  const Heartbeat* newest(const MemberId& member) const;

  /// place  Of a member in roster(); as of the last recount, which is when everybody was looked up.
  const Heartbeat* counted(std::size_t place) const { return heartbeat_of(seats_[place].answers); }
  const Heartbeat* newest(std::size_t place) const { return seats_[place].newest ? seats_[place].newest->get() : nullptr; }
  /// Grows with what the member there answers, and with nothing else; a life that follows another one has numbers of its own.
  std::size_t changes(std::size_t place) const { return seats_[place].changes ? *seats_[place].changes : 0; }

  /// Everybody whose answer is needed: the union of the rosters in what is counted.
  const std::vector<MemberId>& roster() const { return roster_; }

  /// The one definition of an ack: the vector covers the fact with the reader's own digest, and neither the
  /// fact nor the whole zone is said to be behind.
  bool acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const;

  /// Whether acked() holds for any of these equal decisions.
  bool acked_any(const MemberId& member, const std::vector<FactId>& facts, const ZoneRef* zone) const;
  bool acked(std::size_t place, const FactId& fact, const ZoneRef* zone) const;

  /// Who of the roster has not acked any of these equal decisions.
  std::vector<MemberId> not_acked(const std::vector<FactId>& facts, const ZoneRef* zone) const;

  /// As acked(), but what is said to be carried out no longer still counts: a promise to make no
  /// candidate is never taken back.
  bool promised(const MemberId& member, const FactId& fact) const;
  /// place  Of the member in roster().
  bool promised(std::size_t place, const FactId& fact) const;

  /// The highest number of a fact of `author` that some heartbeat speaks of.
  std::uint64_t highest_heard_of(const Incarnation& author) const;
  /// Authors of whom some heartbeat speaks of more than is held in order, as of the last recount.
  const std::vector<Incarnation>& lacking() const { return lacking_; }

 private:
  // What is covered with the reader's own digests stands ready: it is asked for far more often than
  // heartbeats come.
  struct Answers {
    /// same_vector  As in what was taken before.
    void take(const HeardHeartbeat& said, bool same_vector, const FactLog& log);
    void take_vector(const std::vector<VectorEntry>& said, const FactLog& log);
    bool covers(const FactId& fact) const;
    /// place  Where the author probably stands: nearly all name the same authors.
    bool covers(const FactId& fact, std::size_t& place) const;

    HeardHeartbeat heartbeat;  // never null once taken
    using Covered = std::pair<Incarnation, std::uint64_t>;
    std::vector<Covered> covered;  // by author
    std::vector<MemberId> roster;  // sorted
    bool in_order = true;          // the vector names its authors in the order of `covered`
  };
  struct Received {
    std::optional<Answers> counted;
    HeardHeartbeat newest;  // never null once received
    bool fresh = true;        // not looked at by recount() yet
    bool same_vector = false; // as in what is counted
    std::size_t changes = 0;
  };

  // Of each in the roster, found once: nearly every question is asked of all of them.
  struct Seat {
    MemberId member;
    const Answers* answers;   // null: nothing of it counts yet
    const HeardHeartbeat* newest;  // null: nothing was heard of it
    const std::size_t* changes;    // null: nothing was heard of it, or it is the reader
  };

  void follow(Received& received, const Heartbeat& next);
  bool closed(const Received& received) const;
  void seat_all();
  static bool promised(const Answers* answers, const FactId& fact);
  static bool acked(const Seat& seat, const FactId& fact, const ZoneRef* zone, std::size_t& place);
  static bool acked_any(const Seat& seat, const std::vector<FactId>& facts, const ZoneRef* zone,
                        std::size_t& place);
  static const Heartbeat* heartbeat_of(const Answers* answers) { return answers ? answers->heartbeat.get() : nullptr; }
  const Answers* answers_of(const MemberId& member) const;
  const HeardHeartbeat* heard_of(const MemberId& member) const;
  /// before  What the same member said before, and was heard; may be null.
  void hear(const Heartbeat& heartbeat, const Heartbeat* before);
  void hear_all();
  bool unite_rosters();
  void note_lacking();

  const FactLog& log_;
  std::optional<Answers> self_;
  std::map<MemberId, Received> received_;
  std::map<MemberId, std::uint32_t> departed_;
  std::set<MemberId> kept_, removed_;
  std::set<MemberId> uncounted_;                // whose newest is not counted, or not looked at
  std::vector<MemberId> roster_;
  std::vector<Seat> seats_;
  bool roster_stale_ = true;                    // one of those that it unites changed
  bool seats_stale_ = true;
  std::map<Incarnation, std::uint64_t> heard_;  // the highest number that some newest heartbeat names
  std::set<Incarnation> wanting_;               // of whom more was heard than was held then
  std::vector<Incarnation> lacking_;
  bool hear_anew_ = false;                      // somebody speaks of less than before
  bool news_ = true;                            // since the last recount
  std::size_t facts_at_recount_ = 0;
  std::size_t changes_ = 0;  // of anybody
};

/// Whether two heartbeats answer the same, whatever else they say.
bool same_answers(const Heartbeat& a, const Heartbeat& b);

/// Whether the heartbeat says that the fact, or its zone as a whole, is not carried out.
bool says_behind(const Heartbeat& heartbeat, const FactId& fact, const ZoneRef* zone);

}  // namespace rollcall
