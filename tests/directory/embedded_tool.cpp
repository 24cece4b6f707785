// SPDX-License-Identifier: GPL-3.0-or-later
// The embedded directory's verbs for tests on real servers, without the command line of `rollcall`.
//
//   create DIR URI ID LISTEN [BUNDLE]  ID 0: choose one; LISTEN empty: where URI says; prints the settings,
//                                      then what was not reached
//   invite DIR                         prints the bundle
//   command DIR                        prints the words of the server's command, one a line
//   meet DIR                           prints what was not reached
//   peer DIR ID URI
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "lib/directory/embedded.h"

using namespace rollcall;
using namespace rollcall::directory;

namespace {

int failed(const Error& error) {
  std::cerr << error.what << '\n';
  return 1;
}

int print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::cout << line << '\n';
  return 0;
}

Secret read_bundle(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return Secret::copy_of(as_bytes(text.str()));
}

int create(const std::vector<std::string>& words) {
  EmbeddedOptions options{words.at(2), std::nullopt, words.at(3), words.at(5), ::geteuid(), ::getegid(), std::nullopt};
  if (words.at(4) != "0") options.id = static_cast<unsigned>(std::stoul(words[4]));
  const auto created =
      words.size() > 6 ? create_directory(options, read_bundle(words[6])) : create_directory(options);
  if (!created) return failed(created.error());
  std::cout << "id " << created->settings.self.id << "\nldapi " << created->settings.ldapi_uri << "\nmember "
            << to_string(created->settings.member) << '\n';
  for (const std::string& why : created->unreached) std::cout << "unreached " << why << '\n';
  return 0;
}

int run(const std::vector<std::string>& words) {
  const std::string& verb = words.at(1);
  const std::string& dir = words.at(2);
  if (verb == "create") return create(words);
  if (verb == "invite") {
    const auto bundle = make_bundle(dir);
    return bundle ? print({std::string{bundle->text()}}) : failed(bundle.error());
  }
  if (verb == "command") {
    const auto command = server_command(dir);
    return command ? print(*command) : failed(command.error());
  }
  if (verb == "meet") {
    const auto unreached = meet_peers(dir);
    return unreached ? print(*unreached) : failed(unreached.error());
  }
  const auto done = set_peer(dir, {static_cast<unsigned>(std::stoul(words.at(3))), words.at(4)});
  return done ? 0 : failed(done.error());
}

}  // namespace

int main(int argc, char** argv) {
  return run({argv, argv + argc});
}
