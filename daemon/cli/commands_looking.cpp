// SPDX-License-Identifier: GPL-3.0-or-later
// Commands that only look: group `rollcall` is enough.
#include <algorithm>
#include <iostream>

#include "daemon/cli/commands.h"
#include "daemon/cli/hook.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {
namespace {

Json zone_args(const Invocation& call) {
  return call.zone.empty() ? Json::object() : Json{{"zone", call.zone}};
}

int status(const Invocation& call) {
  if (call.zone.empty()) return call.caller.run("status", Json::object(), render_status);
  return call.caller.run("status", zone_args(call), render_zone);
}

// Its exit codes are those of monitoring plug-ins, not ours.
int status_check(const Invocation& call) {
  const auto answer = call.caller.ask("status", Json::object());
  const Health health = answer ? health_of(*answer) : health_of(answer.error());
  std::cout << health.line << '\n';
  return health.code;
}

constexpr int unknown = 3;

// … and so are those of this one.
int health(const Invocation& call) {
  const bool tells = call.changed || !call.hook.empty();
  const auto answer = call.caller.ask("health", tells ? Json{{"told", true}} : Json::object());
  if (!answer) {
    call.caller.complain(answer.error());
    return health_of(answer.error()).code;
  }
  const int code = answer->at("code").get<int>();
  const bool changed = answer->at("changed").get<bool>();
  if (call.changed && !changed) return code;
  if (call.caller.show(*answer, render_health) != done) return unknown;
  if (call.hook.empty() || !changed) return code;
  const auto told = run_hook(call.hook, answer->dump() + '\n');
  if (told) return code;
  std::cerr << "rollcall: " << told.error().what << '\n';
  return unknown;
}

int check(const Invocation& call) {
  const auto answer = call.caller.ask("check", zone_args(call));
  if (!answer) return call.caller.complain(answer.error());
  const int shown = call.caller.show(*answer, render_findings);
  const Json& findings = answer->at("findings");
  const bool bad = std::any_of(findings.begin(), findings.end(),
                               [](const Json& finding) { return finding.at("level") == "error"; });
  return bad ? static_cast<int>(failed) : shown;
}

int forecast(const Invocation& call) {
  Json args = zone_args(call);
  if (!call.until.empty()) args["until"] = call.until;
  if (!call.policy.empty()) args["policy"] = call.policy;
  return call.caller.run("forecast", args, render_forecast);
}

int log(const Invocation& call) {
  if (call.follow) return follow_log(call);
  Json args = zone_args(call);
  args["last"] = call.last;
  return call.caller.run("log", args, render_events);
}

}  // namespace

void add_looking(CLI::App& app, Invocation& call) {
  auto* status_command = app.add_subcommand(
      "status", "All zones, a line each; or one zone with its keys and why not yet");
  auto* zone = status_command->add_option("ZONE", call.zone, "Only this zone");
  status_command
      ->add_flag("--check", call.check,
                 "One line for monitoring; exit 0 ok, 1 warning, 2 critical, 3 unknown")
      ->excludes(zone);
  status_command->callback([&call] { call.exit = call.check ? status_check(call) : status(call); });

  auto* forecast_command = app.add_subcommand(
      "forecast", "What is going to happen to the keys of a zone, when, and what that depends on");
  forecast_command->add_option("ZONE", call.zone, "The zone")->required();
  forecast_command->add_option("--until", call.until,
                               "A time, a date, or a time from now: 2027-01-01, 90d, 26w. Default: until a key of "
                               "each role was replaced, two years at most");
  forecast_command->add_option("--policy", call.policy, "As if the zone had this policy");
  forecast_command->callback([&call] { call.exit = forecast(call); });

  app.add_subcommand(
         "info",
         "Who makes the keys, when they were made and are needed next; members, zones, alarms")
      ->callback([&call] { call.exit = call.caller.run("info", Json::object(), render_info); });

  app.add_subcommand("members", "The members of the cluster and their last heartbeats")
      ->callback(
          [&call] { call.exit = call.caller.run("members", Json::object(), render_members); });

  auto* health_command = app.add_subcommand("health",
                     "Looks at every replica, DNS server and parent: what is wrong, and the cure; exit 0 ok, 1 warning, "
                     "2 critical, 3 unknown");
  health_command->add_flag("--changed", call.changed, "Prints nothing unless something changed since this option or --hook told of it last");
  health_command->add_option("--hook", call.hook, "A program that is run when something changed; it reads what `--json` prints")
      ->type_name("PROGRAM");
  health_command->callback([&call] { call.exit = health(call); });

  auto* check_command = app.add_subcommand(
      "check", "Inspects the set-up of this machine, and gives the line that mends it");
  check_command->add_option("ZONE", call.zone, "Also what concerns this zone");
  check_command->callback([&call] { call.exit = check(call); });

  auto* log_command = app.add_subcommand("log", "What happened: keys made, steps taken, trouble");
  log_command->add_option("ZONE", call.zone, "Only this zone");
  log_command->add_option("-n,--last", call.last, "So many events")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  log_command->add_flag("-f,--follow", call.follow, "Goes on with new events until interrupted");
  log_command->callback([&call] { call.exit = log(call); });
}

}  // namespace rollcall::cli
