// SPDX-License-Identifier: GPL-3.0-or-later
// The rotation of the master key as one member lives through it, and as it goes on after a restart.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

using namespace rollcall;
using test::LoneMember;

namespace {

template <class Content>
std::vector<std::pair<FactId, Content>> all(const std::vector<Fact>& facts) {
  std::vector<std::pair<FactId, Content>> list;
  for (const Fact& fact : facts) {
    if (const auto* content = std::get_if<Content>(&fact.content))
      list.emplace_back(fact.id, *content);
  }
  return list;
}

/// A store of a member with one key, as facts tell it.
struct Store {
  test::PlainCrypto crypto;
  RandomDelay delay;
  Restored restored;
  const Incarnation self = LoneMember::self;
  Digest chain{};

  FactId add(FactContent content) {
    const FactId id{self, restored.facts.size() + 1};
    Fact fact{id, LoneMember::start, crypto.sign(id, LoneMember::start, content),
              std::move(content)};
    chain = crypto.chain(chain, fact.signature);
    restored.facts.push_back(std::move(fact));
    restored.vector = {{self, id.seq, chain}};
    return id;
  }
  FactId epoch(std::uint32_t number) {
    Digest check{};
    check[0] = static_cast<std::byte>(number);
    return add(Epoch{number, self.member, check, {}});
  }
  FactId key(std::uint32_t under) {
    Candidate key{LoneMember::zone,
                  {Role::zsk, Algorithm::ecdsap256sha256, 1},
                  LoneMember::start,
                  LoneMember::start,
                  "first",
                  {},
                  {},
                  1,
                  {},
                  under,
                  {}};
    return add(key);
  }
  /// The facts that a new life asks to be opened, and the copy of the key that it uses then.
  std::pair<std::vector<FactId>, FactId> new_life(const FactId& key) const {
    Member member{self, Uuid{}, Settings{}, crypto, delay, restored};
    std::vector<FactId> opened;
    const Effects effects =
        member.pass({LoneMember::start, BootTime{}}, [] { return std::uint64_t{0}; });
    for (const Act& act : effects.acts) {
      if (const auto* open = std::get_if<OpenEpoch>(&act)) opened.push_back(open->fact);
    }
    return {opened, member.newest_wrap(key)};
  }
};

}  // namespace

TEST_CASE("a rotation: keys are wrapped again, old copies and the old master key go",
          "[rotation]") {
  LoneMember alone{Policy{}, {}};
  alone.run_until(1_days);
  const auto keys = all<Candidate>(alone.facts);
  REQUIRE(keys.size() == 2);
  CHECK(alone.status().master_key.epoch == 1);
  CHECK_FALSE(alone.status().master_key.rotating);

  CHECK(alone.member().rotate_master_key("root") == std::nullopt);
  alone.run_until(1_days + Seconds{1});
  CHECK(alone.status().master_key.epoch == 2);
  CHECK_FALSE(alone.status().master_key.rotating);
  const auto rewraps = all<Rewrap>(alone.facts);
  REQUIRE(rewraps.size() == 2);
  for (const auto& [id, key] : keys) {
    CHECK(std::ranges::count(alone.wiped, id) == 1);
    CHECK(alone.member().newest_wrap(id) != id);
  }
  CHECK(alone.dropped == std::vector<std::uint32_t>{1});
  const auto ended = all<Tombstone>(alone.facts);
  REQUIRE(ended.size() == 1);
  CHECK(ended.front().second.ended == all<Epoch>(alone.facts).front().first);

  SECTION("new keys are under the new one, and are not wrapped again") {
    CHECK(alone.member().roll(LoneMember::zone.name, Role::zsk, Uuid{}, "root") == std::nullopt);
    alone.run_until(20_days);
    REQUIRE(all<Candidate>(alone.facts).size() == 3);
    CHECK(all<Candidate>(alone.facts).back().second.epoch == 2);
    CHECK(all<Rewrap>(alone.facts).size() == 2);
  }
  SECTION("the next rotation begins where this one ended") {
    CHECK(alone.member().rotate_master_key("root") == std::nullopt);
    alone.run_until(2_days);
    CHECK(alone.status().master_key.epoch == 3);
    CHECK(alone.dropped == std::vector<std::uint32_t>{1, 2});
    for (const auto& [id, rewrap] : rewraps) CHECK(std::ranges::count(alone.wiped, id) == 1);
  }
  SECTION("the rotated zone rolls on") {
    alone.run_until(200_days);
    CHECK_FALSE(alone.was_ever_bogus());
    CHECK(all<Candidate>(alone.facts).size() > 3);
  }
}

TEST_CASE("two wishes in one moment are one rotation", "[rotation]") {
  LoneMember alone{Policy{}, {}};
  alone.run_until(Seconds{60});
  CHECK(alone.member().rotate_master_key("root") == std::nullopt);
  CHECK(alone.member().rotate_master_key("root") == std::nullopt);
  alone.run_until(Seconds{120});
  CHECK(alone.status().master_key.epoch == 2);
}

TEST_CASE("who does not write begins no rotation", "[rotation]") {
  LoneMember alone{Policy{}, {}};
  alone.run_until(Seconds{60});
  alone.member().directory_current(false, "it is gone");
  alone.run_until(Seconds{61});
  REQUIRE(alone.member().rotate_master_key("root"));
  CHECK(alone.member().rotate_master_key("root")->find("it is gone") != std::string::npos);
}

