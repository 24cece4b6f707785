// SPDX-License-Identifier: GPL-3.0-or-later
// rollcall, the command line: asks the agent of this machine over its local socket.
#include <csignal>
#include <iostream>

#include "daemon/cli/commands.h"

namespace {

using namespace rollcall::cli;

constexpr const char* purpose =
    "Manages the DNSSEC keys of zones that several equal servers publish.\n"
    "Commands talk to rollcalld on this machine; what they change, they change for all members.";
constexpr const char* closing =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found. More: man rollcall";

void add_global_options(CLI::App& app, Invocation& call) {
  app.add_option("--socket", call.options.socket, "Where rollcalld listens")
      ->envname("ROLLCALL_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_flag("--json", call.options.json, "Prints the answer as JSON");
  app.set_version_flag("--version", "rollcall " ROLLCALL_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(closing);
}

// CLI11 has an exit code of its own for each way to be wrong.
int finish(const CLI::App& app, const CLI::ParseError& error) {
  return app.exit(error) == 0 ? done : wrong_usage;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: what is written to nobody fails and is noticed
  Invocation call;
  CLI::App app{purpose, "rollcall"};
  add_global_options(app, call);
  add_looking(app, call);
  add_zones(app, call);
  add_keys(app, call);
  add_policies(app, call);
  add_master_key(app, call);
  add_cluster(app, call);
  add_directory(app, call);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return finish(app, error);
  } catch (const Json::exception& error) {
    std::cerr << "rollcall: rollcalld is of another version: " << error.what() << '\n';
    return failed;
  }
  return call.exit;
}
