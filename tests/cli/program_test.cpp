// SPDX-License-Identifier: GPL-3.0-or-later
// The program itself, against a server that answers like a daemon: what it asks, prints and exits
// with.
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "lib/control/status_json.h"
#include "tests/control/live_server.h"
#include "tests/control/sample.h"

using namespace rollcall;
using control::Answer, control::Json;

namespace {

struct Outcome {
  int code;
  std::string out;
};

// Runs `rollcall` in a shell; what it says on standard error comes after what it says on standard
// output.
Outcome run(const std::string& arguments) {
  FILE* pipe = ::popen((std::string{"2>&1 "} + arguments).c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> chunk{};
  for (std::size_t size; (size = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    out.append(chunk.data(), size);
  return {WEXITSTATUS(::pclose(pipe)), out};
}

// A cluster that remembers what it was asked.
struct World {
  sample::Folder folder;
  Json asked;
  sample::Daemon daemon{{.path = folder / "s"},
                        [this](const control::Request& request, auto done) { done(answer(request)); }};

  Answer answer(const control::Request& request) {
    asked = {{"verb", request.verb}, {"args", request.args}};
    const MemberStatus status = sample::cluster();
    if (request.verb == "status" && request.args.contains("zone")) {
      auto json = control::zone_status_json(status, request.args.at("zone"), sample::now);
      if (!json) return tl::unexpected(control::Problem{json.error()});
      return *json;
    }
    if (request.verb == "status") return control::status_json(status, sample::now);
    if (request.verb == "set")
      return Json{{"mode", "random"}, {"appointed", Json::array()}, {"warnings", {"careful"}}};
    if (request.verb == "invite")
      return Json{{"token", "TOKEN"}, {"id", "7"}, {"expires", "2026-06-02T00:00:00Z"}};
    if (request.verb == "check")
      return Json{{"findings", {{{"level", "error"}, {"what", "w"}, {"cure", "c"}}}}};
    return control::refuse(Errc::conflict, "a rollover is under way",
                           "rollcall status " + request.args.value("zone", std::string{}));
  }

  Outcome rollcall(const std::string& arguments) {
    return run(std::string{ROLLCALL} + " --socket " + (folder / "s") + ' ' + arguments);
  }
};

}  // namespace

TEST_CASE("the program asks what it was told to", "[program]") {
  World world;
  const auto asked = [&](const std::string& arguments) {
    world.rollcall(arguments);
    return world.asked;
  };
  CHECK(asked("roll KSK example.org") ==
        Json{{"verb", "roll"}, {"args", {{"zone", "example.org"}, {"role", "ksk"}}}});
  CHECK(asked("roll csk example.org --emergency") ==
        Json{{"verb", "roll"}, {"args", {{"zone", "example.org"}, {"role", "csk"}, {"emergency", true}}}});
  CHECK(asked("forecast example.org") == Json{{"verb", "forecast"}, {"args", {{"zone", "example.org"}}}});
  CHECK(asked("forecast example.org --until 90d --policy fast") ==
        Json{{"verb", "forecast"}, {"args", {{"zone", "example.org"}, {"until", "90d"}, {"policy", "fast"}}}});
  CHECK(asked("roll ksk example.org --emergency --dry-run") ==
        Json{{"verb", "roll"}, {"args", {{"zone", "example.org"}, {"role", "ksk"}, {"emergency", true}, {"dry_run", true}}}});
  CHECK(asked("health") == Json{{"verb", "health"}, {"args", Json::object()}});
  for (const std::string tells : {"health --changed", "health --hook ./x"})
    CHECK(asked(tells) == Json{{"verb", "health"}, {"args", {{"told", true}}}});
  CHECK(asked("gate example.org") == Json{{"verb", "gate"}, {"args", {{"zone", "example.org"}}}});
  CHECK(asked("gate example.org --override") == Json{{"verb", "gate-override"}, {"args", {{"zone", "example.org"}}}});
  CHECK(asked("abandon zsk example.org") ==
        Json{{"verb", "abandon"}, {"args", {{"zone", "example.org"}, {"role", "zsk"}}}});
  CHECK(asked("step example.org") == Json{{"verb", "step"}, {"args", {{"zone", "example.org"}}}});
  CHECK(asked("suspend a.org b.org") == Json{{"verb", "suspend"}, {"args", {{"zones", {"a.org", "b.org"}}}}});
  CHECK(asked("suspend --policy fast") == Json{{"verb", "suspend"}, {"args", {{"policy", "fast"}}}});
  CHECK(asked("resume --all") == Json{{"verb", "resume"}, {"args", {{"all", true}}}});
  CHECK(asked("zone insecure a.org") == Json{{"verb", "zone-insecure"}, {"args", {{"zone", "a.org"}}}});
  CHECK(asked("zone secure a.org") == Json{{"verb", "zone-secure"}, {"args", {{"zone", "a.org"}}}});
  CHECK(asked("zone remove a.org") == Json{{"verb", "zone-remove"}, {"args", {{"zone", "a.org"}}}});
  CHECK(asked("zone remove a.org --force") ==
        Json{{"verb", "zone-remove"}, {"args", {{"zone", "a.org"}, {"force", true}}}});
  CHECK(asked("policy list") == Json{{"verb", "policy-list"}, {"args", Json::object()}});
  CHECK(asked("master-key show") == Json{{"verb", "master-key-show"}, {"args", Json::object()}});
  CHECK(asked("master-key rotate") == Json{{"verb", "master-key-rotate"}, {"args", Json::object()}});
  CHECK(asked("policy show fast") == Json{{"verb", "policy-show"}, {"args", {{"policy", "fast"}}}});
  CHECK(asked("policy set fast lead=60 algorithm=15 --dry-run") ==
        Json{{"verb", "policy-set"},
             {"args", {{"policy", "fast"}, {"values", {{"lead", "60"}, {"algorithm", "15"}}}, {"dry_run", true}}}});
  CHECK(asked("set b --failover a c") ==
        Json{{"verb", "set"}, {"args", {{"replica", "b"}, {"failover", {"a", "c"}}}}});
  CHECK(asked("init --policy zsk_lifetime=60 algorithm=15") ==
        Json{{"verb", "init"},
             {"args", {{"policy", {{"zsk_lifetime", "60"}, {"algorithm", "15"}}}}}});
  CHECK(asked("set b") == Json{{"verb", "set"}, {"args", {{"replica", "b"}}}});
  CHECK(asked("set b --no-failover") ==
        Json{{"verb", "set"}, {"args", {{"replica", "b"}, {"failover", Json::array()}}}});
  CHECK(asked("set --random") == Json{{"verb", "set"}, {"args", {{"random", true}}}});
  CHECK(asked("ds published example.org") ==
        Json{{"verb", "ds-published"}, {"args", {{"zone", "example.org"}}}});
  CHECK(asked("zone add example.org --policy fast") ==
        Json{{"verb", "zone-add"}, {"args", {{"zone", "example.org"}, {"policy", "fast"}}}});
  CHECK(asked("invite --hours 2") == Json{{"verb", "invite"}, {"args", {{"hours", 2}}}});
  CHECK(asked("invite --revoke 7") == Json{{"verb", "invite-revoke"}, {"args", {{"id", "7"}}}});
  CHECK(asked("serve off") == Json{{"verb", "serve"}, {"args", {{"on", false}}}});
}

TEST_CASE("exit codes are stable", "[program]") {
  World world;
  CHECK(world.rollcall("status").code == 0);
  CHECK(world.rollcall("status example.org.").code == 0);
  CHECK(world.rollcall("roll zsk example.org").code == 1);
  CHECK(world.rollcall("check").code == 1);
  CHECK(world.rollcall("status nowhere.").code == 3);
  for (const char* wrong :
       {"", "explode", "roll", "roll dsk example.org", "abandon zsk", "step", "suspend", "suspend a --all",
        "suspend --policy fast --all", "policy", "policy set fast", "policy set fast lead", "zone remove", "set", "set --random b", "serve maybe",
        "invite --hours 721", "status --check example.org", "ds", "zone add"}) {
    INFO(wrong);
    CHECK(world.rollcall(wrong).code == 2);
  }
  CHECK(world.rollcall("--help").code == 0);
  CHECK(world.rollcall("ds show --help").code == 0);
  CHECK(world.rollcall("status --check").code == 1);  // of a plug-in: warning
}

TEST_CASE("a refusal says what and what to do", "[program]") {
  World world;
  CHECK(world.rollcall("roll zsk example.org").out ==
        "rollcall: a rollover is under way\n  rollcall status example.org\n");
  CHECK(
      world.rollcall("roll zsk example.org --json 2>/dev/null").out ==
      R"({"error":{"code":"conflict","hint":"rollcall status example.org","what":"a rollover is under way"}})"
      "\n");
}

TEST_CASE("--json gives what the daemon said, before or after the command", "[program]") {
  World world;
  const Json expected = control::status_json(sample::cluster(), sample::now);
  CHECK(Json::parse(world.rollcall("--json status").out) == expected);
  CHECK(Json::parse(world.rollcall("status --json").out) == expected);
}

TEST_CASE("warnings and advice stay out of what a pipe reads", "[program]") {
  World world;
  CHECK(world.rollcall("set --random 2>/dev/null").out ==
        "keys are made by any member, in random order\n");
  CHECK(world.rollcall("set --random 2>&1 >/dev/null").out == "warning: careful\n");
  CHECK(world.rollcall("invite 2>/dev/null").out == "TOKEN\n");
}

TEST_CASE("the socket may come from the environment", "[program]") {
  World world;
  CHECK(run("ROLLCALL_SOCKET=" + (world.folder / "s") + ' ' + ROLLCALL + " status").code == 0);
}

TEST_CASE("without a daemon there is a hint, and monitoring is told", "[program]") {
  const sample::Folder folder;
  const std::string rollcall = std::string{ROLLCALL} + " --socket " + (folder / "s") + ' ';
  const Outcome outcome = run(rollcall + "status");
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("rollcall: rollcalld does not run: nobody listens on ") == 0);
  CHECK(outcome.out.find("\n  systemctl start rollcalld") != std::string::npos);
  CHECK(run(rollcall + "status --check").code == 2);
}

TEST_CASE("a bundle that others can read is refused, with the cure", "[program]") {
  const sample::Folder folder;
  const std::string bundle = folder / "bundle";
  const std::string create = std::string{ROLLCALL} + " directory create " + (folder / "dir") +
                             " --user root --uri ldap://127.0.0.1 --bundle " + bundle;
  CHECK(run(create).code == 3);
  std::ofstream{bundle} << "secret";
  ::chmod(bundle.c_str(), 0644);
  const Outcome outcome = run(create);
  CHECK(outcome.code == 1);
  CHECK(outcome.out ==
        "rollcall: file " + bundle + " can be used by others: chmod 600 " + bundle + '\n');
  ::chmod(bundle.c_str(), 0600);
  CHECK(run(create).code == 2);  // read, and no bundle
  CHECK_FALSE(std::filesystem::exists(folder / "dir"));
}

TEST_CASE("an unknown service user is not found", "[program]") {
  const sample::Folder folder;
  const Outcome outcome = run(std::string{ROLLCALL} + " directory create " + (folder / "dir") +
                              " --user no-such-user-here --uri ldap://127.0.0.1");
  CHECK(outcome.code == 3);
  CHECK(outcome.out == "rollcall: no user is called 'no-such-user-here'; see --user\n");
}
