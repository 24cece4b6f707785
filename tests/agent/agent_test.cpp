// SPDX-License-Identifier: GPL-3.0-or-later
// One agent on a real directory, from nothing to a zone whose keys are made and elected.
#include <catch2/catch.hpp>

#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

bool has_both_winners(const Json& status) {
  for (const Json& zone : status.at("zones")) {
    std::size_t roles = 0;
    for (const Json& key : zone.at("keys")) roles += key.at("generation") == 1 ? 1 : 0;
    if (roles == 2) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an agent founds a cluster, and the first keys of a zone are made and elected", "[agent]") {
  const EmbeddedDirectory directory;
  std::string cluster;
  Json keys;
  {
    RunningAgent agent(directory);
    CHECK(agent.ask("invite").error().code == Errc::conflict);  // in no cluster yet
    CHECK(agent.ask("init", {{"policy", {{"windows", 1}}}}).error().code == Errc::malformed);
    const Json founded =
        agent.must("init", {{"policy", {{"window_first", "1"}, {"propagation", 1}}}});
    cluster = founded.at("cluster").get<std::string>();
    CHECK(founded.at("member") == to_string(directory.settings().member));
    CHECK(agent.ask("init").error().code == Errc::conflict);
    agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });

    CHECK(agent.ask("zone-add", {{"zone", "../x"}}).error().code == Errc::malformed);
    CHECK(agent.ask("zone-add", {{"zone", "a.test"}, {"policy", "no"}}).error().code ==
          Errc::not_found);
    CHECK(agent.must("zone-add", {{"zone", "Example.TEST"}}).at("zone") == "example.test.");
    CHECK(agent.ask("zone-add", {{"zone", "example.test"}}).error().code == Errc::conflict);
    agent.until_status(has_both_winners);
    CHECK(agent.must("zone-show", {{"zone", "example.test"}}).at("policy").at("window_first") == 1);
    keys = agent.must("status", {{"zone", "example.test"}}).at("zone").at("keys");
  }
  RunningAgent again(directory);
  again.until_status(has_both_winners);
  const Json status = again.must("status", {{"zone", "example.test"}});
  CHECK(status.at("cluster") == cluster);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(status.at("zone").at("keys").at(i).at("fingerprint") == keys.at(i).at("fingerprint"));
  }
}

}  // namespace rollcall::agent
