// SPDX-License-Identifier: GPL-3.0-or-later
// A world in which nothing goes wrong, for one member and one zone: its server serves at once what
// it is told, the others answer at once, the parent follows. What is left is the rules and their
// waits, so that whoever lives there finds out what is going to happen, and when.
//
// The member that lives here is a Member like any other: no rule is written twice.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/snapshot.h"

namespace rollcall {

/// Signatures and digests that only have to agree with each other.
class IdealCrypto : public Crypto {
 public:
  explicit IdealCrypto(MemberId self) : self_(self) {}
  Signature sign(const FactId&, Time, const FactContent&) const override { return {}; }
  Digest chain(const Digest& before, const Signature&) const override;
  std::uint64_t rank(const MemberId& member, const ZoneName&) const override {
    return member == self_ ? 0 : 1;
  }
  static Digest digest_at(std::uint64_t seq);  ///< As after `seq` calls of chain().

 private:
  MemberId self_;
};

class IdealWorld {
 public:
  /// Told of each fact that the member writes, with the step that it is, if it is one.
  using Listener = std::function<void(const Fact& fact, const std::string& step)>;

  /// parent_takes  From a CDS until the parent shows it.
  IdealWorld(const Snapshot& start, Seconds parent_takes, Listener listener);

  /// Only the member itself looks, and knows of the others what they really said.
  void look_first();
  /// Lets everything happen that happens at this moment.
  ///
  /// Returns  Whether anything did.
  bool settle();
  /// When the next thing happens; empty: nothing does any more.
  std::optional<BootTime> next() const;
  void go_to(BootTime time) { now_ = time; }

  Moment now() const { return {start_.now.wall + (now_ - start_.now.boot), now_}; }
  Member& member() { return *member_; }
  ZoneStatus zone_status() const;
  std::size_t passes() const { return passes_; }

 private:
  BootTime boot_time(Time wall) const { return start_.now.boot + (wall - start_.now.wall); }
  Policy policy() const;
  void remember(Fact& fact);
  bool pass();
  void note(Fact& fact, const std::string& step);

  bool carry_out(const MakeKey& make);
  bool carry_out(const CheckCandidate& check);
  bool carry_out(const OpenEpoch& open);
  bool carry_out(const Export& order);
  bool carry_out(const Look& look);
  bool carry_out(const AskParent& ask);
  template <class Other>
  bool carry_out(const Other&) {
    return false;
  }  // the rest is for a store, a directory, or people
  ServedZone served(const std::vector<KeyTarget>& keys, bool cds_delete) const;

  Heartbeat answer_of(const Incarnation& other);
  void others_answer();
  void add_of(const Incarnation& other, FactContent content);
  void plan_wipes();
  void wipe_for_others();

  Snapshot start_;
  Seconds parent_takes_;
  Listener listener_;
  IdealCrypto crypto_;
  RandomDelay delay_;
  std::unique_ptr<Member> member_;
  BootTime now_;
  std::optional<BootTime> again_;
  std::size_t passes_ = 0, changes_ = 0;
  bool news_ = true;                               // that the others have not answered
  std::map<Incarnation, std::uint64_t> facts_;     // by author
  std::map<Incarnation, std::uint64_t> counters_;  // of heartbeats
  std::set<std::uint16_t> tags_;                   // that are taken
  std::uint16_t next_tag_ = 1;
  std::uint64_t made_ = 0;                      // keys
  std::vector<Fingerprint> shown_, announced_;  // DS: by the parent; by the servers
  std::optional<BootTime> parent_follows_at_;
  std::map<Fingerprint, Time> withdrawn_;  // when the last decision to do so was made
  std::map<FactId, std::pair<Incarnation, Time>> wipes_;  // of keys of the others, to come
  std::set<FactId> wiped_;
};

}  // namespace rollcall
