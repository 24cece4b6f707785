// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about a zone, its rollovers and its DS.
#include "daemon/cli/commands.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {
namespace {

int zone_add(const Invocation& call) {
  Json args{{"zone", call.zone}};
  if (!call.policy.empty()) args["policy"] = call.policy;
  return call.caller.run("zone-add", args, [](const Json& answer) {
    const std::string zone = answer.at("zone");
    return "zone " + zone + " is managed by policy " + answer.at("policy").get<std::string>() +
           "\nwatch it: rollcall status " + zone + '\n';
  });
}

int roll(const Invocation& call) {
  return call.caller.run("roll", {{"zone", call.zone}, {"role", call.role}},
                         [](const Json& answer) {
                           const std::string zone = answer.at("zone");
                           return "asked for the next " + answer.at("role").get<std::string>() +
                                  " of " + zone + "\nwatch it: rollcall status " + zone + '\n';
                         });
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

void add_zones(CLI::App& app, Invocation& call) {
  auto* zone = app.add_subcommand("zone", "The zones whose keys are managed");
  zone->require_subcommand(1);

  auto* add =
      zone->add_subcommand("add", "Manages the keys of a zone from now on; every member signs it");
  add->add_option("ZONE", call.zone, "Its name")->required();
  add->add_option("--policy", call.policy, "Name of a policy in the directory (default)");
  add->callback([&call] { call.exit = zone_add(call); });

  zone->add_subcommand("list", "All zones, with policy and state")->callback([&call] {
    call.exit = call.caller.run("zone-list", Json::object(), render_zone_list);
  });

  auto* show = zone->add_subcommand("show", "The policy of a zone with all its times");
  show->add_option("ZONE", call.zone, "The zone")->required();
  show->callback([&call] {
    call.exit = call.caller.run("zone-show", {{"zone", call.zone}}, render_zone_policy);
  });

  auto* roll_command = app.add_subcommand(
      "roll", "Asks for the next key of a zone now, without waiting for its time");
  roll_command->add_option("ROLE", call.role, "ksk or zsk")
      ->required()
      ->transform(CLI::IsMember({"ksk", "zsk"}, CLI::ignore_case));
  roll_command->add_option("ZONE", call.zone, "The zone")->required();
  roll_command->callback([&call] { call.exit = roll(call); });

  add_ds(app, call);
}

}  // namespace rollcall::cli
