// SPDX-License-Identifier: GPL-3.0-or-later
// One agent on a real directory, from nothing to a zone whose keys are made and elected.
#include "lib/agent/agent.h"

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/agent/embedded_directory.h"

namespace rollcall::agent {
namespace {

namespace fs = std::filesystem;
using control::Answer;
using control::Json;
using test::EmbeddedDirectory;

constexpr std::chrono::seconds patience{60};  // for what takes a second on an idle machine

/// An agent without a DNS server, and a loop that runs until something is so.
class RunningAgent {
 public:
  explicit RunningAgent(const EmbeddedDirectory& directory) {
    AgentOptions options;
    options.state = directory.path() / "state";
    fs::create_directories(options.state);
    options.host = "a.example.test";
    options.directory.uris = {directory.settings().ldapi_uri};
    options.directory.base = directory::embedded_base;
    options.log_level = notify::Level::error;
    auto created = Agent::create(loop_, pool_, options);
    INFO((created ? "" : created.error().what));
    REQUIRE(created);
    agent_ = std::move(*created);
    REQUIRE(agent_->start());
  }
  RunningAgent(const RunningAgent&) = delete;
  RunningAgent& operator=(const RunningAgent&) = delete;
  ~RunningAgent() {
    pool_.stop();
    pool_.join();
  }

  Answer ask(const std::string& verb, Json args = Json::object()) {
    std::optional<Answer> answer;
    agent_->answer({verb, std::move(args), "tester", true},
                   [&](Answer given) { answer = std::move(given); });
    until([&] { return answer.has_value(); });
    return *answer;
  }

  Json must(const std::string& verb, Json args = Json::object()) {
    const Answer answer = ask(verb, std::move(args));
    INFO(verb << ": " << (answer ? "" : answer.error().what));
    REQUIRE(answer);
    return *answer;
  }

  /// Turns the loop until it is so; every turn is one event, not a pause.
  void until(const std::function<bool()>& so) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!so()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      loop_.run_one_for(std::chrono::seconds{1});
      if (loop_.stopped()) loop_.restart();
    }
  }

  void until_status(const std::function<bool(const Json&)>& so) {
    until([&] { return so(must_now("status")); });
  }

 private:
  /// For verbs that answer at once.
  Json must_now(const std::string& verb) {
    std::optional<Answer> answer;
    agent_->answer({verb, Json::object(), "tester", true}, [&](Answer given) { answer = given; });
    REQUIRE(answer);
    REQUIRE(*answer);
    return **answer;
  }

  boost::asio::io_context loop_;
  boost::asio::thread_pool pool_{2};
  std::unique_ptr<Agent> agent_;
};

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
