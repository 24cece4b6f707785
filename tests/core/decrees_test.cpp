// SPDX-License-Identifier: GPL-3.0-or-later
// Decrees that members are dead: when they are in force, and which of two holds.
#include <catch2/catch.hpp>

#include "lib/core/membership.h"

using namespace rollcall;

namespace {

MemberId member(int n) { return Uuid{{static_cast<std::byte>(n)}}; }
const MemberId a = member(1), b = member(2), c = member(3), d = member(4);
constexpr Time start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

Fact admit(MemberId by, std::uint64_t seq, MemberId joiner, std::uint32_t incarnation = 1,
           std::vector<Incarnation> forgotten = {}) {
  return {{{by, 1}, seq},
          start,
          {},
          Admit{{joiner, incarnation, "host", {}, {}}, {}, std::move(forgotten), {}}};
}

struct Decreed {
  int id;
  MemberId by;
  std::vector<MemberId> dead, remain;
  Seconds at{0};

  /// As somebody says it, with what he had of each of the dead.
  Fact said(MemberId who, std::uint64_t seq, std::uint64_t had = 5) const {
    Forget forget{member(id + 100), start + at, by, {}, remain, by, "root", {}};
    for (const MemberId& one : dead) {
      forget.forgotten.push_back({one, 1});
      forget.had.push_back({{one, 1}, had});
    }
    return {{{who, 1}, seq}, start, {}, forget};
  }
};

/// What one member holds; of everybody the first hundred facts.
struct View {
  explicit View(MemberId self, std::vector<MemberId> members = {a, b, c})
      : known({self, 1}, false, [](const Incarnation&) { return 100U; }) {
    std::uint64_t seq = 0;
    for (const MemberId& one : members) known.add(admit(a, ++seq, one));
  }
  Decrees::Standing standing(std::size_t index = 0) const {
    return known.decrees().at(index).standing;
  }
  bool counts(MemberId one, std::uint32_t incarnation = 1) const {
    return known.roster().contains({one, incarnation});
  }

  Membership known;
};

using enum Decrees::Standing;
const Decreed c_is_dead{1, a, {c}, {a, b}};

}  // namespace

TEST_CASE("a decree is in force when all who remain have said it", "[decrees]") {
  View view{a};
  view.known.add(c_is_dead.said(a, 10));
  CHECK(view.standing() == open);
  CHECK_FALSE(view.counts(c));  // a said so itself
  CHECK(view.known.missing(view.known.decrees().front()) == std::vector{b});
  view.known.add(c_is_dead.said(b, 1));
  CHECK(view.standing() == in_force);
}

TEST_CASE("a decree stays in force when all who said it have left", "[decrees]") {
  View view{d};
  view.known.add(c_is_dead.said(a, 10));
  view.known.add(c_is_dead.said(b, 1));
  view.known.add(admit(b, 2, d, 1, {{c, 1}}));
  REQUIRE(view.standing() == in_force);
  view.known.add({{{a, 1}, 11}, start, {}, Leave{d, "root"}});
  CHECK(view.standing() == in_force);
  view.known.add({{{b, 1}, 3}, start, {}, Leave{d, "root"}});
  CHECK(view.standing() == in_force);
  CHECK(view.known.ender({c, 1}) == d);
}

TEST_CASE("who has not said a decree counts the forgotten still, and has to say it", "[decrees]") {
  View view{b};
  view.known.add(c_is_dead.said(a, 10));
  CHECK(view.counts(c));
  REQUIRE(view.known.to_follow() != nullptr);
  CHECK_FALSE(view.known.limit({c, 1}));
  view.known.add(c_is_dead.said(b, 1));
  CHECK_FALSE(view.counts(c));
  CHECK(view.known.to_follow() == nullptr);
}

TEST_CASE("facts of the forgotten count up to the highest number that anybody had", "[decrees]") {
  View view{a};
  view.known.add(c_is_dead.said(a, 10, 5));
  CHECK(view.known.limit({c, 1}) == 5U);
  view.known.add(c_is_dead.said(b, 1, 7));
  CHECK(view.known.limit({c, 1}) == 7U);
  CHECK_FALSE(view.known.limit({b, 1}));
}

