// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about the keys of a zone: rollovers, steps by hand, and the DS.
#include "daemon/cli/commands.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {
namespace {

int roll(const Invocation& call) {
  Json args{{"zone", call.zone}, {"role", call.role}};
  if (call.emergency) args["emergency"] = true;
  if (call.dry_run) args["dry_run"] = true;
  return call.caller.run("roll", args, [](const Json& answer) {
    const std::string zone = answer.at("zone");
    const std::string forecast = answer.contains("forecast") ? render_forecast(answer.at("forecast")) + '\n' : "";
    if (answer.value("dry_run", false)) return forecast + "nothing was asked for; without --dry-run it is\n";
    return forecast + "asked for the next " + answer.at("role").get<std::string>() + " of " + zone +
           (answer.value("emergency", false) ? ", in an emergency: as fast as caches allow" : "") +
           "\nwatch it: rollcall status " + zone + '\n';
  });
}

int abandon(const Invocation& call) {
  return call.caller.run("abandon", {{"zone", call.zone}, {"role", call.role}}, [](const Json& answer) {
    const std::string zone = answer.at("zone");
    return "the newest " + answer.at("role").get<std::string>() + " of " + zone +
           " is given up; another one is made\nwatch it: rollcall status " + zone + '\n';
  });
}

int step(const Invocation& call) {
  return call.caller.run("step", {{"zone", call.zone}}, [](const Json& answer) {
    return "taken for zone " + answer.at("zone").get<std::string>() + ": " + answer.at("step").get<std::string>() +
           '\n';
  });
}

int gate(const Invocation& call) {
  if (!call.override_gate) return call.caller.run("gate", {{"zone", call.zone}}, render_gate);
  return call.caller.run("gate-override", {{"zone", call.zone}}, [](const Json& answer) {
    return "let through for zone " + answer.at("zone").get<std::string>() + ", although " +
           answer.at("why").get<std::string>() + '\n';
  });
}

void add_role_and_zone(CLI::App& command, Invocation& call) {
  command.add_option("ROLE", call.role, "ksk, zsk or csk")
      ->required()
      ->transform(CLI::IsMember({"ksk", "zsk", "csk"}, CLI::ignore_case));
  command.add_option("ZONE", call.zone, "The zone")->required();
}

int ds_by_hand(const Invocation& call, const char* verb, const std::string& what) {
  return call.caller.run(verb, {{"zone", call.zone}}, [&](const Json& answer) {
    return "noted for zone " + answer.at("zone").get<std::string>() + ": " + what + '\n';
  });
}

void add_ds(CLI::App& app, Invocation& call) {
  auto* ds = app.add_subcommand("ds", "The DS records of a zone, and what its parent shows");
  ds->require_subcommand(1);

  auto* show =
      ds->add_subcommand("show", "DS and CDNSKEY lines ready to paste, and what the parent shows");
  show->add_option("ZONE", call.zone, "The zone")->required();
  show->callback([&call] {
    call.exit = call.caller.run("ds-show", {{"zone", call.zone}}, render_ds);
  });

  auto* published =
      ds->add_subcommand("published", "Says that every server of the parent shows the new DS");
  published->add_option("ZONE", call.zone, "The zone")->required();
  published->callback(
      [&call] { call.exit = ds_by_hand(call, "ds-published", "the parent shows the DS"); });

  auto* withdrawn = ds->add_subcommand(
      "withdrawn", "Says that no server of the parent shows the old DS any more");
  withdrawn->add_option("ZONE", call.zone, "The zone")->required();
  withdrawn->callback([&call] {
    call.exit = ds_by_hand(call, "ds-withdrawn", "the old DS is gone from the parent");
  });
}

}  // namespace

void add_keys(CLI::App& app, Invocation& call) {
  auto* roll_command =
      app.add_subcommand("roll", "Asks for the next key of a zone now, without waiting for its time");
  add_role_and_zone(*roll_command, call);
  roll_command->add_flag("--emergency", call.emergency, "Waits for what caches take and no more; hurries one under way");
  roll_command->add_flag("--dry-run", call.dry_run, "Asks for nothing; says what would happen, and when");
  roll_command->callback([&call] { call.exit = roll(call); });

  auto* abandon_command = app.add_subcommand("abandon", "Gives up the newest key of a zone that is not in use yet");
  add_role_and_zone(*abandon_command, call);
  abandon_command->callback([&call] { call.exit = abandon(call); });

  auto* step_command = app.add_subcommand("step", "In manual mode: takes the next step that everything else allows");
  step_command->add_option("ZONE", call.zone, "The zone")->required();
  step_command->callback([&call] { call.exit = step(call); });

  auto* gate_command = app.add_subcommand(
      "gate", "Whether the last gate holds a change of this machine's server, since caches could not follow");
  gate_command->add_option("ZONE", call.zone, "The zone")->required();
  gate_command->add_flag("--override", call.override_gate, "Lets this one change through, whatever it breaks");
  gate_command->callback([&call] { call.exit = gate(call); });

  add_ds(app, call);
}

}  // namespace rollcall::cli
