// SPDX-License-Identifier: GPL-3.0-or-later
// People who want things: another algorithm, a zone without DNSSEC for a while, a key at once, a key
// given up, a zone left alone, every step by hand, or another master key. In the end they want a zone in order.
#pragma once

#include <cstddef>
#include <functional>

#include "lib/core/policy.h"
#include "tests/sim/directory.h"
#include "tests/sim/swarm.h"

namespace rollcall::sim {

class World;

class Administrators {
 public:
  explicit Administrators(World& world) : world_(world) {}

  void begin();
  void end();  ///< They want nothing any more but that all zones are signed.
  const Policy& policy() const { return policy_; }

 private:
  void now_and_then(Rollover rollover);
  void ask(Rollover rollover);
  void later(Nanoseconds delay, std::function<void()> action);
  Role some_role();
  void write_policy();
  void write_zones();
  void put(Content content);

  void another_algorithm();
  void another_scheme();
  void go_insecure();
  void suspend();
  void by_hand();
  void another_policy();
  void step();
  void give_up();
  void rotate();

  World& world_;
  Policy policy_;
  ZoneConfig wanted_;  // of every zone
  bool over_ = false;
};

}  // namespace rollcall::sim
