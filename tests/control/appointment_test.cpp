// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/appointment.h"

#include <catch2/catch.hpp>

#include "tests/control/sample.h"

using namespace rollcall;
using namespace rollcall::control;
using sample::alice, sample::bob, sample::carol;

namespace {

using Members = std::vector<MemberId>;

MemberStatus appointed(Members members) {
  MemberStatus status = sample::cluster();
  for (MemberLine& member : status.members) member.fresh = true;
  status.config.mode = Mode::appointed;
  status.config.appointed = std::move(members);
  return status;
}

}  // namespace

TEST_CASE("a replica is found by host name or UUID", "[set]") {
  const MemberStatus status = sample::cluster();
  CHECK(find_member(status, "b.example.com") == bob);
  CHECK(find_member(status, "B.Example.COM.") == bob);
  CHECK(find_member(status, to_string(carol)) == carol);
  CHECK(find_member(status, "d.example.com").error().what ==
        "no member is called 'd.example.com'; there are: a.example.com, b.example.com, "
        "c.example.com");
}

TEST_CASE("a member that is not in the roster, or a name that two have, is not found", "[set]") {
  MemberStatus status = sample::cluster();
  status.members[1].in_roster = false;
  CHECK(find_member(status, "b.example.com").error().code == Errc::not_found);
  status.members[2].host = "a.example.com";
  CHECK(find_member(status, "a.example.com").error().code == Errc::conflict);
}

TEST_CASE("set REPLICA keeps the fail-over list", "[set]") {
  const auto result = appoint(appointed({alice, bob, carol}), {{"replica", "b.example.com"}});
  REQUIRE(result);
  CHECK(result->config.mode == Mode::appointed);
  CHECK(result->config.appointed == Members{bob, carol});
  CHECK(result->warnings.empty());
}

TEST_CASE("set REPLICA warns when no fail-over is left", "[set]") {
  const auto result = appoint(appointed({alice, bob}), {{"replica", "b.example.com"}});
  REQUIRE(result);
  CHECK(result->config.appointed == Members{bob});
  REQUIRE(result->warnings.size() == 1);
  CHECK(result->warnings[0].find("no fail-over is left") == 0);
}

TEST_CASE("set REPLICA --failover replaces the list, in order", "[set]") {
  const Json args{{"replica", "c.example.com"}, {"failover", {"b.example.com", "a.example.com"}}};
  CHECK(appoint(appointed({alice}), args)->config.appointed == Members{carol, bob, alice});
}

TEST_CASE("set warns of a silent manager", "[set]") {
  const auto result =
      appoint(sample::cluster(), {{"replica", "c.example.com"}, {"failover", {"a.example.com"}}});
  CHECK(result->warnings == std::vector<std::string>{"c.example.com is silent at present"});
}

TEST_CASE("set --random forgets the list", "[set]") {
  const auto result = appoint(appointed({alice, bob}), {{"random", true}});
  CHECK(result->config.mode == Mode::random);
  CHECK(result->config.appointed.empty());
}

TEST_CASE("set refuses what makes no sense", "[set]") {
  const auto code = [](const Json& args) { return appoint(sample::cluster(), args).error().code; };
  CHECK(code(Json::object()) == Errc::malformed);
  CHECK(code({{"random", true}, {"replica", "a.example.com"}}) == Errc::malformed);
  CHECK(code({{"replica", "a.example.com"}, {"failover", {"a.example.com"}}}) == Errc::malformed);
  CHECK(code({{"replica", "a.example.com"}, {"failover", {"b.example.com", to_string(bob)}}}) ==
        Errc::malformed);
  CHECK(code({{"replica", "nobody"}}) == Errc::not_found);
  CHECK(code({{"replica", "a.example.com"}, {"failover", {"nobody"}}}) == Errc::not_found);
}
