// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/campaign.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tests/sim/world.h"

namespace rollcall::sim {
namespace {

thread_local std::uint64_t seed_at_work = 0;

// A broken MUST ends the program; without this line nobody knew in which history.
void tell_seed(int) {
  char line[64];
  const int length = std::snprintf(line, sizeof line, "seed %llu: aborted\n",
                                   static_cast<unsigned long long>(seed_at_work));
  std::fwrite(line, 1, static_cast<std::size_t>(length), stderr);
  std::signal(SIGABRT, SIG_DFL);
}

void note(Outcome& outcome, std::uint64_t seed, const History& history) {
  ++outcome.seeds;
  outcome.days += history.days;
  outcome.counters.merge(history.counters);
  if (!history.violation) return;
  ++outcome.violations;
  if (outcome.first_violation && *outcome.first_violation < seed) return;
  outcome.first_violation = seed;
  outcome.what = *history.violation;
}

}  // namespace

History live_through(std::uint64_t seed, const Fixed& fixed, std::ostream* story) {
  World world{swarm(seed, fixed), story};
  const Time start = world.context().schedule.now();
  world.run(world.context().swarm.duration);
  world.heal();
  world.converge();
  world.judge().tell_time_line();
  const Nanoseconds lived = world.context().schedule.now() - start;
  return {world.violation(), std::chrono::duration<double, std::ratio<86400>>(lived).count(),
          world.context().counters};
}

Outcome run(const Campaign& campaign,
            const std::function<void(const Outcome&, const std::string& news)>& progress) {
  Outcome outcome;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{campaign.from};
  std::atomic<bool> over{false};
  const std::uint64_t end = campaign.from + campaign.seeds;
  const auto previous = std::signal(SIGABRT, tell_seed);
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed < end && !over; seed = next++) {
      seed_at_work = seed;
      const History history = live_through(seed, campaign.fixed);
      const std::lock_guard lock{mutex};
      note(outcome, seed, history);
      over = over || (campaign.until_violation && history.violation);
      const std::string news =
          history.violation ? "seed " + std::to_string(seed) + ": " + *history.violation +
                                  "\n  replay: " + replay_command(seed, campaign.fixed)
                            : std::string{};
      progress(outcome, news);
    }
  };
  std::vector<std::thread> others;
  for (unsigned job = 1; job < campaign.jobs; ++job) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  std::signal(SIGABRT, previous);
  return outcome;
}

namespace {

template <class Value>
std::string list_of(const std::set<Value>& values) {
  std::string names;
  for (const Value value : values) names += (names.empty() ? "" : ",") + std::string(to_string(value));
  return names.empty() ? "none" : names;
}

}  // namespace

std::string replay_command(std::uint64_t seed, const Fixed& fixed) {
  std::string command = "rollcall-sim --seed " + std::to_string(seed) + " --trace";
  if (fixed.members) command += " --members " + std::to_string(*fixed.members);
  const auto days = std::chrono::duration_cast<std::chrono::days>(fixed.duration).count();
  if (fixed.duration != Fixed{}.duration) command += " --days " + std::to_string(days);
  if (fixed.faults) command += " --faults " + list_of(*fixed.faults);
  if (fixed.rollovers) command += " --rollovers " + list_of(*fixed.rollovers);
  return command;
}

}  // namespace rollcall::sim
