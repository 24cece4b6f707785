// SPDX-License-Identifier: GPL-3.0-or-later
// What a new life of a member does with what its store held.
#include <algorithm>
#include <catch2/catch.hpp>

#include "lib/core/alarm_words.h"
#include "tests/core/lone_member.h"
#include "tests/core/still_policy.h"

using namespace rollcall;

namespace {

// A store after init(): the member itself, and a master key that it had opened.
Restored after_init(const test::PlainCrypto& crypto) {
  const Incarnation self = test::LoneMember::self;
  Restored restored;
  Digest chain{};
  const auto add = [&](FactContent content) {
    Fact fact{{self, restored.facts.size() + 1}, test::LoneMember::start, {}, std::move(content)};
    fact.signature = crypto.sign(fact.id, fact.created, fact.content);
    chain = crypto.chain(chain, fact.signature);
    restored.facts.push_back(std::move(fact));
  };
  add(Admit{{self.member, 1, "alone", {}, {}}, {}});
  add(Epoch{1, self.member, {}, {}});
  restored.vector.push_back({self, 2, chain});
  restored.serving = true;
  return restored;
}

// Its server serves the DNSKEY of a second ZSK, and the decision to do so is gone from its store.
void serve_by_a_word_that_is_lost(test::LoneMember& lone) {
  lone.run_until(std::chrono::hours{200});
  REQUIRE_FALSE(lone.member().roll("example.test.", Role::zsk, Uuid{{std::byte{1}}}, "root", false));
  lone.run_until(std::chrono::hours{201});
  REQUIRE(lone.dnskey_ordered(2) == true);
  Policy policy = test::still();
  policy.manual = true;  // it is not introduced again
  lone.want(policy);
  lone.restart([](Restored& store) {
    while (!std::holds_alternative<Decision>(store.facts.back().content)) store.facts.pop_back();
    store.facts.pop_back();
    store.vector.clear();
  });
}

// Who is the only one, and has not to wait whether others are heard of.
Settings nobody_else() {
  Settings settings;
  settings.silence = Seconds{0};
  return settings;
}

}  // namespace

TEST_CASE("a restarted member opens its master key again, once", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  Member member{test::LoneMember::self, Uuid{}, Settings{}, crypto, delay, after_init(crypto)};
  const auto opens = [&] {
    const Effects effects = member.pass({test::LoneMember::start, BootTime{}}, [] { return std::uint64_t{0}; });
    return std::ranges::count_if(effects.acts, [](const Act& act) { return std::holds_alternative<OpenEpoch>(act); });
  };
  CHECK(opens() == 1);
  CHECK(opens() == 0);
}

TEST_CASE("a store may be an old copy: its server is told nothing before the directory was read", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = test::LoneMember::self;
  Restored restored = after_init(crypto);
  const auto add = [&](FactContent content) {
    Fact fact{{self, restored.facts.size() + 1}, test::LoneMember::start, {}, std::move(content)};
    fact.signature = crypto.sign(fact.id, fact.created, fact.content);
    restored.facts.push_back(fact);
    return fact;
  };
  Candidate key{test::LoneMember::zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, test::LoneMember::start,
                test::LoneMember::start, "first", {}, {}, 1, {}, 1, {}};
  key.fingerprint[0] = std::byte{1};
  const KeyRecord dnskey{key.fingerprint, Record::dnskey};
  add(key);
  add(Decision{key.zone, {dnskey}, {}, {}, {}});
  const Fact unknown = add(Decision{key.zone, {}, {dnskey}, {}, {}});
  restored.facts.pop_back();  // the store is from before

  Member member{self, Uuid{}, nobody_else(), crypto, delay, restored};
  const auto orders = [&] {
    const Effects effects = member.pass({test::LoneMember::start, BootTime{}}, [] { return std::uint64_t{0}; });
    return std::ranges::count_if(effects.acts, [](const Act& act) { return std::holds_alternative<Export>(act); });
  };
  CHECK(orders() == 0);
  SECTION("it knows everything: the server is told") {
    member.directory_current(true, "");
    CHECK(orders() == 1);
  }
  SECTION("the directory knows more of its own facts: it is not") {
    member.fact(unknown);
    member.directory_current(true, "");
    CHECK(orders() == 0);
  }
}

