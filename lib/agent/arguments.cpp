// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/arguments.h"

#include <algorithm>

#include "lib/control/args.h"
#include "lib/core/timing.h"
#include "lib/dns/names.h"

namespace rollcall::agent {

using control::Json;
using control::Problem;

Result<ZoneName> zone_arg(const Json& args) {
  const auto text = control::text_arg(args, "zone");
  if (!text) return tl::unexpected(text.error());
  return dns::canonical_zone(*text);
}

Result<Role> role_arg(const Json& args) {
  auto text = control::text_arg(args, "role");
  if (!text) return tl::unexpected(text.error());
  std::string upper = *text;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (const auto role = role_from(upper)) return *role;
  return fail(Errc::malformed, "role " + *text + ": must be ksk, zsk or csk");
}

const ZoneStatus* find_managed(const MemberStatus& status, const ZoneName& zone) {
  const auto found = std::ranges::find_if(
      status.zones, [&](const ZoneStatus& known) { return known.managed && known.zone.name == zone; });
  return found == status.zones.end() ? nullptr : &*found;
}

Problem not_managed(const ZoneName& zone) {
  return {Errc::not_found, "zone " + zone + " is not managed here", "rollcall zone add " + zone};
}

std::optional<Problem> too_short(const std::string& name, const Policy& policy) {
  for (const Role role : all_roles) {
    const Seconds lifetime = policy.lifetime(role), shortest = shortest_lifetime(role, policy);
    if (!policy.wants(role) || lifetime == Seconds{0} || lifetime > shortest) continue;
    return Problem{Errc::malformed,
                   "policy " + name + ": a " + std::string{to_string(role)} + " lifetime of " +
                       to_words(lifetime) + " is no longer than its publication and retirement, " +
                       to_words(shortest) + " by the policy's TTLs and margins",
                   "a longer lifetime, or 0 for no rollover by time"};
  }
  return std::nullopt;
}

}  // namespace rollcall::agent
