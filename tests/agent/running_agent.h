// SPDX-License-Identifier: GPL-3.0-or-later
// An agent within the test's own process, on a real directory.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "lib/agent/agent.h"
#include "tests/agent/embedded_directory.h"

namespace rollcall::agent::test {

inline constexpr std::chrono::seconds patience{60};  // for what takes a second on an idle machine

/// An agent without a DNS server, and a loop that runs until something is so.
class RunningAgent {
 public:
  /// adjust  Changes what it is started with.
  explicit RunningAgent(const EmbeddedDirectory& directory,
                        const std::function<void(AgentOptions&)>& adjust = [](AgentOptions&) {}) {
    AgentOptions options;
    options.state = directory.path() / "state";
    std::filesystem::create_directories(options.state);
    options.host = "a.example.test";
    options.directory.uris = {directory.settings().ldapi_uri};
    options.directory.base = directory::embedded_base;
    options.log_level = notify::Level::error;
    options.settings.silence = std::chrono::seconds{1};  // so long one who is alone waits for others
    adjust(options);
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

  control::Answer ask(const std::string& verb, control::Json args = control::Json::object()) {
    std::optional<control::Answer> answer;
    agent_->answer({verb, std::move(args), "tester", true},
                   [&](control::Answer given) { answer = std::move(given); });
    until([&] { return answer.has_value(); });
    return *answer;
  }

  control::Json must(const std::string& verb, control::Json args = control::Json::object()) {
    const control::Answer answer = ask(verb, std::move(args));
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

  void until_status(const std::function<bool(const control::Json&)>& so) {
    until([&] { return so(must_now("status")); });
  }

 private:
  /// For verbs that answer at once.
  control::Json must_now(const std::string& verb) {
    std::optional<control::Answer> answer;
    agent_->answer({verb, control::Json::object(), "tester", true},
                   [&](control::Answer given) { answer = given; });
    REQUIRE(answer);
    REQUIRE(*answer);
    return **answer;
  }

  boost::asio::io_context loop_;
  boost::asio::thread_pool pool_{2};
  std::unique_ptr<Agent> agent_;
};

}  // namespace rollcall::agent::test
