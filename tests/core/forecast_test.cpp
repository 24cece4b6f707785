// SPDX-License-Identifier: GPL-3.0-or-later
// The run equals the forecast: of every type of rollover, step by step and to the second, for a
// member by itself and for three.
#include <catch2/catch.hpp>

#include "lib/core/forecast.h"
#include "tests/core/small_cluster.h"
#include "tests/core/still_policy.h"

using namespace rollcall;
using namespace rollcall::test;
using namespace std::chrono_literals;

namespace {

constexpr Seconds settled = 200h;

Policy with(const std::function<void(Policy&)>& change) {
  Policy policy = still();
  change(policy);
  return policy;
}

/// What is asked of a zone that is in order.
struct Story {
  std::string name;
  Policy policy = still();
  SignerAbility ability = exact;
  std::optional<Policy> then = {};  ///< The policy from now on.
  std::optional<Role> roll = {};
  bool emergency = false;
  bool insecure = false;
};

std::vector<Story> stories() {
  const Policy csk = with([](Policy& p) { p.scheme = Scheme::csk; });
  const Policy ed25519 = with([](Policy& p) { p.algorithm = Algorithm::ed25519; });
  const auto zsk = [](ZskRollover type) { return with([=](Policy& p) { p.zsk_rollover = type; }); };
  const auto ksk = [](KskRollover type) { return with([=](Policy& p) { p.ksk_rollover = type; }); };
  const auto liberal = [](Policy policy) {
    policy.algorithm_rollover = AlgorithmRollover::liberal;
    return policy;
  };
  const Policy anchor = with([](Policy& p) {
    p.trust_anchor = true;
    p.hold_down = 30_days;
  });
  const Policy standby = with([](Policy& p) { p.standby_ksk = p.standby_zsk = true; });
  Policy csk_ed25519 = csk;
  csk_ed25519.algorithm = Algorithm::ed25519;
  return {
      {"ZSK, pre-publication", zsk(ZskRollover::pre_publication), exact, {}, Role::zsk},
      {"ZSK, pre-publication, named", zsk(ZskRollover::pre_publication), like_named, {}, Role::zsk},
      {"ZSK, double signature", zsk(ZskRollover::double_signature), exact, {}, Role::zsk},
      {"KSK, double-KSK", ksk(KskRollover::double_ksk), exact, {}, Role::ksk},
      {"KSK, double-DS", ksk(KskRollover::double_ds), exact, {}, Role::ksk},
      {"KSK, double-RRset", ksk(KskRollover::double_rrset), like_named, {}, Role::ksk},
      {"CSK", csk, exact, {}, Role::csk},
      {"algorithm, conservative", still(), exact, ed25519},
      {"algorithm, liberal", still(), like_named, liberal(ed25519)},
      {"algorithm of a CSK", csk, exact, csk_ed25519},
      {"a CSK in place of KSK and ZSK", still(), exact, csk},
      {"KSK and ZSK in place of a CSK", csk, exact, still()},
      {"a CSK of another algorithm, named", still(), like_named, liberal(csk_ed25519)},
      {"going insecure", still(), exact, {}, {}, false, true},
      {"trust anchor", anchor, exact, {}, Role::ksk},
      {"emergency of a KSK", still(), exact, {}, Role::ksk, true},
      {"emergency of a ZSK", still(), like_named, {}, Role::zsk, true},
      {"emergency of a CSK", csk, exact, {}, Role::csk, true},
      {"standby keys come", still(), exact, standby},
      {"a standby key is used", standby, exact, {}, Role::zsk},
      {"a standby KSK is used", standby, like_named, {}, Role::ksk},
  };
}

// In the order of time, one line each, readable when they differ.
std::vector<std::string> sorted(std::vector<Told> list) {
  std::ranges::sort(list, [](const Told& a, const Told& b) {
    return std::tie(a.at, a.text) < std::tie(b.at, b.text);
  });
  std::vector<std::string> lines;
  for (const Told& told : list) lines.push_back(std::to_string(told.at.count()) + ' ' + told.text);
  return lines;
}

Seconds since_start(Time time) {
  return std::chrono::duration_cast<Seconds>(time - LoneMember::start);
}

std::vector<std::string> planned(const Forecast& forecast) {
  std::vector<Told> list;
  for (const ForecastEvent& event : forecast.events) {
    for (const ForecastChange& change : event.changes) {
      list.push_back({since_start(event.at), std::string{to_string(change.key.role)} +
                                                 (change.introduced ? " +" : " -") +
                                                 std::string{to_string(change.record)} + ' ' +
                                                 std::to_string(change.key.number)});
    }
  }
  return sorted(std::move(list));
}

template <class World>
std::vector<std::string> happened(const World& world, Seconds since) {
  std::vector<Told> list;
  for (const Told& told : world.told()) {
    if (told.at >= since) list.push_back(told);
  }
  return sorted(std::move(list));
}

Forecast forecast_of(const Member& member, Moment now, Seconds length) {
  const auto snapshot = member.snapshot("example.test.", now);
  REQUIRE(snapshot);
  return forecast(*snapshot, {.until = now.wall + length, .policy = {}, .roll = {}});
}

template <class World>
void ask(World& world, Member& member, const Story& story) {
  if (story.then) world.want(*story.then);
  if (story.insecure) world.want_insecure(true);
  if (story.roll)
    REQUIRE_FALSE(
        member.roll("example.test.", *story.roll, Uuid{{std::byte{7}}}, "root", story.emergency));
}

const ForecastEvent* event_with(const Forecast& forecast, const std::string& part) {
  const auto found = std::ranges::find_if(forecast.events, [&](const ForecastEvent& event) {
    return event.what.find(part) != std::string::npos;
  });
  return found == forecast.events.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("what a member does by itself is what was forecast, to the second", "[forecast]") {
  for (const Story& story : stories()) {
    INFO(story.name);
    LoneMember world{story.policy, story.ability};
    world.run_until(settled);
    ask(world, world.member(), story);
    const Forecast forecast = forecast_of(world.member(), world.moment(), 3000h);
    world.run_until(settled + 3000h);
    CHECK_FALSE(planned(forecast).empty());
    CHECK(planned(forecast) == happened(world, settled));
    CHECK(forecast.stuck.empty());
    CHECK(world.refusals() == 0);  // the last gate is for what the rules do not see
    CHECK_FALSE(world.was_ever_bogus());
    CHECK_FALSE(forecast.cut_short);
  }
}

TEST_CASE("what three members do together is what was forecast, to the second", "[forecast]") {
  for (const Story& story : stories()) {
    INFO(story.name);
    SmallCluster world{3, story.policy, story.ability};
    world.run_until(settled);
    ask(world, world.member(0), story);
    const Forecast forecast = forecast_of(world.member(0), world.moment(), 3000h);
    // The others know of a wish in the directory as well; of one that was said to the first, not
    // yet.
    if (!story.roll)
      CHECK(planned(forecast_of(world.member(2), world.moment(), 3000h)) == planned(forecast));
    world.run_until(settled + 3000h);
    CHECK_FALSE(planned(forecast).empty());
    CHECK(planned(forecast) == happened(world, settled));
    CHECK(world.refusals() == 0);
  }
}

TEST_CASE("a forecast from the middle of a rollover goes on with the waits that run",
          "[forecast]") {
  LoneMember world{still(), exact};
  world.run_until(settled);
  ask(world, world.member(), {.name = "KSK", .roll = Role::ksk});
  for (const Seconds after :
       {1s, Seconds{13h}, Seconds{26h}, Seconds{40h}, Seconds{77h}, Seconds{100h}}) {
    world.run_until(settled + after);
    const Forecast forecast = forecast_of(world.member(), world.moment(), 1000h);
    LoneMember other{still(), exact};
    other.run_until(settled);
    ask(other, other.member(), {.name = "KSK", .roll = Role::ksk});
    other.run_until(settled + after + 1000h);
    CHECK(planned(forecast) == happened(other, settled + after + 1s));
  }
}

TEST_CASE("a new zone, from nothing to its DS, and two years of its policy", "[forecast]") {
  Policy policy;  // ours
  policy.window = policy.window_first = Seconds{0};
  LoneMember world{policy, exact};
  const Forecast forecast = forecast_of(world.member(), world.moment(), 730_days);
  // A member that has just founded its cluster has no key yet, and not even itself.
  world.run_until(730_days);
  CHECK(planned(forecast).size() > 20);
  CHECK(planned(forecast) == happened(world, Seconds{0}));
}

TEST_CASE("back from insecure", "[forecast]") {
  LoneMember world{still(), exact};
  world.run_until(settled);
  world.want_insecure(true);
  world.run_until(settled + 500h);
  world.want_insecure(false);
  const Forecast forecast = forecast_of(world.member(), world.moment(), 500h);
  world.run_until(settled + 1000h);
  CHECK(event_with(forecast, "introduce") != nullptr);
  CHECK(planned(forecast) == happened(world, settled + 500h));
}

TEST_CASE("in manual mode each step depends on an administrator, and is not possible earlier",
          "[forecast]") {
  const Policy manual = with([](Policy& p) { p.manual = true; });
  LoneMember world{still(), exact};
  world.run_until(settled);
  world.want(manual);
  ask(world, world.member(), {.name = "ZSK", .roll = Role::zsk});
  const Forecast forecast = forecast_of(world.member(), world.moment(), 1000h);
  int steps = 0;
  for (const ForecastEvent& event : forecast.events) {
    if (event.kind != ForecastEvent::Kind::step) continue;
    ++steps;
    CHECK(std::ranges::count(event.depends, Reason::operator_, &Dependency::reason) == 1);
    if (since_start(event.at) > settled) {
      world.run_until(since_start(event.at) - 1s);
      CHECK(world.member().step("example.test.", "root"));
    }
    world.run_until(since_start(event.at));
    CHECK_FALSE(world.member().step("example.test.", "root"));
    world.run_until(since_start(event.at));
  }
  CHECK(steps == 3);  // published, used, the old one out
  CHECK(planned(forecast) == happened(world, settled));
}

TEST_CASE("a TTL that was lowered is in the forecast until it has run out", "[forecast]") {
  LoneMember world{with([](Policy& p) { p.dnskey_ttl = 100h; }), exact};
  world.run_until(400h);
  world.want(still());
  ask(world, world.member(), {.name = "ZSK", .roll = Role::zsk});
  const Forecast forecast = forecast_of(world.member(), world.moment(), 600h);
  world.run_until(1000h);
  CHECK(planned(forecast) == happened(world, 400h));
}

TEST_CASE("a policy that is not the zone's yet, and a roll that nobody asked for", "[forecast]") {
  LoneMember world{still(), exact};
  world.member().policy("quick", with([](Policy& p) { p.algorithm = Algorithm::ed25519; }));
  world.run_until(settled);
  const auto snapshot = world.member().snapshot("example.test.", world.moment());
  REQUIRE(snapshot);

  CHECK(forecast(*snapshot, {.until = {}, .policy = {}, .roll = {}}).events.empty());
  CHECK(planned(forecast(*snapshot, {.until = {}, .policy = "quick", .roll = {}})).size() == 10);

  const Forecast roll =
      forecast(*snapshot, {.until = {}, .policy = {}, .roll = Role::ksk, .emergency = true});
  REQUIRE(event_with(roll, "is in no cache any more"));
  CHECK(since_start(event_with(roll, "is in no cache any more")->at) ==
        settled + 7h);  // 2 + 3 + TTLkey + Dprp
  CHECK(roll.replaced == "KSK 1300");
  REQUIRE(roll.faster.size() == 1);
  CHECK(roll.faster.front().text == "a cache could hold the DS of KSK 1300 and the DNSKEY RRset of ZSK 1600, signed by no "
                                    "key, until 2h after the parent shows it no more");
  const Forecast zsk = forecast(*snapshot, {.until = {}, .policy = {}, .roll = Role::zsk, .emergency = true});
  REQUIRE(zsk.faster.size() == 3);  // new data in old caches' eyes is none; old data lacks its key; nothing signs
  CHECK(std::ranges::count(zsk.faster, std::optional{world.moment().wall + 24h}, &Breakage::until) == 1);  // TTLsig
  CHECK(std::ranges::count(zsk.faster, std::optional{world.moment().wall + 1h}, &Breakage::until) == 1);   // TTLkey
  CHECK(forecast(*snapshot, {.until = {}, .policy = {}, .roll = Role::csk}).refused ==
        "zone example.test. has no CSK yet");
  world.run_until(settled + 1000h);
  CHECK(happened(world, settled).empty());  // asking does nothing
}

TEST_CASE("a forecast names what each step depends on, and whom", "[forecast]") {
  LoneMember world{still(), exact};
  world.run_until(settled);
  const auto snapshot = world.member().snapshot("example.test.", world.moment());
  REQUIRE(snapshot);
  const Forecast told =
      forecast(*snapshot, {.until = {}, .policy = {}, .parent_takes = 5h, .roll = Role::ksk});
  const ForecastEvent* old_out = event_with(told, "withdraw DNSKEY");
  REQUIRE(old_out);
  CHECK(since_start(old_out->at) == settled + 26h + 5h + 51h);
  CHECK(std::ranges::count(old_out->depends, Reason::parent, &Dependency::reason) == 1);
  CHECK(std::ranges::count(old_out->depends, Reason::time, &Dependency::reason) >= 1);
  CHECK(event_with(told, "introduce DNSKEY+KRRSIG of KSK generation 2") != nullptr);

  SmallCluster cluster{3, still(), exact};
  cluster.run_until(settled);
  auto seen_alone = cluster.member(0).snapshot("example.test.", cluster.moment());
  REQUIRE(seen_alone);
  seen_alone->silent = {SmallCluster::incarnation(1).member};
  const Forecast needs = forecast(*seen_alone, {.until = {}, .policy = {}, .roll = Role::zsk});
  REQUIRE_FALSE(needs.assumptions.empty());
  CHECK(needs.assumptions.front().find("member2") != std::string::npos);
}
