// SPDX-License-Identifier: GPL-3.0-or-later
// What this member does about requests in the directory: what it would do for an administrator of
// its own machine.
#include <algorithm>

#include "lib/agent/arguments.h"
#include "lib/agent/shell.h"

namespace rollcall::agent {
namespace {

using directory::DirectoryRequest;

std::string role_and_number(Role role, std::uint32_t number) {
  return std::string{to_string(role)} + ' ' + std::to_string(number);
}

/// A request that arrives when its key was replaced already asks for nothing any more.
std::optional<std::string> too_late(const ZoneStatus& zone, const DirectoryRequest& request) {
  std::uint32_t newest = 0;
  for (const KeyStatus& key : zone.keys) {
    if (key.generation.role == *request.role) newest = std::max(newest, key.generation.number);
  }
  if (newest <= *request.generation) return std::nullopt;
  return "zone " + zone.zone.name + " has " + role_and_number(*request.role, newest) +
         " already; the request was to replace " +
         role_and_number(*request.role, *request.generation);
}

/// Whether this is a key whose DS the parent should have.
std::optional<std::string> no_ds_of(const ZoneStatus& zone, const Fingerprint& wanted) {
  const auto key = std::ranges::find(zone.keys, wanted, &KeyStatus::fingerprint);
  const bool known = key != zone.keys.end() && !key->leaving && key->records.contains(Record::ds);
  const State state = known ? key->records.at(Record::ds).state : State::hidden;
  if (state == State::rumoured || state == State::omnipresent) return std::nullopt;
  return "the DS of key " + short_name(wanted) + " of zone " + zone.zone.name + " is not awaited";
}

std::string what_of(const DirectoryRequest& request) {
  if (request.wish == directory::Wish::ds_published) return "ds published";
  if (request.wish == directory::Wish::roll) {
    return std::string{to_string(*request.role)} + (request.emergency ? " emergency" : "");
  }
  std::string text = request.force ? "forget forced" : "forget";
  for (const MemberId& member : request.members) text += " member=" + to_string(member);
  return text;
}

}  // namespace

// Members that are silent are not waited for.
std::size_t Shell::turn_of(const ZoneName& zone, const MemberStatus& status) const {
  const auto own = crypto_.rank(status.self, zone);
  return static_cast<std::size_t>(
      std::ranges::count_if(status.members, [&](const MemberLine& line) {
        return !line.self && line.in_roster && line.fresh && crypto_.rank(line.member, zone) < own;
      }));
}

std::optional<std::string> Shell::carry_out_for_zone(const DirectoryRequest& request) {
  const MemberStatus status = this->status();
  const ZoneStatus* zone = find_managed(status, request.zone);
  if (zone == nullptr) return "zone " + request.zone + " is not managed here";
  const bool rolls = request.wish == directory::Wish::roll;
  auto why_not = rolls ? too_late(*zone, request) : no_ds_of(*zone, *request.key);
  if (!why_not) {
    why_not = rolls ? member_->roll(request.zone, *request.role, request.id, request.asked_by,
                                    request.emergency)
                    : member_->ds_published(request.zone, request.asked_by);
  }
  return why_not;
}

void Shell::carry_out(const DirectoryRequest& request, const Verdict& verdict) {
  const auto told = [this, request, verdict](const std::optional<std::string>& why_not) {
    tell(notify::Level::notice, why_not ? "request refused" : "request carried out", request.zone,
         what_of(request) + " by=" + request.asked_by + " request=" + to_string(request.id) +
             (why_not ? " why=\"" + *why_not + '"' : ""));
    wake();
    verdict(why_not);
  };
  if (request.wish == directory::Wish::forget) return parts_.forget(request, told);
  told(carry_out_for_zone(request));
}

}  // namespace rollcall::agent
