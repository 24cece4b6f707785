// SPDX-License-Identifier: GPL-3.0-or-later
// Zones and policies on a real directory: what administrators want of them is written, followed and
// told; removed and added again a zone is a new one.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

void found(RunningAgent& agent) {
  Json policy{{"window_first", 0}};
  for (const char* wait : {"dnskey_ttl", "max_zone_ttl", "ds_ttl", "propagation", "parent_propagation",
                           "publish_safety", "retire_safety"}) {
    policy[wait] = 0;
  }
  agent.must("init", {{"policy", policy}});
  agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
}

Json zone_in(const Json& status, const std::string& name) {
  for (const Json& zone : status.at("zones")) {
    if (zone.at("zone") == name) return zone;
  }
  return {};
}

std::function<bool(const Json&)> says(const std::string& name, const char* field, bool value) {
  return [=](const Json& status) {
    const Json zone = zone_in(status, name);
    return !zone.is_null() && zone.at(field) == value;
  };
}

bool has_both_keys(const Json& status) {
  const Json zone = zone_in(status, "a.test.");
  return !zone.is_null() && zone.at("keys").size() == 2;
}

bool is_gone(const Json& status) { return zone_in(status, "a.test.").is_null(); }

}  // namespace

TEST_CASE("zones are suspended and resumed by name, by policy or all", "[agent]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found(agent);
  agent.must("policy-set", {{"policy", "slow"}, {"values", {{"lead", 60}}}});
  agent.until([&] { return agent.must("policy-list").at("policies").size() == 2; });
  agent.must("zone-add", {{"zone", "a.test"}});
  agent.must("zone-add", {{"zone", "b.test"}, {"policy", "slow"}});
  agent.until_status(says("a.test.", "managed", true));
  agent.until_status(says("b.test.", "managed", true));

  CHECK(agent.must("suspend", {{"zones", {"A.test"}}}).at("zones") == Json{"a.test."});
  agent.until_status(says("a.test.", "suspended", true));
  CHECK(agent.must("suspend", {{"all", true}}) ==
        Json{{"suspended", true}, {"zones", {"b.test."}}, {"unchanged", {"a.test."}}});
  agent.until_status(says("b.test.", "suspended", true));
  CHECK(agent.must("resume", {{"policy", "slow"}}).at("zones") == Json{"b.test."});
  agent.until_status(says("b.test.", "suspended", false));
  CHECK(agent.ask("suspend", {{"zones", {"c.test"}}}).error().code == Errc::not_found);
  CHECK(agent.ask("suspend", {{"policy", "none"}}).error().code == Errc::not_found);
  CHECK(agent.ask("suspend").error().code == Errc::malformed);
  CHECK(agent.ask("suspend", {{"all", true}, {"policy", "slow"}}).error().code == Errc::malformed);
}

TEST_CASE("a policy is made and changed, and a dry run writes nothing", "[agent]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found(agent);
  const auto lead_of = [&](const char* policy) {
    return agent.must("policy-show", {{"policy", policy}}).at("policy").at("lead");
  };
  const Json dry = agent.must("policy-set", {{"policy", "default"}, {"values", {{"lead", 60}}}, {"dry_run", true}});
  CHECK(dry.at("written") == false);
  CHECK(dry.at("changes") == Json{{{"name", "lead"}, {"before", 2592000}, {"after", 60}}});
  CHECK(agent.must("policy-set", {{"policy", "new"}, {"values", {{"lead", 60}}}, {"dry_run", true}}).at("created") == true);
  CHECK(agent.ask("policy-show", {{"policy", "new"}}).error().code == Errc::not_found);
  CHECK(lead_of("default") == 2592000);

  agent.must("policy-set", {{"policy", "default"}, {"values", {{"lead", "60"}}}});
  agent.until([&] { return lead_of("default") == 60; });
  CHECK(agent.must("policy-show", {{"policy", "default"}}).at("policy").at("window_first") == 0);  // stays
  CHECK(agent.ask("policy-set", {{"policy", "default"}, {"values", {{"leads", 1}}}}).error().code == Errc::malformed);
  CHECK(agent.ask("policy-set", {{"policy", "a,cn=b"}, {"values", {{"lead", 1}}}}).error().code == Errc::malformed);
  CHECK(agent.ask("policy-set", {{"policy", "default"}, {"values", Json::object()}}).error().code == Errc::malformed);
  const Json hasty{{"zsk_lifetime", 3600}, {"retire_safety", 3600}};
  const auto short_one = agent.ask("policy-set", {{"policy", "default"}, {"values", hasty}});
  REQUIRE_FALSE(short_one);
  CHECK(short_one.error().what.find("no longer than its publication and retirement") != std::string::npos);
}

