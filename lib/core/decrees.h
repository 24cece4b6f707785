// SPDX-License-Identifier: GPL-3.0-or-later
// Who is forgotten: what the `forget` facts say together, whatever the order in which they came.
//
// A decree is in force when all who remain have said it. Each of them promised by that to take no
// more facts of the forgotten, so the highest number that any of them had is the last one that
// counts, for ever.
//
// Two decrees that forget each other's authors cannot both hold. Whoever has said one never says
// the other, unless the one he said can no longer come into force. So at most one of the two does
// where anybody remains in both; where nobody does, which takes a directory in two parts, the
// earlier one holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/core/fact.h"

namespace rollcall {

class Decrees {
 public:
  enum class Standing : std::uint8_t {
    open,  ///< Not everybody who remains has said it.
    in_force,
    overruled,  ///< By one that forgets its author.
  };
  struct Decree {
    Forget content;
    std::map<MemberId, FactId> said = {};  ///< By whom, and with which fact.
    Standing standing = Standing::open;
  };

  /// What decrees depend on beside what is said of them.
  class Circumstances {
   public:
    virtual ~Circumstances() = default;
    /// Incarnations that another member took in. What a member takes in itself is the same machine.
    virtual const std::set<Incarnation>& invited() const = 0;
    /// The newest life of a member that is heard of.
    virtual Incarnation latest(const MemberId& member) const = 0;
    /// Who has to say it beside those whom it names: taken in by somebody who did not know of it.
    virtual std::set<MemberId> others(const Forget& decree) const = 0;
    virtual bool left(const MemberId& member) const = 0;  ///< For good.
    /// Whether all facts that count of those whom it forgets are held.
    virtual bool complete(const Forget& decree) const = 0;
  };

  void add(const FactId& id, const Forget& forget);
  void evaluate(const Circumstances& circumstances);

  /// In their order: time, then UUID.
  const std::vector<Decree>& all() const { return decrees_; }
  bool empty() const { return decrees_.empty(); }

  /// What a member that remains has to say, and has not: the earliest such. Null if there is none.
  const Decree* to_follow(const Incarnation& self, const Circumstances& circumstances) const;

  /// Who has not said it yet.
  std::vector<MemberId> missing(const Decree& decree, const Circumstances& circumstances) const;

 private:
  bool overruled(const Decree& decree, const Circumstances& circumstances) const;
  bool in_force(const Decree& decree, const Circumstances& circumstances) const;
  bool agreed(const std::vector<const Decree*>& together, const MemberId& by, const Circumstances& circumstances) const;
  std::set<MemberId> required(const Decree& decree, const Circumstances& circumstances) const;

  std::vector<Decree> decrees_;
};

/// Whether this incarnation is among the forgotten, or is a later one of theirs that took itself
/// in.
bool names(const std::vector<Incarnation>& forgotten, const Incarnation& member,
           const std::set<Incarnation>& invited);

/// Whether each of two decrees forgets the author of the other.
bool contradict(const Decrees::Decree& a, const Decrees::Decree& b,
                const Decrees::Circumstances& circumstances);

}  // namespace rollcall
