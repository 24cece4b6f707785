// SPDX-License-Identifier: GPL-3.0-or-later
// Master keys and what is wrapped with them, as all held facts together say it: a pure function of
// their union, whatever the order in which they came.
//
// On two sides of a cut two members may make a master key of one number. The key of a number is the
// one of the earliest fact (creation, author, seq). It is *usable* when it is sealed to every
// member and every member acked every fact of that number on a closed view. To ack one is the
// promise to begin no rival of its number, so when all have, none can come any more: the same
// argument as that of the election of keys. Before that nothing is wrapped with it. Who sees it
// later than others goes on with the number before, and his keys are wrapped again.
//
// Nothing is wrapped with an unusable one; so a wrap that names a number proves that somebody saw
// it usable, and that holds for ever. A number is begun when the one before is usable, or was lost
// with everybody to whom it was sealed.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "lib/core/acks.h"
#include "lib/core/fact.h"
#include "lib/core/zone_book.h"

namespace rollcall {

/// One wrapped copy of a candidate's private key.
struct Wrap {
  FactId fact;              ///< The candidate itself, or a rewrap of it.
  std::uint32_t epoch = 0;  ///< Of the master key that wraps it.
};

class EpochBook {
 public:
  /// Takes note of a fact; those that are no epoch, candidate or rewrap change nothing. The fact must
  /// outlive the book.
  ///
  /// Returns  Whether another key than before is now the one of a number.
  bool add(const Fact& fact);

  /// The highest number that was begun; 0 if there is none.
  std::uint32_t newest() const { return numbers_.empty() ? 0 : numbers_.rbegin()->first; }
  /// The earliest first: its key is the one of this number.
  const std::vector<Stated<Epoch>>& facts(std::uint32_t number) const;
  std::optional<MasterKeyId> key(std::uint32_t number) const;
  /// Whether the key of this number was sealed to a member.
  bool sealed_to(std::uint32_t number, const MemberId& member) const;
  const std::map<std::uint32_t, std::vector<Stated<Epoch>>>& numbers() const { return numbers_; }

  /// The highest number that was seen usable, by what facts prove; 1 at least, if anything was
  /// begun.
  ///
  /// ended  Facts that tombstones name: the key of a number is ended after the next one came into
  /// use.
  std::uint32_t proven(const std::set<FactId>& ended) const;
  /// Who has not acked every fact of the newest number, or was not sealed its key. If nobody, and everybody
  /// is known, it is usable.
  std::vector<MemberId> without_newest(const Acks& acks) const;

  /// Who has not opened the key of a number: it was not sealed to them, or was before a time and
  /// they have not said so.
  std::vector<MemberId> without(std::uint32_t number, const Acks& acks, Time before) const;

  /// All rewraps of a candidate, those of the highest number last.
  const std::vector<Stated<Rewrap>>& rewraps(const FactId& candidate) const;

 private:
  bool over(std::uint32_t number, const std::set<FactId>& ended) const;

  std::map<std::uint32_t, std::vector<Stated<Epoch>>> numbers_;
  std::map<std::uint32_t, std::set<MemberId>> sealed_;  // to whom the key of a number was
  std::map<FactId, std::vector<Stated<Rewrap>>> rewraps_;
  std::uint32_t used_ = 0;  // the highest number that something is wrapped under
};

}  // namespace rollcall
