// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/appointment.h"

#include <algorithm>

#include "lib/control/args.h"

namespace rollcall::control {
namespace {

std::string plain_host(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string known_hosts(const MemberStatus& status) {
  std::string hosts;
  for (const MemberLine& member : status.members) {
    if (!member.in_roster) continue;
    hosts += (hosts.empty() ? "" : ", ") + member.host;
  }
  return hosts;
}

std::string host_of(const MemberStatus& status, const MemberId& id) {
  const auto found = std::ranges::find(status.members, id, &MemberLine::member);
  return found == status.members.end() || found->host.empty() ? to_string(id) : found->host;
}

Result<std::vector<MemberId>> find_members(const MemberStatus& status,
                                           const std::vector<std::string>& names) {
  std::vector<MemberId> members;
  for (const std::string& name : names) {
    const auto member = find_member(status, name);
    if (!member) return tl::unexpected(member.error());
    if (std::ranges::find(members, *member) != members.end()) {
      return fail(Errc::malformed, name + " is named twice");
    }
    members.push_back(*member);
  }
  return members;
}

// The present fail-over list; whoever is manager now is not on it.
std::vector<MemberId> kept_failover(const ClusterConfig& config, const MemberId& manager) {
  std::vector<MemberId> kept = config.appointed;
  if (!kept.empty()) kept.erase(kept.begin());
  std::erase(kept, manager);
  return kept;
}

std::vector<std::string> warnings_about(const MemberStatus& status, const ClusterConfig& config) {
  std::vector<std::string> warnings;
  if (config.appointed.size() == 1) {
    warnings.push_back("no fail-over is left: if " + host_of(status, config.appointed.front()) +
                       " is down, the others make the keys only at the end of the window");
  }
  for (const MemberLine& member : status.members) {
    const bool named = std::ranges::find(config.appointed, member.member) != config.appointed.end();
    if (named && !member.fresh) warnings.push_back(member.host + " is silent at present");
  }
  return warnings;
}

Appointment back_to_random(const MemberStatus& status) {
  Appointment appointment{status.config, {}};
  appointment.config.mode = Mode::random;
  appointment.config.appointed.clear();
  return appointment;
}

}  // namespace

Result<MemberId> find_member(const MemberStatus& status, const std::string& name) {
  std::vector<MemberId> found;
  for (const MemberLine& member : status.members) {
    const bool named =
        to_string(member.member) == name || plain_host(member.host) == plain_host(name);
    if (member.in_roster && named) found.push_back(member.member);
  }
  if (found.empty()) {
    return fail(Errc::not_found,
                "no member is called '" + name + "'; there are: " + known_hosts(status));
  }
  if (found.size() > 1) {
    return fail(Errc::conflict,
                "more than one member is called '" + name + "'; use the UUID of rollcall members");
  }
  return found.front();
}

Result<Appointment> appoint(const MemberStatus& status, const Json& args) {
  const auto replica = optional_text_arg(args, "replica");
  const auto failover = optional_texts_arg(args, "failover");
  if (!replica) return tl::unexpected(replica.error());
  if (!failover) return tl::unexpected(failover.error());
  if (args.value("random", Json{false}) == Json(true)) {
    if (*replica || *failover)
      return fail(Errc::malformed, "random mode has neither manager nor fail-over");
    return back_to_random(status);
  }
  if (!*replica)
    return fail(Errc::malformed, "name the replica that is to make the keys, or random mode");
  const auto manager = find_member(status, **replica);
  if (!manager) return tl::unexpected(manager.error());
  auto others =
      *failover ? find_members(status, **failover) : kept_failover(status.config, *manager);
  if (!others) return tl::unexpected(others.error());
  if (std::ranges::find(*others, *manager) != others->end()) {
    return fail(Errc::malformed, **replica + " cannot be its own fail-over");
  }
  Appointment appointment{status.config, {}};
  appointment.config.mode = Mode::appointed;
  appointment.config.appointed = {*manager};
  appointment.config.appointed.insert(appointment.config.appointed.end(), others->begin(),
                                      others->end());
  appointment.warnings = warnings_about(status, appointment.config);
  return appointment;
}

Json appointment_json(const Appointment& appointment, const MemberStatus& status) {
  Json appointed = Json::array();
  for (const MemberId& id : appointment.config.appointed) {
    appointed.push_back({{"member", to_string(id)}, {"host", host_of(status, id)}});
  }
  return {{"mode", appointment.config.mode == Mode::random ? "random" : "appointed"},
          {"appointed", appointed},
          {"warnings", appointment.warnings}};
}

}  // namespace rollcall::control
