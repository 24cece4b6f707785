// SPDX-License-Identifier: GPL-3.0-or-later
// A history is read strictly, and a change between two looks counts for all the time between them.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/history/history.h"

namespace rollcall::history {
namespace {

constexpr Time t(double seconds) {
  return Time{std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds))};
}

Result<History> reading(const std::string& text) {
  std::istringstream lines{text};
  return read(lines);
}

std::string ds(const std::string& keys, double asked) {
  return R"({"what":"ds","server":"parent","zone":"z.","asked":)" + std::to_string(asked) +
         R"(,"answered":)" + std::to_string(asked + 0.25) + R"(,"ds":[)" + keys +
         R"(],"ttl":4})"
         "\n";
}
std::string same(double asked) {
  return R"({"what":"same","server":"parent","zone":"z.","asked":)" + std::to_string(asked) +
         R"(,"answered":)" + std::to_string(asked + 0.25) + "}\n";
}
std::string turn(const std::string& what, double time) {
  return R"({"what":")" + what + R"(","server":"parent","time":)" + std::to_string(time) + "}\n";
}
const std::string a = R"("13/1/aa")", b = R"("13/2/bb")";

const Publication& of(const History& history, const std::string& key, std::size_t which = 0) {
  for (const Publication& one : history.publications) {
    if (std::get<Ds>(one.answer).keys == KeyNames{key} && which-- == 0) return one;
  }
  FAIL("nobody published " << key);
  return history.publications.front();
}

TEST_CASE("a change between two looks counts from the look before to the look after", "[history]") {
  const auto history = reading(ds(a, 10) + same(11) + ds(b, 12) + same(13));
  REQUIRE(history);
  CHECK(history->looks == 4);
  REQUIRE(history->publications.size() == 2);

  const Publication& old = of(*history, "13/1/aa");
  CHECK(old.possible.from == t(10));
  CHECK(old.possible.until == t(12.25));
  CHECK(old.certain->from == t(10.25));
  CHECK(old.certain->until == t(11));

  const Publication& fresh = of(*history, "13/2/bb");
  CHECK(fresh.possible.from == t(11));
  CHECK(fresh.possible.until == t(13.25));
  CHECK(fresh.certain->from == t(12.25));
  CHECK(fresh.certain->until == t(13));
}

TEST_CASE("what was seen once was served for a moment within that look", "[history]") {
  const auto history = reading(ds(a, 10));
  REQUIRE(history);
  CHECK(of(*history, "13/1/aa").certain->from == t(10.25));
  CHECK(of(*history, "13/1/aa").certain->until == t(10));
}

TEST_CASE("while a server is down nothing is served, and what it had may come back with it",
          "[history]") {
  const auto history =
      reading(ds(a, 10) + turn("down", 11) + turn("up", 20) + ds(b, 21) + same(22));
  REQUIRE(history);
  REQUIRE(history->publications.size() == 3);
  CHECK(of(*history, "13/1/aa").possible.until == t(11));
  CHECK(of(*history, "13/1/aa", 1).possible.from == t(20));
  CHECK(of(*history, "13/1/aa", 1).possible.until == t(21.25));
  CHECK_FALSE(of(*history, "13/1/aa", 1).certain);
  CHECK(of(*history, "13/2/bb").possible.from == t(20));
}

TEST_CASE("a server that is seen as it was killed served nothing else since", "[history]") {
  const std::string kept =
      R"({"what":"ds","server":"parent","zone":"z.","asked":21,"answered":21.25,"kept":true,"ds":[)";
  const std::string before = ds(a, 10) + turn("down", 11) + turn("up", 20);
  SECTION("what it changed before it died does not come back") {
    const auto history = reading(before + kept + b +
                                 R"(],"ttl":4})"
                                 "\n");
    REQUIRE(history);
    REQUIRE(history->publications.size() == 2);
    CHECK(of(*history, "13/1/aa").possible.until == t(11));
    CHECK(of(*history, "13/2/bb").possible.from == t(20));
  }
  SECTION("what it has is back from the beginning") {
    const auto history = reading(before + kept + a +
                                 R"(],"ttl":4})"
                                 "\n");
    REQUIRE(history);
    CHECK(of(*history, "13/1/aa", 1).possible.from == t(20));
  }
  SECTION("nobody knows that later") {
    CHECK(reading(before + same(20.5) + kept + a +
                  R"(],"ttl":4})"
                  "\n")
              .error()
              .what == "line 5: 'kept' is only for the first look after 'up'");
  }
  SECTION("it is true or false") {
    CHECK(reading(R"({"what":"same","server":"a","zone":"z.","asked":1,"answered":1,"kept":1})"
                  "\n")
              .error()
              .what == "line 1: field 'kept' must be true or false, not 1");
  }
}