TEST_CASE("a decree is not in force before what counts of the forgotten is held", "[decrees]") {
  std::uint64_t held = 6;
  Membership known({a, 1}, false,
                   [&](const Incarnation& author) { return author.member == c ? held : 100U; });
  for (int n = 1; n <= 3; ++n) known.add(admit(a, static_cast<std::uint64_t>(n), member(n)));
  known.add(c_is_dead.said(a, 10, 5));
  known.add(c_is_dead.said(b, 1, 7));
  CHECK(known.decrees().front().standing == open);
  held = 7;
  known.evaluate();
  CHECK(known.decrees().front().standing == in_force);
}

TEST_CASE("whom somebody took in without knowing of a decree has to say it, too", "[decrees]") {
  View view{a};
  view.known.add(c_is_dead.said(a, 10));
  SECTION("he did not know") {
    view.known.add(admit(b, 1, d));
    view.known.add(c_is_dead.said(b, 2));
    CHECK(view.standing() == open);
    view.known.add(c_is_dead.said(d, 1));
    CHECK(view.standing() == in_force);
  }
  SECTION("he knew, and the newcomer is bound by his word") {
    view.known.add(c_is_dead.said(b, 1));
    view.known.add(admit(b, 2, d, 1, {{c, 1}}));
    CHECK(view.standing() == in_force);
  }
}

TEST_CASE("the dead of another decree are not waited for", "[decrees]") {
  const Decreed d_is_dead{2, b, {d}, {a, b, c}, Seconds{1}};
  const Decreed c_too{3, a, {c}, {a, b, d}};
  View view{a, {a, b, c, d}};
  view.known.add(c_too.said(a, 10));
  view.known.add(c_too.said(b, 1));
  CHECK(view.standing() == open);  // d is asked
  view.known.add(d_is_dead.said(b, 2));
  CHECK(view.standing(1) == open);  // c is asked
  view.known.add(d_is_dead.said(a, 11));
  CHECK(view.standing(0) == in_force);
  CHECK(view.standing(1) == in_force);
}

TEST_CASE("what is said later takes nothing out of force", "[decrees]") {
  const MemberId e = member(5), f = member(6);
  const Decreed c_too{1, a, {c}, {a, b, d}}, d_is_dead{2, b, {d}, {a, b, c}, Seconds{1}};
  View view{a, {a, b, c, d}};
  for (const Decreed& decree : {c_too, d_is_dead}) {
    view.known.add(decree.said(a, 10 + static_cast<std::uint64_t>(decree.id)));
    view.known.add(decree.said(b, static_cast<std::uint64_t>(decree.id)));
  }
  REQUIRE(view.standing(0) == in_force);  // each waits for the dead of the other
  for (const MemberId& late : {e, f}) view.known.add(admit(a, 20, late, 1, {{c, 1}, {d, 1}}));
  const Decreed f_is_dead{3, a, {f}, {a, b, e}, Seconds{2}}, b_is_dead{4, a, {b}, {a, e}, Seconds{3}};
  view.known.add(f_is_dead.said(b, 3));
  for (const Decreed& decree : {f_is_dead, b_is_dead}) {
    view.known.add(decree.said(a, 20 + static_cast<std::uint64_t>(decree.id)));
    view.known.add(decree.said(e, static_cast<std::uint64_t>(decree.id)));
  }
  for (std::size_t each = 0; each < 4; ++each) CHECK(view.standing(each) == in_force);
}

TEST_CASE("of two decrees that forget each other's authors nobody says both", "[decrees]") {
  const Decreed b_is_dead{1, a, {b}, {a, c}, Seconds{2}}, a_is_dead{2, b, {a}, {b, c}, Seconds{1}};
  View view{c};
  view.known.add(b_is_dead.said(a, 10));
  SECTION("who knows both says the earlier") {
    view.known.add(a_is_dead.said(b, 1));
    REQUIRE(view.known.to_follow() != nullptr);
    CHECK(view.known.to_follow()->content.decreed_by == b);
  }
  SECTION("who said the later does not say the earlier; so the later holds") {
    view.known.add(b_is_dead.said(c, 1));
    view.known.overhear({{b, 1}, 50}, std::get<Forget>(a_is_dead.said(b, 50).content));
    CHECK(view.known.to_follow() == nullptr);
    CHECK(view.standing() == in_force);
    CHECK_FALSE(view.counts(b));
  }
}

