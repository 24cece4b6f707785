// SPDX-License-Identifier: GPL-3.0-or-later
// Who has answered what: heartbeats read as acks, on a closed view only.
//
// An ack counts only if the reader itself holds every fact that the acking member had when it
// wrote it. Otherwise something could have been said that the reader does not know of yet, and
// that would have changed its mind.
#pragma once

#include <map>
#include <set>
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
  bool receive(Heartbeat heartbeat);

  /// The reader's own heartbeat, as it would be written now. Always counts.
  void set_self(Heartbeat heartbeat) { self_ = std::move(heartbeat); }

  /// Counts what became closed, since a heartbeat or a fact arrived.
  ///
  /// Returns  Whether any answer changed, and with it what may be decided.
  bool recount();

  /// The newest heartbeat of a member that is closed to the reader; null if there is none.
  const Heartbeat* counted(const MemberId& member) const;
  /// The newest heartbeat received, closed or not; null if there is none.
  const Heartbeat* newest(const MemberId& member) const;

  /// Everybody whose answer is needed: the union of the rosters in what is counted.
  const std::vector<MemberId>& roster() const { return roster_; }

  /// The one definition of an ack: the vector covers the fact with the reader's own digest, and neither the
  /// fact nor the whole zone is said to be behind.
  bool acked(const MemberId& member, const FactId& fact, const ZoneRef* zone) const;

  /// As acked(), but what is said to be carried out no longer still counts: a promise to make no
  /// candidate is never taken back.
  bool promised(const MemberId& member, const FactId& fact) const;

  /// The facts of `author` that some heartbeat speaks of and that are not held in order.
  std::uint64_t highest_heard_of(const Incarnation& author) const;

 private:
  bool closed(const Heartbeat& heartbeat) const;
  bool covers(const Heartbeat& heartbeat, const FactId& fact) const;

  struct Received {
    std::optional<Heartbeat> counted;
    Heartbeat newest;
    bool fresh = true;  // not looked at by recount() yet
  };

  const FactLog& log_;
  std::optional<Heartbeat> self_;
  std::map<MemberId, Received> received_;
  std::vector<MemberId> roster_;
};

/// Whether two heartbeats answer the same, whatever else they say.
bool same_answers(const Heartbeat& a, const Heartbeat& b);

/// Whether the heartbeat says that the fact, or its zone as a whole, is not carried out.
bool says_behind(const Heartbeat& heartbeat, const FactId& fact, const ZoneRef* zone);

}  // namespace rollcall
