// SPDX-License-Identifier: GPL-3.0-or-later
// Two agents in one event loop and on one real directory: the second one joins the first.
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <functional>

#include "lib/agent/agent.h"
#include "tests/agent/embedded_directory.h"

namespace rollcall::agent {
namespace {

using control::Answer;
using control::Json;
using test::EmbeddedDirectory;

constexpr std::chrono::seconds patience{60};  // for what takes a second on an idle machine

class TwoMachines {
 public:
  TwoMachines() : first_{make("a", directory::ExternalAuth{})}, second_{make("b", as_somebody_else())} {}
  TwoMachines(const TwoMachines&) = delete;
  TwoMachines& operator=(const TwoMachines&) = delete;
  ~TwoMachines() {
    pool_.stop();
    pool_.join();
  }

  Agent& first() { return *first_; }
  Agent& second() { return *second_; }

  Answer ask(Agent& agent, const std::string& verb, Json args = Json::object()) {
    std::optional<Answer> answer;
    agent.answer({verb, std::move(args), "tester", true}, [&](Answer given) { answer = std::move(given); });
    until([&] { return answer.has_value(); });
    return *answer;
  }

  Json must(Agent& agent, const std::string& verb, Json args = Json::object()) {
    const Answer answer = ask(agent, verb, std::move(args));
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

 private:
  using Auth = decltype(directory::LdapOptions::auth);

  // The directory maps our user to one member; the other agent comes with a password.
  Auth as_somebody_else() const {
    return directory::PasswordAuth{"cn=replication,cn=rollcall", directory_.path() / "ldap/replication-secret"};
  }

  std::unique_ptr<Agent> make(const std::string& name, const Auth& auth) {
    AgentOptions options;
    options.state = directory_.path() / name;
    std::filesystem::create_directories(options.state);
    options.host = name + ".example.test";
    options.directory.uris = {directory_.settings().ldapi_uri};
    options.directory.base = directory::embedded_base;
    options.directory.auth = auth;
    options.log_level = notify::Level::error;
    auto created = Agent::create(loop_, pool_, options);
    REQUIRE(created);
    REQUIRE((*created)->start());
    return std::move(*created);
  }

  EmbeddedDirectory directory_;
  boost::asio::io_context loop_;
  boost::asio::thread_pool pool_{2};
  std::unique_ptr<Agent> first_, second_;
};

/// Fingerprints of the elected keys of the only zone, in order.
Json keys_in(const Json& status) {
  Json keys = Json::array();
  for (const Json& zone : status.at("zones")) {
    for (const Json& key : zone.at("keys")) keys.push_back(key.at("fingerprint"));
  }
  return keys;
}

}  // namespace

TEST_CASE("who joins with a token is a member like any other, and knows the same keys", "[agent]") {
  TwoMachines machines;
  Agent& founder = machines.first();
  Agent& joiner = machines.second();
  machines.must(founder, "init", {{"policy", {{"window_first", "1"}, {"propagation", 1}}}});
  machines.until([&] { return machines.must(founder, "status").at("may_write").get<bool>(); });
  machines.must(founder, "zone-add", {{"zone", "example.test"}});
  machines.until([&] { return keys_in(machines.must(founder, "status")).size() == 2; });

  const std::string token = machines.must(founder, "invite").at("token");
  CHECK(machines.ask(joiner, "join", {{"token", token.substr(1)}}).error().code == Errc::malformed);
  CHECK(machines.ask(founder, "join", {{"token", token}}).error().code == Errc::conflict);
  const Json joined = machines.must(joiner, "join", {{"token", token}});
  CHECK(joined.at("cluster") == machines.must(founder, "status").at("cluster"));
  CHECK(machines.ask(joiner, "join", {{"token", token}}).error().code == Errc::conflict);

  machines.until([&] { return machines.must(joiner, "status").at("may_write").get<bool>(); });
  machines.until([&] { return machines.must(founder, "status").at("members").size() == 2; });
  const Json expected = keys_in(machines.must(founder, "status"));
  machines.until([&] { return keys_in(machines.must(joiner, "status")) == expected; });
  CHECK(machines.must(joiner, "status").at("members").size() == 2);
}

}  // namespace rollcall::agent
