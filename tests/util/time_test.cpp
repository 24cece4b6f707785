// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/time.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace std::chrono_literals;

TEST_CASE("a time prints and parses to the same nanosecond", "[time]") {
  const Time time = Time{std::chrono::sys_days{std::chrono::year{2026} / 2 / 28}} + 23h + 59min + 7ns;
  CHECK(to_created(time) == "20260228235900.000000007Z");
  CHECK(from_created(to_created(time)) == time);
  CHECK(to_generalized_time(time) == "20260228235900Z");
  CHECK(from_generalized_time("20260228235900Z") == time - 7ns);
  CHECK(to_iso(time) == "2026-02-28T23:59:00Z");
  CHECK(from_iso("2026-02-28T23:59:00Z") == time - 7ns);
}

TEST_CASE("a time that is none is refused", "[time]") {
  CHECK_FALSE(from_created("20260229000000.000000000Z"));  // no leap year
  CHECK_FALSE(from_created("20260228240000.000000000Z"));
  CHECK_FALSE(from_created("20260228000000.00000000Z"));
  CHECK_FALSE(from_created("20260228000000,000000000Z"));
  CHECK_FALSE(from_created("2026022800000x.000000000Z"));
  CHECK_FALSE(from_created("00010101000000.000000000Z"));  // outside 64-bit nanoseconds
  CHECK_FALSE(from_generalized_time(""));
  CHECK_FALSE(from_generalized_time("20260228235900.5Z"));
}

TEST_CASE("durations read like words", "[time]") {
  CHECK(to_words(90s) == "90s");
  CHECK(to_words(2h + 5min) == "2h05m");
  CHECK(to_words(26h) == "26h");
  CHECK(to_words(50h) == "2d02h");
  CHECK(to_words(41 * 24h) == "41d");
  CHECK(to_words(-3min) == "-3m");
}
