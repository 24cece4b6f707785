// SPDX-License-Identifier: GPL-3.0-or-later
// How long a decision of another member takes from the directory to the own server, for the log.
#include <fmt/format.h>

#include "lib/agent/shell.h"

namespace rollcall::agent {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

}  // namespace

void Shell::heard(const Fact& fact) {
  const auto* decision = std::get_if<Decision>(&fact.content);
  if (decision == nullptr || fact.id.author.member == parts_.self.self.member) return;
  heard_.try_emplace(decision->zone.name, std::chrono::steady_clock::now());
}

std::optional<Shell::SteadyTime> Shell::take_heard(const ZoneName& zone) {
  const auto found = heard_.extract(zone);
  if (found.empty()) return std::nullopt;
  return found.mapped();
}

void Shell::tell_pace(const ZoneName& zone, SteadyTime heard, const signer::Seen& seen) {
  const Milliseconds seen_after = std::chrono::steady_clock::now() - heard;
  std::string text = fmt::format("seen_ms={:.3f}", seen_after.count());
  if (seen.told_at) {
    text = fmt::format("told_ms={:.3f} {}", Milliseconds(*seen.told_at - heard).count(), text);
  }
  tell(notify::Level::debug, "decision carried out", zone, std::move(text));
}

}  // namespace rollcall::agent
