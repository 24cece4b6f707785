// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/pace.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace rollcall::agent;
using namespace std::chrono_literals;

namespace {

const ZoneRef zone{"example.test.", 1};
const Pace::Moment start{1000s};

KeyTarget target(std::byte which) {
  KeyTarget out;
  out.key.fill(which);
  out.dnskey = true;
  return out;
}

Decision introduce(const KeyTarget& target, Record record) {
  Decision out;
  out.zone = zone;
  out.introduces = {{target.key, record}};
  return out;
}

Export order_of(std::vector<KeyTarget> keys) { return {zone, 1, std::move(keys), Seconds{60}}; }

}  // namespace

TEST_CASE("a decision is timed from its arrival, once", "[pace]") {
  Pace pace;
  const KeyTarget key = target(std::byte{1});
  pace.heard(introduce(key, Record::dnskey), start);
  CHECK(pace.ordered(order_of({key})) == start);
  CHECK(pace.ordered(order_of({key})) == std::nullopt);
}

TEST_CASE("of several decisions before an export the first is timed", "[pace]") {
  Pace pace;
  const KeyTarget a = target(std::byte{1}), b = target(std::byte{2});
  pace.heard(introduce(a, Record::dnskey), start);
  pace.heard(introduce(b, Record::dnskey), start + 1s);
  CHECK(pace.ordered(order_of({a, b})) == start);
}

TEST_CASE("a copy of what the server was told is not timed", "[pace]") {
  Pace pace;
  KeyTarget key = target(std::byte{1});
  pace.ordered(order_of({key}));  // an own decision
  pace.heard(introduce(key, Record::dnskey), start);

  SECTION("so it adds nothing to the next one's time") {
    pace.heard(introduce(key, Record::zrrsig), start + 10s);
    key.zrrsig = true;
    CHECK(pace.ordered(order_of({key})) == start + 10s);
  }
  SECTION("and a withdrawal is something else, but its copy is not") {
    Decision withdraw;
    withdraw.zone = zone;
    withdraw.withdraws = {{key.key, Record::dnskey}};
    pace.heard(withdraw, start + 10s);
    key.dnskey = false;
    CHECK(pace.ordered(order_of({key})) == start + 10s);
    pace.heard(withdraw, start + 20s);
    CHECK(pace.ordered(order_of({})) == std::nullopt);
  }
}

TEST_CASE("a zone's decisions say nothing of another's", "[pace]") {
  Pace pace;
  const KeyTarget key = target(std::byte{1});
  pace.ordered(order_of({key}));
  Decision other = introduce(key, Record::dnskey);
  other.zone = {"example.test.", 2};
  pace.heard(other, start);
  CHECK(pace.ordered(order_of({key})) == std::nullopt);
  CHECK(pace.ordered({other.zone, 2, {key}, Seconds{60}}) == start);
}

TEST_CASE("the text says when the server was told, if it was", "[pace]") {
  signer::Seen seen;
  CHECK(pace_text(start, start + 40ms, seen) == "seen_ms=40.000");
  seen.told_at = start + 4500us;
  CHECK(pace_text(start, start + 40ms, seen) == "told_ms=4.500 seen_ms=40.000");
}
