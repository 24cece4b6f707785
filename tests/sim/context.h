// SPDX-License-Identifier: GPL-3.0-or-later
// What every part of a simulated world shares: its time, its dice, its swarm, what it counts and
// the story it tells.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>

#include "tests/sim/random.h"
#include "tests/sim/schedule.h"
#include "tests/sim/swarm.h"

namespace rollcall::sim {

/// How often what happened: shows that a fault or a state did occur in some history.
class Counters {
 public:
  void add(std::string_view what, std::uint64_t times = 1);
  void merge(const Counters& other);
  std::uint64_t operator[](std::string_view what) const;
  const std::map<std::string, std::uint64_t, std::less<>>& all() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

/// The history as a readable story; tells nothing if nobody listens.
class Trace {
 public:
  Trace(const Schedule& schedule, Time start, std::ostream* out)
      : schedule_(schedule), start_(start), out_(out) {}

  bool on() const { return out_ != nullptr; }
  /// who   A member's name, `world`, `parent`, …
  void line(std::string_view who, std::string_view text);
  void plain(std::string_view text);   ///< Without time and name.
  std::string stamp(Time when) const;  ///< `d012 08:15:00.250`

 private:
  const Schedule& schedule_;
  Time start_;
  std::ostream* out_;
};

struct Context {
  Context(Swarm swarm_of, std::ostream* story);

  const Swarm swarm;
  const Time start;
  Schedule schedule;
  Dice dice;
  Counters counters;
  Trace trace;
};

/// Names that a reader of the story knows: `a`, `b`, `c`, …
std::string member_name(std::size_t index);
std::string key_name(Role role, std::uint32_t number, const Fingerprint& key);

}  // namespace rollcall::sim