TEST_CASE("two decrees on two sides of a cut: the earlier holds", "[decrees]") {
  const Decreed right_is_dead{1, a, {c, d}, {a, b}, Seconds{1}},
      left_is_dead{2, c, {a, b}, {c, d}, Seconds{2}};
  const auto heard = [](View& view, const Fact& fact) {
    view.known.overhear(fact.id, std::get<Forget>(fact.content));
  };
  SECTION("seen from the left") {
    View view{a, {a, b, c, d}};
    view.known.add(right_is_dead.said(a, 10));
    view.known.add(right_is_dead.said(b, 1));
    heard(view, left_is_dead.said(c, 20));
    heard(view, left_is_dead.said(d, 20));
    CHECK(view.standing() == in_force);
    CHECK(view.known.forgets_us() == nullptr);
  }
  SECTION("seen from the right") {
    View view{c, {a, b, c, d}};
    view.known.add(left_is_dead.said(c, 1));
    view.known.add(left_is_dead.said(d, 1));
    CHECK(view.standing() == in_force);
    heard(view, right_is_dead.said(a, 20));
    CHECK(view.known.forgets_us() == nullptr);  // not all on the left have said it
    heard(view, right_is_dead.said(b, 20));
    CHECK(view.known.forgets_us() != nullptr);
  }
}

TEST_CASE("a forgotten member comes back when others take it in, not by itself", "[decrees]") {
  View view{a};
  view.known.add(c_is_dead.said(a, 10));
  view.known.add(c_is_dead.said(b, 1));
  SECTION("by itself: it is the same machine, and as dead") {
    view.known.add({{{c, 2}, 1}, start, {}, Admit{{c, 2, "host", {}, {}}, {}}});
    CHECK_FALSE(view.counts(c, 2));
    CHECK(view.known.limit({c, 2}) == 0U);
  }
  SECTION("by another member") {
    view.known.add(admit(b, 2, c, 2, {{c, 1}}));
    CHECK(view.counts(c, 2));
    CHECK_FALSE(view.known.limit({c, 2}));
    CHECK(view.known.limit({c, 1}) == 5U);
  }
}

TEST_CASE("a life that the inviter knew is no later one of the forgotten, until its word says so", "[decrees]") {
  View view{d};
  Fact word = admit(a, 10, d, 1, {{b, 1}});
  SECTION("not known to the inviter") {
    view.known.add(word);
    view.known.add(Decreed{1, a, {b}, {a, d}}.said(d, 1));
    CHECK(view.known.gone({b, 2}));
  }
  SECTION("known to the inviter") {
    std::get<Admit>(word.content).known = {{b, 2, "host", {}, {}}};
    view.known.add(word);
    view.known.add(Decreed{1, a, {b}, {a, d}}.said(d, 1));
    CHECK_FALSE(view.known.gone({b, 2}));
    view.known.add({{{b, 2}, 1}, start, {}, Admit{{b, 2, "host", {}, {}}, {}, {}, {}}});
    CHECK(view.known.gone({b, 2}));  // it took itself in
  }
}

TEST_CASE("facts of the forgotten do not count by the word of whom they took in", "[decrees]") {
  // The tenth fact of b took in the second life of a. Nobody who remains has it, so that life never counted.
  Membership known({a, 3}, false, [](const Incarnation&) { return 100U; });
  for (const MemberId& one : {a, b, c}) known.add(admit(a, 1, one));
  known.add(admit(b, 10, a, 2, {{a, 1}}));
  const Decreed b_is_dead{2, c, {b}, {c}, Seconds{1}};
  Fact own = b_is_dead.said(a, 1, 10);
  own.id.author.number = 2;
  known.add(own);
  known.add(b_is_dead.said(c, 2, 9));
  Fact word = admit(c, 3, a, 3, {{a, 1}, {b, 1}});
  auto& admitted = std::get<Admit>(word.content);
  admitted.known = {{a, 1, "host", {}, {}}, {b, 1, "host", {}, {}}, {c, 1, "host", {}, {}}};
  admitted.had = {{{b, 1}, 9}};
  known.add(word);
  CHECK(known.limit({b, 1}) == 9U);
  // Its own word counts for itself when the inviter is gone, too.
  Fact later = Decreed{3, a, {c}, {a}, Seconds{2}}.said(a, 1);
  later.id.author.number = 3;
  std::get<Forget>(later.content).had.push_back({{b, 1}, 9});
  known.add(later);
  CHECK(known.limit({b, 1}) == 9U);
}

