// SPDX-License-Identifier: GPL-3.0-or-later
// What goes wrong, and when: for each kind that the swarm has switched on, now and then one.
#pragma once

#include <cstddef>
#include <functional>

#include "lib/util/time.h"
#include "tests/sim/swarm.h"

namespace rollcall::sim {

class Machine;
class World;

class Faults {
 public:
  explicit Faults(World& world) : world_(world) {}

  void begin();
  void end() { over_ = true; }  ///< Nothing goes wrong any more; what is wrong is not put right.
  bool over() const { return over_; }
  Time last_strike() const { return last_strike_; }
  /// An agent died of itself: somebody will start it again.
  void died(std::size_t machine);

 private:
  void now_and_then(Fault fault);
  void strike(Fault fault);
  void later(Nanoseconds delay, std::function<void()> action);
  Nanoseconds how_long();
  Machine& victim();

  void partition();
  void isolation();
  void one_way();
  void flapping();
  void flap(std::size_t a, std::size_t b, unsigned times);
  void crash();
  void reboot(std::size_t machine, unsigned times);
  void outage();
  void silence();
  void clock();
  void drift();
  void epoch();
  void disk_full();
  void liar();
  void restored();
  void unsynced();
  void restore(std::size_t index, Nanoseconds age);
  void lose_entry();
  void lost_disk();
  void leave();
  void signer();
  void parent();
  void admin();

  World& world_;
  bool over_ = false;
  Time last_strike_{};
  unsigned fatal_ = 0;  ///< One or two in a history are enough.
};

}  // namespace rollcall::sim
