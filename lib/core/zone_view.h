// SPDX-License-Identifier: GPL-3.0-or-later
// From facts, acks and waits to what one member sees of a zone: the deductions "every cache has
// it" and "no cache has it any more", each made by every member for itself.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "lib/core/acks.h"
#include "lib/core/decide.h"
#include "lib/core/election.h"
#include "lib/core/wait.h"
#include "lib/core/zone_book.h"

namespace rollcall {

/// The waits of a member. Starting or ending one is remembered, to be saved.
class Waits {
 public:
  Waits() = default;
  explicit Waits(std::map<WaitKey, BootTime> running) : running_(std::move(running)) {}

  BootTime start(const WaitKey& key, BootTime now);  ///< Since when it runs; `now` if it did not.
  void stop(const WaitKey& key);

  const std::map<WaitKey, BootTime>& running() const { return running_; }
  std::map<WaitKey, BootTime> take_started();
  std::set<WaitKey> take_stopped();

 private:
  std::map<WaitKey, BootTime> running_;
  std::map<WaitKey, BootTime> started_;
  std::set<WaitKey> stopped_;
};

/// What a zone is looked at with.
struct Lens {
  const ZoneBook& book;
  const Acks& acks;
  const std::set<FactId>& ended;  ///< Candidates that a tombstone ended.
  Policy policy;
  Wishes wishes;
  Intervals intervals;  ///< Of the policy, and what is served.
  Time wall;
  BootTime boot;
};

/// Whether enough members saw at the parent what a DS decision wants, and nobody the contrary.
bool ds_confirmed(const Lens& lens, const KeyRecord& ds);

/// Who has not acked any of these equal decisions.
std::vector<MemberId> not_acked(const Lens& lens, const ZoneRef& zone,
                                const std::vector<FactId>& decisions);

/// Everything that the rules need to know of a zone, but for the parent's latest answer.
ZoneView view_zone(const ZoneRef& zone, const Lens& lens, Waits& waits);

}  // namespace rollcall
