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
