// SPDX-License-Identifier: GPL-3.0-or-later
// Commands about the master key.
#include "daemon/cli/commands.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {

void add_master_key(CLI::App& app, Invocation& call) {
  auto* key = app.add_subcommand("master-key",
                                 "The key under which all private keys stand in the directory");
  key->require_subcommand(1);

  key->add_subcommand("show", "Its epoch, and what a rotation waits for")->callback([&call] {
    call.exit = call.caller.run("master-key-show", Json::object(), [](const Json& answer) {
      return render_master_key(answer) + '\n';
    });
  });

  key->add_subcommand(
         "rotate", "Makes the next one; every private key is wrapped again, and the old copies go")
      ->callback([&call] {
        call.exit = call.caller.run("master-key-rotate", Json::object(), [](const Json& answer) {
          return "asked for the master key after that of epoch " +
                 std::to_string(answer.at("epoch").get<std::uint32_t>()) +
                 "\nwatch it: rollcall master-key show\n";
        });
      });
}

}  // namespace rollcall::cli
