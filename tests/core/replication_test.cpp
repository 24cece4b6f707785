// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/replication.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace std::chrono_literals;

namespace {

const Time noon{Seconds{1'800'000'000}};

LastChange change(const std::string& csn, Nanoseconds after, const std::string& host = "") {
  return {csn, noon + after, host};
}

}  // namespace

TEST_CASE("a replica that has all changes has no lag", "[replication]") {
  const ChangeVector all{{"1", change("a", 0s)}, {"2", change("b", 1h)}};
  CHECK_FALSE(lag_of(all, {all, {{"1", change("a", 0s)}}}));
  CHECK_FALSE(lag_of({}, {}));
}

TEST_CASE("the longest lag is told, with the server whose changes are missed", "[replication]") {
  const ChangeVector own{{"1", change("a", 0s)}, {"2", change("b", 1h)}};
  const auto lag = lag_of(own, {{{"1", change("c", 3h, "a.test")}, {"2", change("d", 2h)}}});
  REQUIRE(lag);
  CHECK(lag->server == "a.test");
  CHECK(lag->behind == Nanoseconds{3h});
}

TEST_CASE("of whom nothing at all has come is missed longest", "[replication]") {
  const auto lag =
      lag_of({{"1", change("a", 0s)}}, {{{"1", change("c", 3h)}, {"2", change("d", 2h)}}});
  REQUIRE(lag);
  CHECK(lag->server == "server 2");
  CHECK_FALSE(lag->behind);
}
