// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/forecast_json.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using control::until_arg;

TEST_CASE("the end of a forecast is a time, a date, or a time from now", "[forecast]") {
  const Time now = *from_iso("2026-06-01T05:55:00Z");
  const auto until = [&](const char* text) {
    const auto time = until_arg(text, now);
    return time ? to_iso(*time) : time.error().what;
  };
  CHECK(until("2027-01-01T08:00:00Z") == "2027-01-01T08:00:00Z");
  CHECK(until("2027-01-01") == "2027-01-01T00:00:00Z");
  CHECK(until("90d") == "2026-08-30T05:55:00Z");
  CHECK(until("2w") == "2026-06-15T05:55:00Z");
  CHECK(until("1s") == "2026-06-01T05:55:01Z");
  CHECK(until("20y") == "2046-05-27T05:55:00Z");
  for (const char* over : {"0s", "2026-06-01", "2026-06-01T05:55:00Z"})
    CHECK(until(over) == "until " + std::string{over} + ": that is over");
  for (const char* far : {"21y", "999999w", "2050-01-01"}) {
    CHECK(until(far) == "until " + std::string{far} + ": more than 20 years from now");
  }
  for (const char* no : {"", "d", "90", "-1d", "1.5d", "90 d", "90dd", "2026-13-01",
                         "99999999999999999999d", "999999999999999999d"}) {
    CHECK(until(no).find(": no time; give") != std::string::npos);
  }
}

TEST_CASE("a forecast as JSON", "[forecast]") {
  Snapshot start;
  const MemberId alice{{std::byte{1}}};
  start.now.wall = *from_iso("2026-06-01T05:55:00Z");
  start.zone.zone.name = "example.org.";
  start.names[alice] = "a.example.org";
  Forecast forecast;
  forecast.from = start.now.wall;
  forecast.until = *from_iso("2028-06-01T05:55:00Z");
  forecast.policy = "default";
  const Generation second{Role::ksk, Algorithm::ed25519, 2};
  forecast.events.push_back({start.now.wall + Seconds{90},
                             ForecastEvent::Kind::step,
                             "introduce DS of KSK generation 2",
                             {{second, Record::ds, true}},
                             {{Reason::member, "answers", {alice}, {}}}});
  forecast.stuck.push_back(
      {Reason::parent, "introduce DS of KSK 1", "the parent does not answer", {}, {}});
  const control::Json json = control::forecast_json(forecast, start);
  CHECK(json.at("now") == "2026-06-01T05:55:00Z");
  CHECK(json.at("complete") == true);
  const control::Json& event = json.at("events").at(0);
  CHECK(event.at("in_seconds") == 90);
  CHECK(event.at("kind") == "step");
  CHECK(event.at("changes").at(0) == control::Json{{"role", "KSK"},
                                                   {"generation", 2},
                                                   {"algorithm", 15},
                                                   {"record", "DS"},
                                                   {"introduced", true}});
  CHECK(event.at("depends").at(0).at("members").at(0).at("host") == "a.example.org");
  CHECK(json.at("stuck").at(0).at("reason") == "parent");
}
