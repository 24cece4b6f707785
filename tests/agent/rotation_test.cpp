// SPDX-License-Identifier: GPL-3.0-or-later
// The master key is rotated on a real directory, by an agent that starts anew in between.
#include <catch2/catch.hpp>

#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

bool has_both_keys(const Json& status) {
  return status.at("zones").size() == 1 && status.at("zones")[0].at("keys").size() == 2;
}

std::function<bool(const Json&)> rotated(unsigned epoch) {
  return [epoch](const Json& status) {
    const Json& key = status.at("master_key");
    return key.at("epoch") == epoch && !key.at("rotating").get<bool>();
  };
}

}  // namespace

TEST_CASE("an agent rotates its master key, and goes on with the new one after a start", "[agent]") {
  const EmbeddedDirectory directory;
  {
    RunningAgent agent(directory);
    CHECK(agent.ask("master-key-rotate").error().code == Errc::conflict);  // in no cluster yet
    agent.must("init", {{"policy", {{"window_first", 0}}}});
    agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
    agent.must("zone-add", {{"zone", "a.test"}});
    agent.until_status(has_both_keys);
    CHECK(agent.must("master-key-show").at("epoch") == 1);
    agent.must("master-key-rotate");
    agent.until_status(rotated(2));
  }
  RunningAgent again(directory);
  again.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
  again.until_status(rotated(2));
  again.must("master-key-rotate");
  again.until_status(rotated(3));
  again.until_status(has_both_keys);
}

}  // namespace rollcall::agent