TEST_CASE("a restored member takes itself in, in place of its earlier life", "[membership]") {
  View view{a};
  view.known.add({{{c, 2}, 1}, start, {}, Admit{{c, 2, "host", {}, {}}, {}}});
  CHECK(view.counts(c, 2));
  CHECK_FALSE(view.counts(c, 1));
}

TEST_CASE("nobody takes itself in whom nobody knows", "[membership]") {
  View view{a};
  view.known.add({{{d, 2}, 1}, start, {}, Admit{{d, 2, "host", {}, {}}, {}}});
  CHECK_FALSE(view.counts(d, 2));
}

TEST_CASE("nobody but an heir or the owner ends another's fact", "[membership]") {
  View view{a};
  CHECK(view.known.may_end({c, 1}, {c, 1}));
  CHECK(view.known.may_end({c, 2}, {c, 1}));
  CHECK_FALSE(view.known.may_end({a, 1}, {c, 1}));
  CHECK_FALSE(view.known.may_end({b, 1}, {c, 1}));
  view.known.add(c_is_dead.said(a, 10));
  CHECK(view.known.may_end({a, 1}, {c, 1}));
  CHECK_FALSE(view.known.may_end({b, 1}, {c, 1}));
  CHECK(view.known.ender({c, 1}) == c);  // not before it is in force
  CHECK(view.known.awaits_decree({c, 1}));
  view.known.add(c_is_dead.said(b, 1));
  CHECK(view.known.ender({c, 1}) == a);
  CHECK_FALSE(view.known.awaits_decree({c, 1}));
  SECTION("an heir that left has an heir himself") {
    view.known.add({{{a, 1}, 30}, start, {}, Leave{b, "root"}});
    CHECK(view.known.ender({c, 1}) == b);
    CHECK(view.known.may_end({b, 1}, {c, 1}));
  }
  SECTION("what the heir of an heir has ended stays ended when the heir comes back") {
    const Decreed a_is_dead{2, b, {a}, {b, d}, Seconds{1}};
    view.known.add(a_is_dead.said(b, 2));
    REQUIRE(view.known.may_end({b, 1}, {c, 1}));
    view.known.add(admit(b, 3, a, 2, {{a, 1}, {c, 1}}));
    CHECK(view.known.may_end({b, 1}, {c, 1}));
  }
}

TEST_CASE("who left is out of the roster, and nobody waits for its word", "[membership]") {
  View view{a};
  view.known.add(c_is_dead.said(a, 10));
  view.known.add({{{b, 1}, 1}, start, {}, Leave{a, "root"}});
  CHECK_FALSE(view.counts(b));
  CHECK(view.known.left(b));
  CHECK(view.standing() == in_force);
}

TEST_CASE("the word that took in an earlier life says nothing to one that joins anew", "[decrees]") {
  // b was forgotten and came back; c has not heard who took it in again. b took in c, which joins anew.
  Membership known({c, 2}, false, [](const Incarnation&) { return 100U; });
  const auto knows_both = [](Fact fact) {
    auto& word = std::get<Admit>(fact.content);
    word.known = {{a, 1, "host", {}, {}}, {b, 2, "host", {}, {}}};
    word.had = {{{b, 1}, 6}};
    return fact;
  };
  known.add(admit(a, 1, a));
  Fact before = knows_both(admit(b, 7, c, 1, {{b, 1}}));
  before.id.author.number = 2;
  known.add(before);
  CHECK_FALSE(known.limit({b, 2}));
  known.add(knows_both(admit(a, 9, c, 2, {{b, 1}, {c, 1}})));
  CHECK_FALSE(known.limit({b, 2}));
  CHECK(known.limit({b, 1}) == 6U);
}

TEST_CASE("who comes back takes nothing out of force", "[decrees]") {
  const Decreed b_is_dead{1, a, {b}, {a, c, d}}, c_too{2, d, {c}, {a, d}, Seconds{1}};
  View view{a, {a, b, c, d}};
  for (const Decreed& one : {b_is_dead, c_too}) {
    view.known.add(one.said(a, 10 + static_cast<std::uint64_t>(one.id)));
    view.known.add(one.said(d, static_cast<std::uint64_t>(one.id)));
  }
  REQUIRE(view.standing(0) == in_force);
  view.known.add(admit(a, 20, c, 2, {{b, 1}, {c, 1}}));
  Fact word = b_is_dead.said(c, 1);
  word.id.author.number = 2;
  view.known.add(word);
  CHECK(view.standing(0) == in_force);
  CHECK(view.standing(1) == in_force);
}
