// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about policies.
#include "daemon/cli/commands.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {
namespace {

int set(const Invocation& call) {
  Json args{{"policy", call.policy}, {"values", values_of(call.settings, "VALUE")}};
  if (call.dry_run) args["dry_run"] = true;
  return call.caller.run("policy-set", args, render_policy_change);
}

}  // namespace

Json values_of(const std::vector<std::string>& settings, const std::string& option) {
  Json values = Json::object();
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) throw CLI::ValidationError(option, "must be NAME=VALUE");
    values[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return values;
}

void add_policies(CLI::App& app, Invocation& call) {
  auto* policy = app.add_subcommand("policy", "How keys are made and replaced, for zones that share it");
  policy->require_subcommand(1);

  policy->add_subcommand("list", "All policies, and how many zones each has")->callback([&call] {
    call.exit = call.caller.run("policy-list", Json::object(), render_policies);
  });

  auto* show = policy->add_subcommand("show", "A policy with all its values, and its zones");
  show->add_option("NAME", call.policy, "The policy")->required();
  show->callback([&call] { call.exit = call.caller.run("policy-show", {{"policy", call.policy}}, render_policy); });

  auto* set_command =
      policy->add_subcommand("set", "Changes a policy; makes it, from our defaults, if it is new");
  set_command->add_option("NAME", call.policy, "The policy")->required();
  set_command->add_option("VALUE", call.settings, "As zsk_lifetime=2592000; durations in seconds")
      ->required()
      ->type_name("NAME=VALUE");
  set_command->add_flag("--dry-run", call.dry_run, "Says what would happen to each zone, and writes nothing");
  set_command->callback([&call] { call.exit = set(call); });
}

}  // namespace rollcall::cli
