// SPDX-License-Identifier: GPL-3.0-or-later
// `rollcall directory`: the embedded directory, for those who have no LDAP servers. These commands
// do not ask the daemon; they work on files of this machine and on slapd itself.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>

#include "daemon/cli/commands.h"
#include "daemon/cli/secret_file.h"
#include "lib/control/peer.h"
#include "lib/directory/embedded.h"

namespace rollcall::cli {
namespace {

using directory::Created, directory::EmbeddedOptions, directory::EmbeddedSettings;

struct Arguments {
  std::string dir, uri, listen, bundle, out, user = "rollcall", peer_uri;
  unsigned id = 0;
  unsigned peer_id = 0;
};

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::string own_uri() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::string{"ldap://"} + name.data();
}

Result<passwd> service_user(const std::string& name) {
  const passwd* found = ::getpwnam(name.c_str());
  if (found == nullptr)
    return fail(Errc::not_found, "no user is called '" + name + "'; see --user");
  return *found;
}

Result<EmbeddedOptions> options_of(const Arguments& args) {
  const auto user = service_user(args.user);
  if (!user) return tl::unexpected(user.error());
  EmbeddedOptions options;
  options.dir = absolute(args.dir);
  if (args.id != 0) options.id = args.id;
  options.uri = args.uri.empty() ? own_uri() : args.uri;
  options.listen = args.listen;
  options.service_uid = user->pw_uid;
  options.service_gid = user->pw_gid;
  options.admin_gid = control::group_named("rollcall-admin");
  return options;
}

Result<Created> create(const Arguments& args) {
  const auto options = options_of(args);
  if (!options) return tl::unexpected(options.error());
  if (args.bundle.empty()) return directory::create_directory(*options);
  const auto bundle = read_secret_file(args.bundle);
  if (!bundle) return tl::unexpected(bundle.error());
  return directory::create_directory(*options, *bundle);
}

Json settings_json(const EmbeddedSettings& settings, const std::string& dir) {
  return {{"dir", dir},
          {"id", settings.self.id},
          {"uri", settings.self.uri},
          {"listen", settings.listen},
          {"ldapi_uri", settings.ldapi_uri},
          {"base", directory::embedded_base},
          {"member", to_string(settings.member)}};
}

std::string render_settings(const Json& answer) {
  const auto text = [&](const char* name) { return answer.at(name).get<std::string>(); };
  return "directory " + text("dir") + " is server " +
         std::to_string(answer.at("id").get<unsigned>()) + ", " + text("uri") +
         "\n\nin rollcalld.toml:\n\n[directory]\nuris = [\"" + text("ldapi_uri") +
         "\"]\nbase = \"" + text("base") + "\"\n";
}

std::string render_created(const Json& answer) {
  const auto dir = answer.at("dir").get<std::string>();
  return render_settings(answer) +
         "\nstart it now and at every boot:\n  systemctl enable --now "
         "\"rollcall-directory@$(systemd-escape --path " +
         dir + ").service\"\nor in the foreground:\n  rollcall directory run " + dir +
         "\nfor a further server: rollcall directory invite " + dir + " FILE\n";
}

Json warnings_about(const std::vector<std::string>& unreached) {
  Json warnings = Json::array();
  for (const std::string& uri : unreached)
    warnings.push_back(uri +
                       " does not answer; it learns of this server at a later start of either");
  return warnings;
}

int create_directory(const Invocation& call, const Arguments& args) {
  const auto created = create(args);
  if (!created) return call.caller.complain(created.error());
  Json answer = settings_json(created->settings, absolute(args.dir));
  answer["warnings"] = warnings_about(created->unreached);
  return call.caller.show(answer, render_created);
}

int show_directory(const Invocation& call, const Arguments& args) {
  const auto settings = directory::read_settings(absolute(args.dir));
  if (!settings) return call.caller.complain(settings.error());
  return call.caller.show(settings_json(*settings, absolute(args.dir)), render_settings);
}

int invite_server(const Invocation& call, const Arguments& args) {
  const auto bundle = directory::make_bundle(absolute(args.dir));
  if (!bundle) return call.caller.complain(bundle.error());
  if (const auto written = write_secret_file(args.out, *bundle); !written)
    return call.caller.complain(written.error());
  return call.caller.show({{"file", args.out}}, [](const Json& answer) {
    const auto file = answer.at("file").get<std::string>();
    return "written to " + file +
           ": whoever has it can write to the directory; carry it by a safe way, then delete it\n"
           "on the further machine: rollcall directory create DIR --bundle " +
           file + '\n';
  });
}

// Becomes the server; returns only if that fails.
int run_server(const Invocation& call, const Arguments& args) {
  const auto command = directory::server_command(absolute(args.dir));
  if (!command) return call.caller.complain(command.error());
  std::vector<std::string> words = *command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // we ignore it, and that would be inherited
  ::execvp(argv.front(), argv.data());
  return call.caller.complain(
      {Errc::unavailable, words.front() + ": " + std::strerror(errno), "apt install slapd"});
}

int learn_peers(const Invocation& call, const Arguments& args) {
  const auto unreached = directory::meet_peers(absolute(args.dir));
  if (!unreached) return call.caller.complain(unreached.error());
  return call.caller.show({{"unreached", *unreached}, {"warnings", warnings_about(*unreached)}},
                          [](const Json&) { return std::string{}; });
}

int set_peer(const Invocation& call, const Arguments& args) {
  const auto set = directory::set_peer(absolute(args.dir), {args.peer_id, args.peer_uri});
  if (!set) return call.caller.complain(set.error());
  return call.caller.show({{"id", args.peer_id}, {"uri", args.peer_uri}}, [](const Json& answer) {
    return "server " + std::to_string(answer.at("id").get<unsigned>()) + " is looked for at " +
           answer.at("uri").get<std::string>() + '\n';
  });
}

CLI::App* command_on(CLI::App& directory, const std::string& name, const std::string& meaning,
                     Arguments& args) {
  auto* command = directory.add_subcommand(name, meaning);
  command->add_option("DIR", args.dir, "Where the server keeps everything")->required();
  return command;
}

void add_create(CLI::App& directory, Invocation& call, const std::shared_ptr<Arguments>& args) {
  auto* create_command = command_on(
      directory, "create", "Makes a server: the first, or with a bundle a further one", *args);
  create_command->add_option("--id", args->id, "Its number (else the lowest that is free)")
      ->check(CLI::Range(1, 999));
  create_command->add_option("--uri", args->uri,
                             "How the others reach it: ldap://HOST[:PORT] (else this host's name)");
  create_command->add_option("--listen", args->listen,
                             "Where it listens, if elsewhere, as ldap://:389");
  create_command->add_option("--user", args->user, "As whom it and rollcalld run")
      ->capture_default_str();
  create_command->add_option("--bundle", args->bundle,
                             "What `rollcall directory invite` wrote on a server that is there");
  create_command->callback([&call, args] { call.exit = create_directory(call, *args); });
}

}  // namespace