TEST_CASE("what a server was told by a word that does not count it is told to drop", "[member]") {
  test::LoneMember lone{test::still(), test::exact};
  serve_by_a_word_that_is_lost(lone);
  lone.run_until(std::chrono::hours{202});
  CHECK(lone.dnskey_ordered(2) == false);
  CHECK(lone.dnskey_ordered(1) == true);
}

TEST_CASE("a key that was served by a word that was lost is wiped when caches have followed", "[member]") {
  test::LoneMember lone{test::still(), test::exact};
  serve_by_a_word_that_is_lost(lone);
  lone.run_until(std::chrono::hours{202});
  REQUIRE(lone.dnskey_ordered(2) == false);
  REQUIRE_FALSE(lone.member().abandon("example.test.", Role::zsk, "root"));
  const auto wiped = [&lone] {
    return std::ranges::count_if(lone.facts, [](const Fact& fact) { return std::holds_alternative<Tombstone>(fact.content); });
  };
  lone.run_until(std::chrono::hours{226});
  CHECK(wiped() == 0);
  lone.run_until(std::chrono::hours{228});  // TTLsig + Dprp = 24 + 1
  CHECK(wiped() == 1);
}

TEST_CASE("a new life decides nothing before it has looked at its own server", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = test::LoneMember::self;
  const ZoneRef zone = test::LoneMember::zone;
  Restored restored = after_init(crypto);
  Digest chain = restored.vector.front().digest;
  const auto add = [&](FactContent content) {
    Fact fact{{self, restored.facts.size() + 1}, test::LoneMember::start, {}, std::move(content)};
    fact.signature = crypto.sign(fact.id, fact.created, fact.content);
    chain = crypto.chain(chain, fact.signature);
    restored.facts.push_back(std::move(fact));
  };
  Decision published{zone, {}, {}, {}, {}};
  const auto publish = [&](Role role, Record signatures, std::byte name) {
    Candidate key{zone, {role, Algorithm::ecdsap256sha256, 1}, test::LoneMember::start, test::LoneMember::start,
                  "first", {}, {}, std::to_integer<std::uint16_t>(name), {}, 1, {}};
    key.fingerprint[0] = name;
    for (const Record record : {Record::dnskey, signatures}) {
      published.introduces.push_back({key.fingerprint, record});
      restored.waits[{zone, key.fingerprint, record, Change::introduced}] = BootTime{};
    }
    add(std::move(key));
  };
  publish(Role::ksk, Record::krrsig, std::byte{1});
  publish(Role::zsk, Record::zrrsig, std::byte{2});
  add(published);
  restored.vector.front() = {self, restored.facts.size(), chain};

  Member member{self, Uuid{}, nobody_else(), crypto, delay, restored};
  member.directory_current(true, "");
  member.policy("default", Policy{});
  member.zone({zone});
  member.parent_unconfigured(zone);
  const Nanoseconds after = Seconds{10_days};  // by the policy every cache has followed long ago
  std::optional<Export> order;
  const auto decided = [&] {
    const Effects effects =
        member.pass({test::LoneMember::start + after, BootTime{} + after}, [] { return std::uint64_t{0}; });
    for (const Act& act : effects.acts) {
      if (const auto* asked = std::get_if<Export>(&act)) order = *asked;
    }
    return std::ranges::any_of(effects.saves, [](const Save& save) {
      const auto* saved = std::get_if<SaveFact>(&save);
      return saved && std::holds_alternative<Decision>(saved->fact.content);
    });
  };
  CHECK_FALSE(decided());
  REQUIRE(order);
  ServedZone seen;
  for (const KeyTarget& key : order->keys) {
    seen.keys.push_back({key.dnskey, key.krrsig, key.zrrsig, key.zrrsig, key.ds, false});
  }
  SECTION("what it served is as the policy says: it decides") {
    member.exported(zone, order->order, seen);
    CHECK(decided());
  }
  SECTION("it served a longer TTL: caches may not have followed yet") {
    seen.max_zone_ttl = 30_days;
    member.exported(zone, order->order, seen);
    CHECK_FALSE(decided());
  }
}

