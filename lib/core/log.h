// SPDX-License-Identifier: GPL-3.0-or-later
// All facts that a member holds, by author and number, and the digests over them.
//
// Completeness is proved by these numbers alone, never by what a directory server says of itself.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "lib/core/fact.h"

namespace rollcall {

class FactLog {
 public:
  using Chain = std::function<Digest(const Digest& before, const Signature& signature)>;
  explicit FactLog(Chain chain) : chain_(std::move(chain)) {}

  enum class Added {
    added,
    known,
    contradiction,  ///< Another fact with this number is held: the author cannot be followed.
  };
  Added add(Fact fact);

  /// Any held fact; null if there is none. Stays valid until the log is destroyed.
  const Fact* find(const FactId& id) const;

  /// The highest `seq` up to which every fact of the author is held.
  std::uint64_t prefix(const Incarnation& author) const;

  /// The chain value at `seq`; empty if `seq` is beyond the prefix. Zero bytes at 0.
  std::optional<Digest> digest(const Incarnation& author, std::uint64_t seq) const;

  /// Facts held beyond the prefix are left out: they wait for what is missing before them.
  const std::deque<Fact>& in_order(const Incarnation& author) const;
  bool holds(const FactId& id) const { return find(id) != nullptr; }
  /// Whether facts of the author are held that wait for one before them.
  bool has_gap(const Incarnation& author) const {
    const auto at = authors_.find(author);
    return at != authors_.end() && !at->second.early.empty();
  }

  std::vector<Incarnation> authors() const;
  std::size_t size() const { return size_; }  ///< Of all that are held in order.
  /// Takes out what is held beyond a number and not in order yet.
  std::vector<Fact> take_early(const Incarnation& author, std::uint64_t above);
  const std::set<Incarnation>& contradicted() const { return contradicted_; }

 private:
  struct Author {
    std::deque<Fact> ordered;         // ordered[i] has seq i + 1
    std::vector<Digest> chain;        // chain[i] is the digest at seq i + 1
    std::map<std::uint64_t, Fact> early;  // beyond the prefix
  };
  void append(Author& author, Fact fact);

  Chain chain_;
  std::map<Incarnation, Author> authors_;
  std::size_t size_ = 0;
  std::set<Incarnation> contradicted_;
};

}  // namespace rollcall