TEST_CASE("a zone is removed once it has no keys, and added again as another one", "[agent]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found(agent);
  agent.must("zone-add", {{"zone", "a.test"}});
  agent.until_status(has_both_keys);
  const Json keys = agent.must("status", {{"zone", "a.test"}}).at("zone").at("keys");
  const auto refused = agent.ask("zone-remove", {{"zone", "a.test"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().hint.find("rollcall zone insecure a.test.") == 0);

  SECTION("with force it goes on with its keys when it is added again") {
    CHECK(agent.must("zone-remove", {{"zone", "a.test"}, {"force", true}}).at("forced") == true);
    agent.until_status(says("a.test.", "managed", false));
    CHECK(agent.ask("roll", {{"zone", "a.test"}, {"role", "zsk"}}).error().code == Errc::conflict);
    CHECK(agent.ask("zone-remove", {{"zone", "a.test"}}).error().code == Errc::not_found);
    const Json again = agent.must("zone-add", {{"zone", "a.test"}});
    CHECK(again.at("incarnation") == 1);
    agent.until_status(says("a.test.", "managed", true));
    CHECK(agent.must("status", {{"zone", "a.test"}}).at("zone").at("keys").at(0).at("fingerprint") ==
          keys.at(0).at("fingerprint"));
  }
  SECTION("after it went insecure it is a new zone with new keys") {
    CHECK(agent.must("zone-insecure", {{"zone", "a.test"}}).at("insecure") == true);
    agent.until_status(says("a.test.", "insecure", true));
    CHECK(agent.ask("zone-insecure", {{"zone", "a.test"}}).error().code == Errc::conflict);
    agent.until([&] {
      agent.ask("ds-withdrawn", {{"zone", "a.test"}});  // if it got as far as a DS
      return agent.ask("zone-remove", {{"zone", "a.test"}}).has_value();
    });
    agent.until_status(is_gone);
    CHECK(agent.ask("zone-show", {{"zone", "a.test"}}).error().code == Errc::not_found);
    CHECK(agent.must("zone-add", {{"zone", "a.test"}}).at("incarnation") == 2);
    agent.until_status(has_both_keys);
    const Json zone = agent.must("status", {{"zone", "a.test"}}).at("zone");
    CHECK(zone.at("incarnation") == 2);
    CHECK(zone.at("insecure") == false);
    for (std::size_t i = 0; i < 2; ++i) CHECK(zone.at("keys").at(i).at("fingerprint") != keys.at(i).at("fingerprint"));
  }
}

TEST_CASE("a forecast says what comes, also under another policy, and changes nothing", "[agent]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found(agent);
  agent.must("policy-set", {{"policy", "other"}, {"values", {{"algorithm", 15}, {"dnskey_ttl", 3600}}}});
  agent.until([&] { return agent.must("policy-list").at("policies").size() == 2; });
  agent.must("zone-add", {{"zone", "a.test"}});
  agent.until_status(has_both_keys);

  const auto kinds = [](const Json& answer, const char* kind) {
    const Json& events = answer.at("events");
    return std::count_if(events.begin(), events.end(), [&](const Json& event) { return event.at("kind") == kind; });
  };
  const Json usual = agent.must("forecast", {{"zone", "A.test"}});
  CHECK(usual.at("zone") == "a.test.");
  CHECK(usual.at("policy") == "default");
  CHECK(kinds(usual, "gone") >= 2);  // a KSK and a ZSK were replaced
  CHECK(usual.at("complete") == true);
  CHECK(agent.must("forecast", {{"zone", "a.test"}, {"until", "1s"}}).at("events").size() < usual.at("events").size());
  CHECK(kinds(agent.must("forecast", {{"zone", "a.test"}, {"policy", "other"}, {"until", "40d"}}), "key") == 2);
  const Json dry = agent.must("roll", {{"zone", "a.test"}, {"role", "zsk"}, {"emergency", true}, {"dry_run", true}});
  CHECK(dry.at("request").is_null());
  CHECK(kinds(dry.at("forecast"), "gone") >= 1);
  CHECK(dry.at("forecast").at("replaced").get<std::string>().find("ZSK ") == 0);
  CHECK(agent.must("status", {{"zone", "a.test"}}).at("zone").at("keys").size() == 2);
  CHECK(agent.must("gate", {{"zone", "a.test"}}).at("open") == true);
  CHECK(agent.ask("gate-override", {{"zone", "a.test"}}).error().code == Errc::conflict);
  CHECK(agent.ask("gate", {{"zone", "b.test"}}).error().code == Errc::not_found);

  CHECK(agent.ask("forecast", {{"zone", "b.test"}}).error().code == Errc::not_found);
  CHECK(agent.ask("forecast", {{"zone", "a.test"}, {"policy", "none"}}).error().code == Errc::not_found);
  CHECK(agent.ask("forecast", {{"zone", "a.test"}, {"until", "2020-01-01"}}).error().code == Errc::malformed);
  CHECK(agent.ask("forecast", {{"zone", "a.test"}, {"until", "soon"}}).error().code == Errc::malformed);
}

TEST_CASE("in manual mode a step is taken by hand, and a key given up", "[agent]") {
  const EmbeddedDirectory directory;
  RunningAgent agent(directory);
  found(agent);
  CHECK(agent.must("policy-set", {{"policy", "default"}, {"values", {{"manual", "yes"}}}}).at("written") == true);
  agent.until([&] { return agent.must("policy-show", {{"policy", "default"}}).at("policy").at("manual") == "yes"; });
  agent.must("zone-add", {{"zone", "a.test"}});
  const auto waits = [](const Json& status) {
    const Json zone = zone_in(status, "a.test.");
    if (zone.is_null()) return false;
    const Json& holds = zone.at("holds");
    return std::any_of(holds.begin(), holds.end(), [](const Json& hold) { return hold.at("reason") == "operator"; });
  };
  agent.until_status(waits);
  const std::string taken = agent.must("step", {{"zone", "a.test"}}).at("step");
  CHECK(taken.find("introduce") == 0);
  agent.until_status([&](const Json& status) {
    const Json zone = zone_in(status, "a.test.");
    const Json& holds = zone.at("holds");
    return std::none_of(holds.begin(), holds.end(), [&](const Json& hold) { return hold.at("step") == taken; });
  });
  CHECK(agent.ask("abandon", {{"zone", "a.test"}, {"role", "csk"}}).error().code == Errc::conflict);
  // The first ZSK is in use at once; the next one waits for a step.
  agent.until([&] { return agent.ask("roll", {{"zone", "a.test"}, {"role", "ZSK"}}).has_value(); });
  agent.until([&] { return agent.ask("abandon", {{"zone", "a.test"}, {"role", "ZSK"}}).has_value(); });
  CHECK(agent.ask("roll", {{"zone", "a.test"}, {"role", "dsk"}}).error().code == Errc::malformed);
}

}  // namespace rollcall::agent