TEST_CASE("a new life opens the master keys that it needs, and no more", "[rotation]") {
  Store store;
  store.add(Admit{{store.self.member, 1, "alone", {}, {}}, {}});
  const FactId first = store.epoch(1);
  const FactId key = store.key(1);
  store.restored.serving = true;
  CHECK(store.new_life(key) == std::pair{std::vector{first}, key});

  const FactId second = store.epoch(2);
  SECTION("a key is still under the old one: both") {
    const auto [opened, copy] = store.new_life(key);
    CHECK(std::ranges::is_permutation(opened, std::vector{first, second}));
    CHECK(copy == key);
  }
  const FactId rewrap = store.add(Rewrap{LoneMember::zone, key, 2, {}});
  SECTION("it was wrapped again: the new one only") {
    CHECK(store.new_life(key) == std::pair{std::vector{second}, rewrap});
  }
  SECTION("that is held, and not carried out yet: both") {
    store.restored.vector.front() = {store.self, rewrap.seq - 1, {}};
    store.restored.behind = {{LoneMember::zone, {rewrap}}};
    store.restored.vector.front().seq = rewrap.seq;
    Member member{store.self, Uuid{}, Settings{}, store.crypto, store.delay, store.restored};
    CHECK(member.newest_wrap(key) == key);
  }
  SECTION("the old one is ended: the new one only") {
    store.add(Tombstone{first, "epoch 2 replaced it"});
    CHECK(store.new_life(key) == std::pair{std::vector{second}, rewrap});
  }
}

TEST_CASE("a key whose first copy is gone is tried by its newest", "[rotation]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = LoneMember::self, inviter{Uuid{{std::byte{2}}}, 1};
  Member member{self, Uuid{}, Settings{}, crypto, delay, Restored{}};
  member.directory_current(true, "");
  std::uint64_t seq = 0;
  const auto tell = [&](FactContent content) {
    const FactId id{inviter, ++seq};
    member.fact(
        {id, LoneMember::start, crypto.sign(id, LoneMember::start, content), std::move(content)});
    return id;
  };
  Digest check{};
  check[0] = std::byte{2};
  tell(Epoch{1, inviter.member, {}, {}});
  const FactId key = tell(Candidate{LoneMember::zone,
                                    {Role::zsk, Algorithm::ecdsap256sha256, 1},
                                    LoneMember::start,
                                    LoneMember::start,
                                    "first",
                                    {},
                                    {},
                                    1,
                                    {},
                                    1,
                                    {}});
  tell(Epoch{2, inviter.member, check, {}});
  const FactId rewrap = tell(Rewrap{LoneMember::zone, key, 2, {}});
  const FactId sealed = tell(Epoch{2, self.member, check, {}});
  tell(Admit{{self.member, 1, "joiner", {}, {}}, {{inviter.member, 1, "inviter", {}, {}}}});

  BootTime now{};
  const auto acts = [&] {
    return member.pass({LoneMember::start, now}, [] { return std::uint64_t{0}; }).acts;
  };
  const auto asks_for = [](const std::vector<Act>& list) {
    std::vector<FactId> checked;
    for (const Act& act : list) {
      if (const auto* one = std::get_if<CheckCandidate>(&act)) checked.push_back(one->fact);
    }
    return checked;
  };
  CHECK(asks_for(acts()).empty());  // its master key is not opened yet
  member.epoch_opened(sealed, std::nullopt);
  CHECK(asks_for(acts()) == std::vector{rewrap});
  SECTION("it can be used") {
    member.candidate_checked(rewrap, std::nullopt);
    acts();
    now += Seconds{10};  // of its zone nothing is known yet, so the key itself is behind
    acts();
    CHECK(member.newest_wrap(key) == rewrap);
    CHECK(member.status({LoneMember::start, now}).alarms.empty());
  }
  SECTION("it cannot: an alarm, no rejection, and another try") {
    member.candidate_checked(rewrap, "it had not come whole");
    CHECK(asks_for(acts()).empty());
    CHECK(member.newest_wrap(key) == key);
    CHECK(member.status({LoneMember::start, now}).alarms.size() == 1);
    now += Seconds{59};
    CHECK(asks_for(acts()).empty());
    now += Seconds{1};
    CHECK(asks_for(acts()) == std::vector{rewrap});
  }
}

TEST_CASE("a master key that cannot be opened is an alarm", "[rotation]") {
  Store store;
  store.add(Admit{{store.self.member, 1, "alone", {}, {}}, {}});
  const FactId first = store.epoch(1);
  Member member{store.self, Uuid{}, Settings{}, store.crypto, store.delay, store.restored};
  const Moment now{LoneMember::start, BootTime{}};
  member.pass(now, [] { return std::uint64_t{0}; });
  member.epoch_opened(first, "it does not fit its check value");
  const auto alarms = member.status(now).alarms;
  const auto told = [](const std::string& alarm) {
    return alarm.find("does not fit its check value") != std::string::npos;
  };
  CHECK(std::ranges::count_if(alarms, told) == 1);
  CHECK(member.current_master_key() == std::nullopt);
}