void add_directory(CLI::App& app, Invocation& call) {
  auto* directory =
      app.add_subcommand("directory", "A private LDAP server that replicates with its peers");
  directory->require_subcommand(1);
  const auto args = std::make_shared<Arguments>();
  add_create(*directory, call, args);

  auto* invite =
      command_on(*directory, "invite", "Writes a bundle for a further server, mode 0600", *args);
  invite->add_option("FILE", args->out, "Must not exist")->required();
  invite->callback([&call, args] { call.exit = invite_server(call, *args); });

  command_on(*directory, "show", "What this server is called, and the lines for rollcalld.toml",
             *args)
      ->callback([&call, args] { call.exit = show_directory(call, *args); });
  command_on(*directory, "run", "Runs the server in the foreground, as its service does", *args)
      ->callback([&call, args] { call.exit = run_server(call, *args); });
  command_on(*directory, "peers", "Learns of servers that came meanwhile, as every start does",
             *args)
      ->callback([&call, args] { call.exit = learn_peers(call, *args); });

  auto* peer = command_on(*directory, "peer", "Looks for a peer at another URI from now on", *args);
  peer->add_option("ID", args->peer_id, "Number of the peer")
      ->required()
      ->check(CLI::Range(1, 999));
  peer->add_option("URI", args->peer_uri, "ldap://HOST[:PORT]")->required();
  peer->callback([&call, args] { call.exit = set_peer(call, *args); });
}

}  // namespace rollcall::cli
