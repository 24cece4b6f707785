// SPDX-License-Identifier: GPL-3.0-or-later
// What a new life of a member does with what its store held.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

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

  Member member{self, Uuid{}, Settings{}, crypto, delay, restored};
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
