// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about which zones are managed, and how.
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

int zone_remove(const Invocation& call) {
  Json args{{"zone", call.zone}};
  if (call.force) args["force"] = true;
  return call.caller.run("zone-remove", args, [](const Json& answer) {
    const std::string zone = answer.at("zone");
    return "zone " + zone + " is not managed any more" +
           (answer.at("forced").get<bool>() ? "; its server goes on with the keys that it has" : "") + '\n';
  });
}

int zone_security(const Invocation& call, const char* verb) {
  return call.caller.run(verb, {{"zone", call.zone}}, [](const Json& answer) {
    const std::string zone = answer.at("zone");
    return "zone " + zone + (answer.at("insecure").get<bool>() ? " goes insecure in stages: DS out, wait, then the keys"
                                                               : " is signed, and goes secure again") +
           "\nwatch it: rollcall status " + zone + '\n';
  });
}

std::string render_suspended(const Json& answer) {
  const bool suspended = answer.at("suspended").get<bool>();
  std::string text;
  for (const std::string zone : answer.at("zones")) text += "zone " + zone + (suspended ? " is suspended\n" : " goes on\n");
  for (const std::string zone : answer.at("unchanged")) {
    text += "zone " + zone + (suspended ? " was suspended already\n" : " was not suspended\n");
  }
  return text.empty() ? "no zones yet: rollcall zone add ZONE\n" : text;
}

int suspend(const Invocation& call, const char* verb) {
  Json args = Json::object();
  if (!call.zones.empty()) args["zones"] = call.zones;
  if (!call.policy.empty()) args["policy"] = call.policy;
  if (call.all) args["all"] = true;
  if (args.size() != 1) throw CLI::RequiredError("ZONE..., or --policy NAME, or --all");
  return call.caller.run(verb, args, render_suspended);
}

void add_suspend(CLI::App& app, Invocation& call, const char* verb, const char* purpose) {
  auto* command = app.add_subcommand(verb, purpose);
  command->add_option("ZONE", call.zones, "The zones");
  command->add_option("--policy", call.policy, "All zones of this policy");
  command->add_flag("--all", call.all, "All zones");
  command->callback([&call, verb] { call.exit = suspend(call, verb); });
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

  auto* remove = zone->add_subcommand("remove", "Manages a zone no more, once it has no keys in the DNS");
  remove->add_option("ZONE", call.zone, "The zone")->required();
  remove->add_flag("--force", call.force, "In any case; its server goes on with the keys that it has");
  remove->callback([&call] { call.exit = zone_remove(call); });

  auto* insecure = zone->add_subcommand("insecure", "Takes a zone out of DNSSEC safely: first the DS, last the keys");
  insecure->add_option("ZONE", call.zone, "The zone")->required();
  insecure->callback([&call] { call.exit = zone_security(call, "zone-insecure"); });

  auto* secure = zone->add_subcommand("secure", "Takes that back, wherever it is");
  secure->add_option("ZONE", call.zone, "The zone")->required();
  secure->callback([&call] { call.exit = zone_security(call, "zone-secure"); });

  add_suspend(app, call, "suspend", "Makes and decides nothing for these zones; what is served stays");
  add_suspend(app, call, "resume", "Ends that");
}

}  // namespace rollcall::cli
