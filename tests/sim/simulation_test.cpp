// SPDX-License-Identifier: GPL-3.0-or-later
// Two thousand mixed histories. The promise is about the world, not about our states: whatever a
// cache holds, it validates; and when all is healed, every zone gets rolled.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "tests/sim/campaign.h"

using namespace rollcall;

namespace {

std::uint64_t seeds() {
  const char* text = std::getenv("ROLLCALL_SIM_SEEDS");
  return text == nullptr ? 2000 : std::strtoull(text, nullptr, 10);
}

// Of histories one after another.
std::uint64_t some_seeds() { return std::clamp<std::uint64_t>(seeds() / 10, 1, 20); }

}  // namespace

TEST_CASE("no cache is ever bogus, and every zone gets rolled", "[simulation]") {
  sim::Campaign campaign;
  campaign.seeds = seeds();
  campaign.jobs = std::max(1u, std::thread::hardware_concurrency());
  REQUIRE(campaign.seeds > 0);
  std::vector<std::string> violations;  // Catch is for one thread; progress comes one at a time
  const sim::Outcome outcome = sim::run(campaign, [&](const sim::Outcome&, const std::string& news) {
    if (!news.empty()) violations.push_back(news);
  });
  for (const std::string& violation : violations) FAIL_CHECK(violation);
  CHECK(outcome.violations == 0);

  // A fault or a state that never occurs proves nothing; the rarest needs some hundreds of seeds.
  if (campaign.seeds < 400) return;
  const std::vector<std::string> sometimes{
      "partition", "isolation", "one-way link", "flapping link", "outage", "reboot",
      "crash before saves", "crash after saves", "crash between acts", "directory silent", "clock wrong",
      "entry lost", "entry vanished", "entry written again", "notice doubled", "notice late",
      "signer refused", "signer hung", "signer stopped half-way", "zone lost",
      "parent out of reach", "parent addresses differ", "DS a week late", "DS told by hand",
      "candidate made", "duplicate candidates", "loser pruned", "candidate rejected", "generation void",
      "fail-over made the key", "key failed", "step held over a day", "key purged", "key wiped",
      "roll asked for", "roll asked for on both sides", "joined during a cut", "member joined mid-roll",
      "step held over a week", "late return", "winner changed before it was final", "tag collision",
      "crash between intent and key", "clock drifts", "clock of 1970", "clock backwards over a reboot",
      "disk full", "notice lost", "full refresh", "signed with another key", "stale after restart",
      "answered for what was not done", "DS withdrawn again", "DS regressed", "DS of nobody's key",
      "policy changed", "crash between key and fact", "store of before", "disk lost",
      "store and replica of before", "replication refused for its clock", "missing keys alarmed", "another algorithm wanted",
      "insecure wanted", "suspended", "step by hand", "abandoned", "emergency roll asked for", "key revoked",
      "rotation begun", "rotation begun twice", "rotation finished", "key wrapped again", "older copy wiped",
      "forget used", "several forgotten", "decree", "leave asked for", "left for good", "member left",
      "came back as a new incarnation", "restored member noticed", "server stopped by its agent",
      "copy of a silent owner's fact", "heir ended a fact", "forgotten one came back cut off",
      "gate refused", "gate open again", "deadline judged", "next key judged", "roll late", "late roll alarmed",
      "turn judged", "foreign key taken out", "two facts of one number"};
  for (const std::string& what : sometimes) {
    INFO("how often it occurred: " << what);
    CHECK(outcome.counters[what] > 0);
  }
}

TEST_CASE("a history without faults: everything wanted is done, and hardly ever twice", "[simulation]") {
  std::uint64_t made = 0, twice = 0;
  for (std::uint64_t seed = 1; seed <= some_seeds(); ++seed) {
    sim::Fixed fixed;
    fixed.faults = std::set<sim::Fault>{};
    fixed.rollovers = std::set<sim::Rollover>{};  // what is asked for comes at once, so often twice
    INFO("replay: " << sim::replay_command(seed, fixed));
    const sim::History history = sim::live_through(seed, fixed);
    CHECK(history.violation.value_or("") == "");
    CHECK(history.counters["decision"] > 0);
    made += history.counters["candidate made"];
    twice += history.counters["duplicate candidates"];
  }
  CHECK(20 * twice <= made);  // the first ones, of which some policies want all at once
}

TEST_CASE("a history without faults, but with every wish: everything wanted is done", "[simulation]") {
  for (std::uint64_t seed = 1; seed <= some_seeds(); ++seed) {
    sim::Fixed fixed;
    fixed.faults = std::set<sim::Fault>{};
    INFO("replay: " << sim::replay_command(seed, fixed));
    CHECK(sim::live_through(seed, fixed).violation.value_or("") == "");
  }
}

TEST_CASE("one seed is one history", "[simulation]") {
  const sim::History once = sim::live_through(42, {});
  const sim::History again = sim::live_through(42, {});
  CHECK(once.counters.all() == again.counters.all());
  CHECK(once.days == again.days);
}
