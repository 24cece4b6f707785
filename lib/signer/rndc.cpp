// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/rndc.h"

#include <fmt/format.h>

#include <array>

#include "lib/signer/command.h"

namespace rollcall::signer {
namespace {

// What rndc of BIND 9.18 prints, by a part that only this case has.
struct Complaint {
  std::string_view says;
  Errc code;
  std::string_view means;
};
constexpr std::array<Complaint, 8> complaints{{
    {"no matching zone", Errc::not_found,
     "named has no such zone; add it to named.conf, then: rndc reconfig"},
    {"zone not loaded", Errc::unavailable,
     "named has not loaded the zone: its file is missing, empty or broken; see named's log, then: "
     "rndc reload"},
    {"' failed: permission denied", Errc::denied,
     "the zone is not set up for it; add to it in named.conf: inline-signing yes; auto-dnssec "
     "maintain;"},
    {"connect failed", Errc::unavailable,
     "named does not answer there; start it, or see its controls statement"},
    {"timed out", Errc::unavailable, "named does not answer in time"},
    {"connection to remote host closed", Errc::denied,
     "named refused rndc's key or our address; see its controls statement and the key file"},
    {"bad auth", Errc::denied,
     "named refused rndc's key; see its controls statement and the key file"},
    {"was found", Errc::denied,
     "rndc has no key; give its file with -k, or make one: rndc-confgen -a"},
}};

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

Error rndc_error(std::string_view verb, const ZoneName& zone, std::string_view output) {
  const std::string command =
      zone.empty() ? fmt::format("rndc {}", verb) : fmt::format("rndc {} {}", verb, zone);
  for (const Complaint& known : complaints) {
    if (output.find(known.says) == std::string_view::npos) continue;
    return {known.code, fmt::format("{}: {} ({})", command, known.means, first_line(output))};
  }
  return {Errc::unavailable, fmt::format("{} failed: {}", command, first_line(output))};
}

Rndc::Rndc(std::vector<std::string> command, Seconds timeout)
    : command_(std::move(command)), timeout_(timeout) {}

Result<std::string> Rndc::run(std::string_view verb, const ZoneName& zone) const {
  std::vector<std::string> words = command_;
  words.emplace_back(verb);
  if (!zone.empty()) words.push_back(zone);
  auto result = run_command(words, timeout_);
  if (!result) return tl::unexpected(result.error());
  if (result->exit_status != 0) return tl::unexpected(rndc_error(verb, zone, result->output));
  return std::move(result->output);
}

}  // namespace rollcall::signer
