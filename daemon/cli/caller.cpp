// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/caller.h"

#include <iostream>

#include "lib/control/client.h"
#include "lib/control/verbs.h"

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

// What the daemon itself does at once; the others wait for the directory, DNS or another member.
std::chrono::seconds patience(std::string_view verb, const Json& args) {
  if (verb == "events") return std::chrono::seconds{args.value("wait", 0)} + 10s;
  const control::Verb* known = control::find_verb(verb);
  const bool quick = known != nullptr && known->right == control::Right::read && verb != "check" &&
                     verb != "health";
  return quick ? 10s : 120s;
}

void warn(const Json& answer) {
  const auto warnings = answer.find("warnings");
  if (warnings == answer.end()) return;
  for (const std::string text : *warnings) std::cerr << "warning: " << text << '\n';
}

}  // namespace

int exit_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return wrong_usage;
    case Errc::not_found:
      return not_found;
    case Errc::unavailable:
    case Errc::denied:
    case Errc::conflict:
      return failed;
  }
  return failed;
}

control::Answer Caller::ask(std::string_view verb, const Json& args) const {
  return control::call(options_.socket, verb, args, patience(verb, args));
}

int Caller::run(std::string_view verb, const Json& args, const Render& render) const {
  const auto answer = ask(verb, args);
  return answer ? show(*answer, render) : complain(answer.error());
}

int Caller::show(const Json& answer, const Render& render) const {
  std::cout << (options_.json ? answer.dump(2) + '\n' : render(answer)) << std::flush;
  if (answer.is_object()) warn(answer);
  return std::cout ? done : failed;
}

int Caller::complain(const control::Problem& problem) const {
  if (options_.json) std::cout << control::encode(tl::unexpected(problem)) << '\n';
  std::cerr << "rollcall: " << problem.what << '\n';
  if (!problem.hint.empty()) std::cerr << "  " << problem.hint << '\n';
  return exit_code(problem.code);
}

}  // namespace rollcall::cli