TEST_CASE("a store and its replica may both be old copies: nothing is written or ordered before another was heard of",
          "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = test::LoneMember::self, other{Uuid{{std::byte{2}}}, 1};
  Restored restored = after_init(crypto);
  const auto add = [&](FactContent content) {
    restored.facts.push_back({{self, restored.facts.size() + 1}, test::LoneMember::start, {}, std::move(content)});
  };
  add(Admit{{other.member, 1, "other", {}, {}}, {}});
  Candidate key{test::LoneMember::zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, test::LoneMember::start,
                test::LoneMember::start, "first", {}, {}, 1, {}, 1, {}};
  key.fingerprint[0] = std::byte{1};
  add(key);
  add(Decision{key.zone, {{key.fingerprint, Record::dnskey}}, {}, {}, {}});
  Member member{self, Uuid{}, Settings{}, crypto, delay, restored};
  member.config({});
  member.policy("default", test::still());
  member.zone({test::LoneMember::zone, "default"});
  member.directory_current(true, "");

  int orders = 0, written = 0;
  const auto live_until = [&](Seconds at) {
    const Moment now{test::LoneMember::start + at, BootTime{} + at};
    const Effects effects = member.pass(now, [] { return std::uint64_t{0}; });
    for (const Act& act : effects.acts) {
      orders += std::holds_alternative<Export>(act);
      written += std::holds_alternative<MakeKey>(act);
      if (const auto* look = std::get_if<Look>(&act)) {
        ServedZone nothing;
        nothing.keys.resize(look->keys.size());
        nothing.foreign_keys = {4711};
        member.exported(look->zone, look->order, nothing);
      }
    }
    for (const Save& save : effects.saves) written += std::holds_alternative<SaveFact>(save);
    return now;
  };
  const auto hears = [&](Seconds at) {
    Heartbeat heartbeat;
    heartbeat.member = other;
    heartbeat.instance = Uuid{{std::byte{2}}};
    heartbeat.counter = static_cast<std::uint64_t>(at.count());
    heartbeat.time = test::LoneMember::start + at;
    heartbeat.roster = {self, other};
    heartbeat.serving = true;
    member.heartbeat(heartbeat, live_until(at));
  };
  const Seconds long_after{30 * 86400};
  for (Seconds at{0}; at < long_after; at += Seconds{43200}) live_until(at);
  CHECK(orders == 0);
  CHECK(written == 0);
  const MemberStatus before = member.status(live_until(long_after));
  const auto foreign = [](const std::string& alarm) { return alarm.starts_with(alarm_words::foreign_keys); };
  CHECK(std::ranges::none_of(before.zones.at(0).alarms, foreign));  // others may know that key
  CHECK(std::ranges::any_of(before.alarms, [](const std::string& alarm) { return alarm.starts_with(alarm_words::nothing_is_decided); }));
  hears(long_after + Seconds{1});
  hears(long_after + Seconds{2});
  live_until(long_after + Seconds{600});
  CHECK(orders > 0);
}

TEST_CASE("who was the only one when its copy was made waits whether others are heard of", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  Restored restored = after_init(crypto);
  Candidate key{test::LoneMember::zone, {Role::zsk, Algorithm::ecdsap256sha256, 1}, test::LoneMember::start,
                test::LoneMember::start, "only", {}, {}, 1, {}, 1, {}};
  key.fingerprint[0] = std::byte{1};
  restored.facts.push_back({{test::LoneMember::self, restored.facts.size() + 1}, test::LoneMember::start, {}, key});
  restored.serving = true;
  const Settings settings;
  Member member{test::LoneMember::self, Uuid{}, settings, crypto, delay, restored};
  member.config({});
  member.policy("default", test::still());
  member.zone({test::LoneMember::zone, "default"});
  const auto orders_at = [&](Seconds at) {
    const Moment now{test::LoneMember::start + at, BootTime{} + at};
    const Effects effects = member.pass(now, [] { return std::uint64_t{0}; });
    for (const Act& act : effects.acts) {
      if (const auto* look = std::get_if<Look>(&act)) member.look_failed(look->zone, look->order, "it is down");
    }
    return std::ranges::count_if(effects.acts, [](const Act& act) { return std::holds_alternative<Export>(act); });
  };
  const Seconds read{3600};  // until then its directory is down, and nobody could be heard of
  CHECK(orders_at(read - Seconds{1}) == 0);
  member.directory_current(true, "");
  CHECK(orders_at(read) == 0);
  CHECK(orders_at(read + settings.silence - Seconds{1}) == 0);
  CHECK(orders_at(read + settings.silence) == 1);
}

