// SPDX-License-Identifier: GPL-3.0-or-later
// Who belongs to the cluster, as one member sees it: a pure function of the facts about members
// that it holds, whatever the order in which they came.
//
// Roster = admits - leaves - forgets. Who is forgotten by a decree that this member has said itself
// is out of *its* roster at once, and of its guards' when the decree is in force.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/core/decrees.h"
#include "lib/core/fact.h"

namespace rollcall {

class Membership final : private Decrees::Circumstances {
 public:
  /// prefix          How many facts of an author are held in order.
  /// took_itself_in  This life continues the one before; another one is forgotten only by name.
  Membership(Incarnation self, bool took_itself_in,
             std::function<std::uint64_t(const Incarnation&)> prefix);

  /// A fact that is held in order; those that are no admit, leave or forget change nothing.
  void add(const Fact& fact);
  /// A decree in a fact that is not held in order, or does not count, being of somebody who is
  /// forgotten.
  void overhear(const FactId& id, const Forget& forget);
  /// Looks again at what depends on facts of the forgotten.
  void evaluate();

  const std::set<Incarnation>& roster() const { return roster_; }
  bool admitted(const MemberId& member) const { return latest_.contains(member); }
  /// The newest that was ever taken in, whether it counts still or not.
  std::optional<Incarnation> last_life(const MemberId& member) const;

  /// Out for good: it left, or this member has said that it is forgotten.
  bool gone(const Incarnation& member) const { return left_or_followed(member); }
  /// Those who are gone and did not come back, each with its last life.
  const std::map<MemberId, std::uint32_t>& departed() const { return departed_; }
  bool left(const MemberId& member) const override;
  bool left(const Incarnation& life) const;
  /// The last life of each that is out, whether the member came back or not.
  const std::map<MemberId, std::uint32_t>& buried() const { return buried_; }

  /// The last fact of a forgotten one that counts; empty if it is not forgotten.
  std::optional<std::uint64_t> limit(const Incarnation& author) const;
  /// For the next `admit` or `forget`: all who are forgotten, and how far they count, or how far
  /// they are held.
  std::vector<Incarnation> forgotten() const;

  /// Which decree this member has to say next.
  const Decrees::Decree* to_follow() const { return decrees_.to_follow(self_, *this); }
  const std::vector<Decrees::Decree>& decrees() const { return decrees_.all(); }
  std::vector<MemberId> missing(const Decrees::Decree& decree) const {
    return decrees_.missing(decree, *this);
  }
  /// Those whom this member has said and that are not overruled.
  bool follows(const Decrees::Decree& decree) const;
  /// By a decree that is in force, although this member, which left, had not to say it.
  bool forgotten_by_others(const Incarnation& member) const;
  /// Forgotten already when this member was taken in: nobody waits for them.
  bool inherited(const Incarnation& member) const;
  bool names(const Forget& decree, const Incarnation& member) const;
  /// The decree by which this member itself is forgotten; null if it is not.
  const Decrees::Decree* forgets_us() const;

  /// Who ends the facts of an author: the author, or the heir of one who is out.
  MemberId ender(const Incarnation& author) const;
  /// By a decree that is not in force yet: nobody ends its facts until it is.
  bool awaits_decree(const Incarnation& author) const;
  /// Whether somebody may end a fact of this author, by any word that was said.
  bool may_end(const Incarnation& by, const Incarnation& author) const;

 private:
  struct Departure {
    Incarnation member;
    MemberId heir;
  };

  void add(const FactId& id, const Admit& admit);
  void recount();
  bool left_or_followed(const Incarnation& member) const;
  bool forgotten(const Incarnation& member) const;
  std::uint64_t highest_had(const Incarnation& author) const;
  bool returned_unknown(const Incarnation& life) const;
  std::vector<MemberId> heirs(const Incarnation& author) const;
  bool forgets_us(const Decrees::Decree& decree) const;

  // Decrees::Circumstances
  const std::set<Incarnation>& invited() const override { return invited_; }
  Incarnation latest(const MemberId& member) const override;
  std::set<MemberId> others(const Forget& decree) const override;
  bool complete(const Forget& decree) const override;

  const Incarnation self_;
  const bool took_itself_in_;
  const std::function<std::uint64_t(const Incarnation&)> prefix_;

  std::set<Incarnation> admitted_, invited_;
  std::map<MemberId, std::uint32_t> latest_;
  std::map<Incarnation, std::vector<std::vector<Incarnation>>>
      without_;  // forgotten when it was taken in
  std::vector<Departure> left_;
  Decrees decrees_;  // in facts that are held in order
  Decrees heard_;    // and in those that do not count
  std::vector<Incarnation> inherited_;
  std::set<Incarnation> vouched_;  // known to whoever took this life in, and forgotten if also inherited
  std::map<Incarnation, std::map<Incarnation, std::uint64_t>> had_;  // forgotten, by whom, how far

  std::set<Incarnation> roster_;
  std::map<MemberId, std::uint32_t> departed_, buried_;
};

}  // namespace rollcall
