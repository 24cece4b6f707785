// SPDX-License-Identifier: GPL-3.0-or-later
// Whether keys come in time, asked once a day of what servers and the parent serve, not of what members
// think of it:
//
// - A generation exists by the end of its window while one member can write.
// - It is in use at the end of its predecessor if all could talk for long enough before.
// - If it is not, each member that serves the predecessor still says so within days, a lone one too.
// - While all can talk one member makes it, and the others see that first.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/status.h"
#include "tests/sim/judge.h"

namespace rollcall::sim {

class Machine;
class World;

/// What each living member says of itself.
using Reports = std::vector<std::pair<const Machine*, MemberStatus>>;

class Deadlines {
 public:
  explicit Deadlines(World& world) : world_(world) {}

  void look(const Reports& reports);

 private:
  bool judges_lateness() const;
  void watch(const Machine& machine, const MemberStatus& status);
  void watch_in_use(const std::string& where, const ZoneName& zone, const std::set<Fingerprint>& in_use);
  void watch_made(const Machine& machine, const ZoneName& zone, const InUse& use);
  void watch_said(const Machine& machine, const MemberStatus& status, const ZoneName& zone, const InUse& use);
  void watch_duplicates(const Reports& reports);
  Nanoseconds turns() const;
  Nanoseconds between_turns(const Candidate& candidate, const ClusterConfig& config) const;

  World& world_;
  std::map<const Machine*, Time> able_since_;  ///< To write.
  std::size_t judged_ = 0;                     ///< Of the candidates that were made.
};

}  // namespace rollcall::sim
