// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about the cluster: founding it, members that come, and who makes the keys.
#include <iostream>

#include "daemon/cli/commands.h"
#include "daemon/cli/text.h"

namespace rollcall::cli {
namespace {

std::string text(const Json& json, const char* name) { return json.at(name).get<std::string>(); }

std::string render_init(const Json& answer) {
  return "cluster " + text(answer, "cluster") + " is founded; " + text(answer, "host") +
         " is its first member\nnext: rollcall zone add ZONE, and for each further machine: "
         "rollcall invite\n";
}

// The token alone on standard output, so that it can be piped.
std::string render_invite(const Json& answer) {
  std::cerr << "good for one machine until " << text(answer, "expires")
            << "; on that machine: rollcall join TOKEN\n"
            << "to take it back: rollcall invite --revoke " << text(answer, "id") << '\n';
  return text(answer, "token") + '\n';
}

std::string render_join(const Json& answer) {
  const std::string host = text(answer, "host"), inviter = name_of(answer.at("inviter"));
  if (answer.at("admitted").get<bool>())
    return host + " is admitted by " + inviter + "\nwatch it begin to serve: rollcall info\n";
  return host + " has asked " + inviter + " and waits; it goes on by itself as soon as " + inviter +
         " is up and nothing stands in the way\nhow it goes: rollcall status; what stands in the way: rollcall log, on " + inviter + '\n';
}

std::string render_set(const Json& answer) {
  std::vector<std::string> names;
  for (const Json& member : answer.at("appointed")) names.push_back(name_of(member));
  if (names.empty()) return "keys are made by any member, in random order\n";
  const std::string manager = names.front();
  names.erase(names.begin());
  return "keys are made by " + manager +
         "; fail-over: " + (names.empty() ? "none" : joined(names, ", then ")) + '\n';
}

int init(const Invocation& call) {
  Json args = Json::object();
  if (!call.settings.empty()) args["policy"] = values_of(call.settings, "--policy");
  return call.caller.run("init", args, render_init);
}

int invite(const Invocation& call) {
  if (call.id.empty()) return call.caller.run("invite", {{"hours", call.hours}}, render_invite);
  return call.caller.run("invite-revoke", {{"id", call.id}}, [](const Json& answer) {
    return "invitation " + text(answer, "id") + " is taken back\n";
  });
}

int join(const Invocation& call) {
  std::string token = call.token;
  if (token == "-") std::getline(std::cin, token);
  return call.caller.run("join", {{"token", token}}, render_join);
}

std::string render_leave(const Json& answer) {
  const std::string host = text(answer, "host");
  if (!answer.at("serves_dns").get<bool>())
    return host + " is leaving; rollcall status says when it may be switched off\n";
  return host +
         " is leaving: its DNS server stops now, so it must be out of every NS set\n"
         "it waits until no cache has what it served; rollcall status says when it may be switched "
         "off\n";
}

std::string render_forget(const Json& answer) {
  std::string out;
  std::vector<std::string> dead, remain;
  for (const Json& member : answer.at("dead")) dead.push_back(name_of(member));
  for (const Json& member : answer.at("remain")) remain.push_back(name_of(member));
  const bool written = answer.at("written").get<bool>();
  out += joined(dead, ", ") + (written ? " is forgotten" : " would be forgotten") + " as soon as " +
         joined(remain, ", ") + (remain.size() == 1 ? " has" : " have") +
         " said so, and caches have followed (" +
         to_words(Seconds{answer.at("wait").get<std::int64_t>()}) + ")\n";
  for (const Json& why : answer.at("impossible"))
    out += "impossible: " + why.get<std::string>() + '\n';
  for (const Json& why : answer.at("refused"))
    out += "refused without --force: " + why.get<std::string>() + '\n';
  for (const Json& hold : answer.at("ends"))
    out += "no longer waits for it: " + text(hold, "step") + '\n';
  for (const Json& risk : answer.at("risks")) out += "risk: " + risk.get<std::string>() + '\n';
  return out;
}

int leave(const Invocation& call) {
  Json args = Json::object();
  if (!call.heir.empty()) args["heir"] = call.heir;
  return call.caller.run("leave", args, render_leave);
}

int forget(const Invocation& call) {
  Json args{{"members", call.members}};
  if (call.dry_run) args["dry_run"] = true;
  if (call.force) args["force"] = true;
  return call.caller.run("forget", args, render_forget);
}

void add_departures(CLI::App& app, Invocation& call) {
  auto* leave_command =
      app.add_subcommand("leave", "Takes this machine out of the cluster, for good");
  leave_command->add_option("--heir", call.heir, "Who ends its keys when their time comes")
      ->type_name("HOST");
  leave_command->callback([&call] { call.exit = leave(call); });

  auto* forget_command =
      app.add_subcommand("forget", "Decrees that members are dead: nobody waits for them any more");
  forget_command->add_option("HOST", call.members, "Host names or UUIDs")->required();
  forget_command->add_flag("--dry-run", call.dry_run, "Only says what that would do");
  forget_command->add_flag("--force", call.force,
                           "Although one seems to be alive, or something would be lost");
  forget_command->callback([&call] { call.exit = forget(call); });
}

int set(const Invocation& call) {
  Json args = Json::object();
  if (call.random) args["random"] = true;
  if (!call.replica.empty()) args["replica"] = call.replica;
  if (!call.failover.empty() || call.no_failover) args["failover"] = call.failover;
  return call.caller.run("set", args, render_set);
}

int serve(const Invocation& call) {
  return call.caller.run("serve", {{"on", call.on == "on"}}, [](const Json& answer) {
    return std::string{answer.at("serving").get<bool>() ? "serving\n" : "not serving\n"};
  });
}

void add_set(CLI::App& app, Invocation& call) {
  auto* command = app.add_subcommand(
      "set", "Appoints the replica that makes the keys, and those that stand in for it");
  auto* replica = command->add_option("REPLICA", call.replica, "Host name or UUID");
  auto* failover = command->add_option("--failover", call.failover,
                                       "Who stands in, in this order (else the list is kept)");
  auto* none = command->add_flag("--no-failover", call.no_failover, "Nobody stands in");
  auto* random =
      command->add_flag("--random", call.random, "Appoints nobody: any member makes the keys");
  failover->needs(replica)->excludes(random)->excludes(none);
  none->needs(replica)->excludes(random);
  random->excludes(replica);
  command->callback([&call] {
    if (call.replica.empty() && !call.random) throw CLI::RequiredError("REPLICA or --random");
    call.exit = set(call);
  });
}

}  // namespace

void add_cluster(CLI::App& app, Invocation& call) {
  auto* init_command = app.add_subcommand(
      "init", "Founds a cluster in the configured directory, with this machine as first member");
  init_command
      ->add_option("--policy", call.settings,
                   "Where the default policy differs from ours, as zsk_lifetime=2592000")
      ->type_name("NAME=VALUE");
  init_command->callback([&call] { call.exit = init(call); });

  auto* invite_command =
      app.add_subcommand("invite", "Prints a token with which one further machine can join");
  invite_command->add_option("--hours", call.hours, "How long it is good for")
      ->check(CLI::Range(1, 720))
      ->capture_default_str();
  invite_command->add_option("--revoke", call.id, "Takes back an invitation that nobody used")
      ->type_name("ID");
  invite_command->callback([&call] { call.exit = invite(call); });

  auto* join_command = app.add_subcommand("join", "Makes this machine a member");
  join_command
      ->add_option("TOKEN", call.token,
                   "Of `rollcall invite` on a member; - reads it from standard input")
      ->required();
  join_command->callback([&call] { call.exit = join(call); });

  add_departures(app, call);
  add_set(app, call);

  auto* serve_command =
      app.add_subcommand("serve", "Whether this machine's DNS server answers for the zones");
  serve_command->add_option("SWITCH", call.on, "on or off")
      ->required()
      ->check(CLI::IsMember({"on", "off"}));
  serve_command->callback([&call] { call.exit = serve(call); });
}

}  // namespace rollcall::cli
