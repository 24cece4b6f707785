// SPDX-License-Identifier: GPL-3.0-or-later
// rollcall-sim: lives through many simulated clusters and says whether a zone was ever bogus.
//
// Exit status: 0 nothing wrong, 1 a violation, 2 options that make no sense.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/sim/campaign.h"

namespace {

using namespace rollcall;

struct Options {
  std::uint64_t seeds = 100;
  std::uint64_t from = 1;
  std::optional<std::uint64_t> seed;
  bool trace = false;
  std::optional<std::size_t> members;
  std::int64_t days = 150;
  std::string faults;
  std::string rollovers;
  unsigned jobs = 1;
  bool until_violation = false, no_gate = false;
};

void declare(CLI::App& app, Options& options) {
  auto* seeds = app.add_option("--seeds", options.seeds, "How many histories")->check(CLI::Range(1ULL, 1'000'000'000ULL));
  auto* from = app.add_option("--from", options.from, "The first seed");
  auto* seed = app.add_option("--seed", options.seed, "This one history only")->excludes(seeds)->excludes(from);
  app.add_flag("--trace", options.trace, "Tell it as a story, with a time-line of who served what")->needs(seed);
  app.add_option("--members", options.members, "Instead of 1 to 20 by seed")->check(CLI::Range(1, 60));
  app.add_option("--days", options.days, "Of faults, before everything is healed")->check(CLI::Range(1, 10'000));
  app.add_option("--faults", options.faults, "Names with commas between them, all, or none; else by seed");
  app.add_flag("--until-violation", options.until_violation, "The first one ends it");
  app.add_option("--rollovers", options.rollovers, "The same for what administrators want");
  app.add_flag("--no-gate", options.no_gate, "Without the last gate: what the rules alone are worth");
  app.add_option("--jobs", options.jobs, "Histories side by side")->check(CLI::Range(1, 256));
}

// `a,b`, `all` or `none`.
template <class Value>
std::set<Value> parse_list(const std::string& option, const std::string& text, const std::vector<Value>& all,
                           std::optional<Value> (*from)(std::string_view)) {
  if (text == "none") return {};
  if (text == "all") return {all.begin(), all.end()};
  std::set<Value> values;
  std::istringstream list{text};
  for (std::string name; std::getline(list, name, ',');) {
    const auto value = from(name);
    if (!value) {
      std::string known;
      for (const Value each : all) known += " " + std::string(to_string(each));
      throw std::invalid_argument(option + ": no such one: '" + name + "'; there are:" + known + " all none");
    }
    values.insert(*value);
  }
  return values;
}

sim::Campaign campaign_of(const Options& options) {
  sim::Campaign campaign{options.seed.value_or(options.from), options.seed ? 1 : options.seeds, options.jobs, options.until_violation, {}};
  campaign.fixed.members = options.members;
  campaign.fixed.last_gate = !options.no_gate;
  campaign.fixed.duration = std::chrono::days{options.days};
  if (!options.faults.empty()) {
    campaign.fixed.faults = parse_list("--faults", options.faults, sim::all_faults(), sim::fault_from);
  }
  if (!options.rollovers.empty()) {
    campaign.fixed.rollovers = parse_list("--rollovers", options.rollovers, sim::all_rollovers(), sim::rollover_from);
  }
  return campaign;
}

int tell(const sim::Campaign& campaign) {
  const sim::History history = sim::live_through(campaign.from, campaign.fixed, &std::cout);
  std::cout << (history.violation ? "violation: " + *history.violation : "nothing wrong") << '\n';
  return history.violation ? 1 : 0;
}

void print(const sim::Outcome& outcome, std::chrono::duration<double> took) {
  nlohmann::ordered_json line;
  line["seeds"] = outcome.seeds;
  line["violations"] = outcome.violations;
  line["first_violation_seed"] = nullptr;
  if (outcome.first_violation) line["first_violation_seed"] = *outcome.first_violation;
  line["sim_days"] = static_cast<std::uint64_t>(outcome.days);
  line["seeds_per_hour"] = static_cast<std::uint64_t>(static_cast<double>(outcome.seeds) * 3600 / took.count());
  line["counters"] = outcome.counters.all();
  std::cout << line.dump() << '\n';
}

int live(const sim::Campaign& campaign) {
  const auto start = std::chrono::steady_clock::now();
  auto told = start;
  const auto outcome = sim::run(campaign, [&told, &campaign](const sim::Outcome& so_far, const std::string& news) {
    if (!news.empty()) std::cout << news << std::endl;
    const auto now = std::chrono::steady_clock::now();
    if (now - told < std::chrono::seconds{5}) return;
    told = now;
    std::cerr << so_far.seeds << " of " << campaign.seeds << " seeds, " << so_far.violations << " violations\n";
  });
  print(outcome, std::chrono::steady_clock::now() - start);
  return outcome.violations > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Lives through simulated clusters of Rollcall members, one history a seed."};
  declare(app, options);
  sim::Campaign campaign;
  try {
    app.parse(argc, argv);
    campaign = campaign_of(options);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const std::exception& error) {
    std::cerr << "rollcall-sim: " << error.what() << '\n';
    return 2;
  }
  return options.trace ? tell(campaign) : live(campaign);
}