TEST_CASE("the widest gap is between two looks at a server that was up", "[history]") {
  const auto history =
      reading(ds(a, 10) + same(11) + turn("down", 12) + turn("up", 20) + same(20.5));
  REQUIRE(history);
  CHECK(history->widest_gap == std::chrono::milliseconds{1250});
  CHECK(history->widest_at == "parent");
}

TEST_CASE("a bad line is named, with the field", "[history]") {
  const auto [line, complaint] = GENERATE(table<std::string, std::string>({
      {"{", "line 1: not a JSON object"},
      {"[]", "line 1: not a JSON object"},
      {"", "no look at any server"},
      {"{}", "line 1: field 'what' is missing"},
      {R"({"what":"seen"})",
       "line 1: field 'what' must be served, ds, same, down or up, not 'seen'"},
      {R"({"what":"up"})", "line 1: field 'server' is missing"},
      {R"({"what":"up","server":""})", "line 1: field 'server' must be a text, not \"\""},
      {R"({"what":"up","server":"a","time":"now"})",
       "line 1: field 'time' must be seconds since 1970, not \"now\""},
      {R"({"what":"up","server":"a","time":-1})",
       "line 1: field 'time' must be seconds since 1970, not -1"},
      {R"({"what":"up","server":"a","time":1})", "line 1: 'a' is up already"},
      {R"({"what":"same","server":"a","zone":"z.","asked":2,"answered":1})",
       "line 1: field 'answered' is before 'asked'"},
      {R"({"what":"same","server":"a","zone":"z.","asked":1,"answered":1})",
       "line 1: 'same' at the first look at z. of a"},
      {R"({"what":"ds","server":"p","zone":"z.","asked":1,"answered":1,"ds":{},"ttl":1})",
       "line 1: field 'ds' must be a list of keys, not {}"},
      {R"({"what":"ds","server":"p","zone":"z.","asked":1,"answered":1,"ds":["1"],"ttl":1})",
       "line 1: field 'ds' must have keys like 13/34505/9f3c01d2, not \"1\""},
      {R"({"what":"ds","server":"p","zone":"z.","asked":1,"answered":1,"ds":[],"ttl":1.5})",
       "line 1: field 'ttl' must be whole seconds from 0 to 2147483647, not 1.5"},
      {R"({"what":"ds","server":"p","zone":"z.","asked":1,"answered":1,"ds":[],"ttl":-1})",
       "line 1: field 'ttl' must be whole seconds from 0 to 2147483647, not -1"},
      {R"({"what":"served","server":"a","zone":"z.","asked":1,"answered":1})",
       "line 1: field 'dnskey' is missing"},
      {R"({"what":"served","server":"a","zone":"z.","asked":1,"answered":1,"dnskey":[]})",
       "line 1: field 'dnskey' must be an object, not []"},
      {R"({"what":"served","server":"a","zone":"z.","asked":1,"answered":1,"dnskey":{"keys":[],"signers":[],"ttl":1},"data":[1]})",
       "line 1: field 'data' must be a list of objects, not of 1"},
      {R"({"what":"served","server":"a","zone":"z.","asked":1,"answered":1,"dnskey":{"keys":[],"signers":[],"ttl":1},"data":[{}]})",
       "line 1: field 'rrset' is missing"},
  }));
  const auto history = reading(line + (line.empty() ? "" : "\n"));
  REQUIRE_FALSE(history);
  CHECK(history.error().what == complaint);
}

TEST_CASE("a history that contradicts itself is refused", "[history]") {
  CHECK(reading(ds(a, 10) + ds(b, 9)).error().what == "line 2: time goes backwards for 'parent'");
  CHECK(reading(ds(a, 10) + turn("down", 11) + same(12)).error().what ==
        "line 3: 'parent' answered while it was down");
  CHECK(reading(ds(a, 10) + turn("down", 11) + turn("down", 12)).error().what ==
        "line 3: 'parent' is down already");
}

}  // namespace
}  // namespace rollcall::history
