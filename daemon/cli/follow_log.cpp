// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/cli/commands.h"
#include "daemon/cli/render.h"

namespace rollcall::cli {
namespace {

constexpr int wait_seconds = 50;  // the daemon allows 60

// One event a line, so that a pipe can read them as they come.
std::string as_lines(const Json& events) {
  std::string text;
  for (const Json& event : events.at("events")) text += event.dump() + '\n';
  return text;
}

void print(const Invocation& call, const Json& events) {
  const std::string text = call.options.json ? as_lines(events) : render_events(events);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

int follow_log(const Invocation& call) {
  Json args = Json::object();
  if (!call.zone.empty()) args["zone"] = call.zone;
  Json last = args;
  last["last"] = call.last;
  auto events = call.caller.ask("log", last);
  while (events && std::ferror(stdout) == 0) {
    print(call, *events);
    args["since"] = events->at("next");
    args["wait"] = wait_seconds;
    events = call.caller.ask("events", args);
  }
  return events ? static_cast<int>(done) : call.caller.complain(events.error());
}

}  // namespace rollcall::cli
