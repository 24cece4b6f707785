// SPDX-License-Identifier: GPL-3.0-or-later
// What people's tools find in the directory: reports that follow what happens, and answers to
// requests.
#include <algorithm>
#include <catch2/catch.hpp>

#include "lib/agent/reporter.h"
#include "lib/crypto/random.h"
#include "lib/directory/codec_requests.h"
#include "lib/directory/ldap_directory.h"
#include "tests/agent/running_agent.h"

namespace rollcall::agent {
namespace {

using control::Json;
using test::EmbeddedDirectory;
using test::RunningAgent;

const std::string base = directory::embedded_base;

/// Somebody else's connection to the directory.
class Reader {
 public:
  explicit Reader(const EmbeddedDirectory& place) {
    directory::LdapOptions options;
    options.uris = {place.settings().ldapi_uri};
    options.base = base;
    auto opened = directory::LdapDirectory::create(loop_, pool_, options);
    REQUIRE(opened);
    directory_ = std::move(*opened);
    directory_->watch(deaf_);
  }
  ~Reader() {
    pool_.stop();
    pool_.join();
  }

  Result<directory::Entry> read(const std::string& dn) {
    std::optional<Result<directory::Entry>> got;
    directory_->read(dn, [&](const Result<directory::Entry>& entry) { got = entry; });
    turn([&] { return got.has_value(); });
    return *got;
  }

  void add(directory::Entry entry) {
    std::optional<Result<>> added;
    directory_->add(std::move(entry), [&](const Result<>& done) { added = done; });
    turn([&] { return added.has_value(); });
    INFO((*added ? "" : added->error().what));
    REQUIRE(*added);
  }

  std::string value(const std::string& dn, const char* attribute) {
    const auto entry = read(dn);
    if (!entry || !entry->attributes.contains(attribute)) return {};
    return std::string{as_text(entry->attributes.at(attribute).front())};
  }

  Json report(const std::string& dn) {
    return Json::parse(value(dn, "rollcallreport"), nullptr, false);
  }

 private:
  struct Deaf final : directory::Listener {
    void entry(directory::Entry) override {}
    void vanished(const std::string&) override {}
    void state(directory::State, const std::string&) override {}
  };

  void turn(const std::function<bool()>& so) {
    const auto end = std::chrono::steady_clock::now() + test::patience;
    while (!so()) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      loop_.run_one_for(std::chrono::milliseconds{100});
      if (loop_.stopped()) loop_.restart();
    }
  }

  boost::asio::io_context loop_;
  boost::asio::thread_pool pool_{1};
  Deaf deaf_;
  std::unique_ptr<directory::Directory> directory_;
};

bool has_both_keys(const Json& status) {
  const auto& zones = status.at("zones");
  return zones.size() == 1 && zones.front().at("keys").size() == 2;
}

MemberId found(RunningAgent& agent) {
  const Json init = agent.must("init", {{"policy", {{"window_first", 0}}}});
  agent.until_status([](const Json& status) { return status.at("may_write").get<bool>(); });
  agent.must("zone-add", {{"zone", "a.test"}});
  agent.until_status(has_both_keys);
  return *uuid_from(init.at("member").get<std::string>());
}

Uuid ask_to_roll(Reader& user, const std::string& zone, int generation) {
  const Uuid id = crypto::random_uuid();
  directory::Entry entry{directory::request_dn(base, id), {}};
  const auto set = [&](const char* name, const std::string& value) {
    entry.attributes[name] = {to_bytes(value)};
  };
  set("objectclass", "rollcallRequest");
  set("cn", to_string(id));
  set("rollcallwish", "roll");
  set("rollcallzone", zone);
  set("rollcallrole", "ZSK");
  set("rollcallgeneration", std::to_string(generation));
  set("rollcallaskedby", "admin@TEST");
  set("rollcallcreated", "20260601080000.000000000Z");
  user.add(std::move(entry));
  return id;
}

}  // namespace

TEST_CASE("what is only a reading of a clock does not last", "[reporter]") {
  const Json report{{"now", 1},
                    {"mode", "random"},
                    {"members", {{{"host", "a"}, {"age_seconds", 3}, {"facts", 7}}}}};
  CHECK(lasting(report) == Json{{"mode", "random"}, {"members", {{{"host", "a"}}}}});
}

TEST_CASE("the directory tells what the agent would, of the cluster and of its zones", "[agent]") {
  const EmbeddedDirectory place;
  RunningAgent agent(place);
  const MemberId self = found(agent);
  Reader user(place);
  const std::string of_zone = directory::report_dn(base, self, "a.test.");
  agent.until([&] {
    return user.report(of_zone).is_object() && user.report(of_zone)["zone"]["keys"].size() == 2;
  });

  const Json zone = user.report(of_zone), cluster = user.report(directory::report_dn(base, self));
  const Json said = agent.must("status", {{"zone", "a.test"}}).at("zone");
  CHECK(zone.at("zone").at("keys").at(0).at("fingerprint") ==
        said.at("keys").at(0).at("fingerprint"));
  CHECK(zone.at("self").at("host") == "a.example.test");
  CHECK(zone.at("ds").at("zone") == "a.test.");
  CHECK(cluster.at("members").size() == 1);
  CHECK(cluster.at("zones").at("unsigned").size() + cluster.at("zones").at("rolling").size() +
            cluster.at("zones").at("signed").size() + cluster.at("zones").at("held").size() ==
        1);
  CHECK(cluster.at("renewed_seconds") == 300);

  agent.must("set", {{"replica", "a.example.test"}});
  agent.until(
      [&] { return user.report(directory::report_dn(base, self)).at("mode") == "appointed"; });
}

TEST_CASE("a request in the directory is carried out once, or refused with the reason", "[agent]") {
  const EmbeddedDirectory place;
  RunningAgent agent(place);
  const MemberId self = found(agent);
  Reader user(place);
  const auto outcome = [&](const Uuid& id) {
    const std::string dn = directory::answer_dn(base, self, id);
    agent.until([&] { return !user.value(dn, "rollcalloutcome").empty(); });
    return user.value(dn, "rollcalloutcome") + ": " + user.value(dn, "rollcallwhy");
  };

  CHECK(outcome(ask_to_roll(user, "b.test.", 1)) == "refused: zone b.test. is not managed here");
  agent.until_status([&](const Json& status) {
    const auto& keys = status.at("zones").front().at("keys");
    return std::ranges::any_of(keys, [](const Json& key) {
      return key.at("role") == "ZSK" && !key.at("first_use").is_null();
    });
  });
  CHECK(outcome(ask_to_roll(user, "a.test.", 1)) == "done: ");
  agent.until_status(
      [](const Json& status) { return status.at("zones").front().at("keys").size() == 3; });
  CHECK(outcome(ask_to_roll(user, "a.test.", 1)) ==
        "refused: zone a.test. has ZSK 2 already; the request was to replace ZSK 1");
  const Json log = agent.must("log");
  CHECK(std::ranges::any_of(log.at("events"), [](const Json& event) {
    return event.at("event") == "request carried out" &&
           event.at("text").get<std::string>().find("by=admin@TEST") != std::string::npos;
  }));
}

}  // namespace rollcall::agent
