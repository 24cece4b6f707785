// SPDX-License-Identifier: GPL-3.0-or-later
// A joiner answers DNS queries only when every member counts it.
#include <catch2/catch.hpp>

#include "tests/core/lone_member.h"

using namespace rollcall;

TEST_CASE("a joiner does not serve while nothing has come of a member that its admission names", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation inviter{Uuid{{std::byte{2}}}, 1};
  const MemberId absent{Uuid{{std::byte{3}}}};
  const Incarnation self = test::LoneMember::self;
  Member member{self, Uuid{}, Settings{}, crypto, delay, Restored{}};
  member.directory_current(true, "");

  const auto serves_when_known = [&](std::vector<MemberKeys> known) {
    Fact fact{{inviter, 1}, test::LoneMember::start, {}, Admit{{self.member, 1, "joiner", {}, {}}, std::move(known)}};
    fact.signature = crypto.sign(fact.id, fact.created, fact.content);
    member.fact(std::move(fact));
    const Moment now{test::LoneMember::start, BootTime{}};
    member.pass(now, [] { return std::uint64_t{0}; });
    return member.status(now).serving;
  };
  CHECK_FALSE(serves_when_known({{inviter.member, 1, "inviter", {}, {}}, {absent, 1, "absent", {}, {}}}));
}
