// SPDX-License-Identifier: GPL-3.0-or-later
// A joiner answers DNS queries only when every member counts it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "lib/core/alarm_words.h"
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

  const auto told_at = [&](Seconds at) {
    const Moment now{test::LoneMember::start + at, BootTime{} + at};
    member.pass(now, [] { return std::uint64_t{0}; });
    return member.status(now);
  };
  const auto serves_when_known = [&](std::vector<MemberKeys> known) {
    Fact fact{{inviter, 1}, test::LoneMember::start, {}, Admit{{self.member, 1, "joiner", {}, {}}, std::move(known)}};
    fact.signature = crypto.sign(fact.id, fact.created, fact.content);
    member.fact(std::move(fact));
    return told_at(Seconds{0}).serving;
  };
  CHECK_FALSE(serves_when_known({{inviter.member, 1, "inviter", {}, {}}, {absent, 1, "absent", {}, {}}}));

  const Hold hold = told_at(Seconds{1}).holds.at(0);
  CHECK(hold.step == "serve");
  CHECK(hold.text == "not every member has said that it counts this one");
  CHECK(hold.waits_for == std::vector{inviter.member, absent});
  const Seconds silence = std::chrono::duration_cast<Seconds>(Settings{}.silence);
  CHECK(told_at(silence).alarms == std::vector{alarm_words::not_serving + hold.text + ": inviter, absent"});
}

TEST_CASE("a member whose admission does not count any more says who does not count it", "[member]") {
  const test::PlainCrypto crypto;
  const RandomDelay delay;
  const Incarnation self = test::LoneMember::self, other{Uuid{{std::byte{2}}}, 1};
  Restored restored;
  restored.facts.push_back({{other, 1}, test::LoneMember::start, {}, Admit{{other.member, 1, "other", {}, {}}, {}}});
  restored.facts.push_back({{self, 1}, test::LoneMember::start, {}, Tombstone{{self, 1}, "as it was taken in"}});
  Member member{self, Uuid{}, Settings{}, crypto, delay, std::move(restored)};
  member.directory_current(true, "");

  const auto alarmed_when = [&](Seconds at, std::vector<Incarnation> counted) {
    const Moment now{test::LoneMember::start + at, BootTime{} + at};
    Heartbeat heartbeat;
    heartbeat.member = other;
    heartbeat.counter = static_cast<std::uint64_t>(at.count()) + 1;
    heartbeat.time = now.wall;
    heartbeat.roster = std::move(counted);
    heartbeat.serving = true;
    heartbeat.last_seq = 1;
    heartbeat.vector = {{other, 1, {}}};
    member.heartbeat(heartbeat, now);
    member.pass(now, [] { return std::uint64_t{0}; });
    const std::vector<std::string> alarms = member.status(now).alarms;
    return std::ranges::any_of(alarms, [](const std::string& alarm) {
      return alarm.starts_with(alarm_words::not_counted + "other");
    });
  };
  const Seconds silence = std::chrono::duration_cast<Seconds>(Settings{}.silence);
  CHECK_FALSE(alarmed_when(Seconds{0}, {other}));
  CHECK_FALSE(alarmed_when(silence / 2, {other}));
  CHECK(alarmed_when(silence + Seconds{1}, {other}));
  CHECK_FALSE(alarmed_when(silence + Seconds{2}, {self, other}));
}
