// SPDX-License-Identifier: GPL-3.0-or-later
// What the core costs: a look at a zone in which nothing is to do, and a decision in the middle of
// a rollover.
#include <benchmark/benchmark.h>

#include "lib/core/decide.h"
#include "lib/core/timing.h"
#include "lib/util/must.h"
#include "tests/core/lone_member.h"

namespace {

using namespace rollcall;

Policy unlimited() {
  Policy policy;
  policy.ksk_lifetime = policy.zsk_lifetime = Seconds{0};
  policy.window_first = Seconds{0};
  return policy;
}

void pass_over_a_settled_zone(benchmark::State& state) {
  test::LoneMember member{unlimited(), {SwapAbility::exact, Seconds{0}}};
  member.run_until(30_days);
  MUST(member.state(Role::zsk, 1, Record::zrrsig) == State::omnipresent);
  MUST(member.state(Role::ksk, 1, Record::ds) == State::omnipresent);
  const Moment now = member.moment();
  const auto chance = [] { return std::uint64_t{0}; };
  for (auto _ : state) benchmark::DoNotOptimize(member.member().pass(now, chance));
}
BENCHMARK(pass_over_a_settled_zone)->Unit(benchmark::kMicrosecond);

KeyView key(Role role, std::uint32_t number, std::initializer_list<Record> records, State state) {
  KeyView view;
  view.key[0] = static_cast<std::byte>(number);
  view.key[1] = static_cast<std::byte>(role);
  view.generation = {role, Algorithm::ecdsap256sha256, number};
  view.at_once = true;
  for (const Record record : records) view[record].state = state;
  if (view.in_use()) view.first_use = test::LoneMember::start;
  return view;
}

// A ZSK is being replaced: its successor is in every cache and may sign.
ZoneView rolling_zone() {
  ZoneView view;
  view.zone = test::LoneMember::zone;
  view.intervals = intervals_of(unlimited());
  view.keys = {key(Role::ksk, 1, {Record::dnskey, Record::krrsig, Record::ds}, State::omnipresent),
               key(Role::zsk, 1, {Record::dnskey, Record::zrrsig}, State::omnipresent),
               key(Role::zsk, 2, {Record::dnskey}, State::omnipresent)};
  return view;
}

void decide_in_a_rolling_zone(benchmark::State& state) {
  const ZoneView view = rolling_zone();
  MUST(decide(view, test::LoneMember::start).steps.size() == 1);
  for (auto _ : state) benchmark::DoNotOptimize(decide(view, test::LoneMember::start));
}
BENCHMARK(decide_in_a_rolling_zone)->Unit(benchmark::kMicrosecond);

}  // namespace