TEST_CASE("a new life serves when it has all that its earlier lives wrote, whoever speaks of it", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation before = test::LoneMember::self, self{before.member, 2}, other{Uuid{{std::byte{2}}}, 1};
  Restored restored = after_init(crypto);
  restored.serving = false;
  restored.took_itself_in = true;
  const bool has_all = GENERATE(true, false);
  Member member{self, Uuid{}, nobody_else(), crypto, delay, restored};
  Heartbeat heartbeat;
  heartbeat.member = other;  // taken in by a fact that the copy does not have, so it does not count here
  heartbeat.instance = Uuid{{std::byte{2}}};
  heartbeat.counter = 1;
  heartbeat.time = test::LoneMember::start;
  heartbeat.vector = {restored.vector.front()};
  if (!has_all) heartbeat.vector.front().seq = 3;
  const Moment now{test::LoneMember::start, BootTime{}};
  member.heartbeat(heartbeat, now);
  member.directory_current(true, "");
  for (int passes = 0; passes < 3; ++passes) member.pass(now, [] { return std::uint64_t{0}; });
  CHECK(member.status(now).serving == has_all);
}

TEST_CASE("who counts its heartbeats from where it had been before is told so", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = test::LoneMember::self, other{Uuid{{std::byte{2}}}, 1};
  Member member{self, Uuid{}, nobody_else(), crypto, delay, after_init(crypto)};
  member.directory_current(true, "");
  const auto hears = [&](std::uint64_t counter, int instance, Seconds at, std::vector<FactId> said_more = {}, Seconds age = Seconds{0}) {
    Heartbeat heartbeat;
    heartbeat.member = other;
    heartbeat.instance = Uuid{{static_cast<std::byte>(instance)}};
    heartbeat.counter = counter;
    heartbeat.time = test::LoneMember::start + at - age;
    heartbeat.said_more = std::move(said_more);
    const Moment now{test::LoneMember::start + at, BootTime{} + at};
    member.heartbeat(heartbeat, now);
    std::optional<Heartbeat> answer;
    for (const Seconds later : {at, at + Seconds{3600}}) {
      const Effects effects = member.pass({test::LoneMember::start + later, BootTime{} + later}, [] { return std::uint64_t{0}; });
      for (const Act& act : effects.acts) {
        if (const auto* sent = std::get_if<SendHeartbeat>(&act)) answer = sent->heartbeat;
      }
    }
    return answer;
  };
  hears(9, 2, Seconds{0});
  SECTION("one that came late is none") {
    const auto said = hears(3, 2, Seconds{7200}, {}, Seconds{9000});
    CHECK((!said || said->said_more.empty()));
  }
  SECTION("one that was written later is, by a machine that was set back with its memory") {
    const auto said = hears(3, 2, Seconds{7200});
    REQUIRE(said);
    CHECK(said->said_more == std::vector{FactId{other, 9}});
  }
  SECTION("one of another start is, until it has caught up") {
    const auto said = hears(3, 3, Seconds{7200});
    REQUIRE(said);
    CHECK(said->said_more == std::vector{FactId{other, 9}});
    const auto then = hears(10, 3, Seconds{14400});
    REQUIRE(then);
    CHECK(then->said_more.empty());
  }
  SECTION("who hears that of itself knows that its store is an old copy") {
    hears(10, 2, Seconds{7200}, {{self, 1}});
    CHECK(member.status({test::LoneMember::start, BootTime{}}).doubt.empty());
    hears(11, 2, Seconds{14400}, {{self, 99}});
    CHECK(member.status({test::LoneMember::start, BootTime{}}).doubt.find("later heartbeats of this member") != std::string::npos);
  }
}
