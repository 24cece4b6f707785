// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs that change something, for an administrator of this machine. Each is logged with who
// asked; the directory is written as this member.
#include <algorithm>

#include "lib/agent/agent.h"
#include "lib/agent/arguments.h"
#include "lib/agent/clock.h"
#include "lib/control/appointment.h"
#include "lib/control/args.h"
#include "lib/crypto/random.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

/// What of the configuration `set` changes; an empty list takes the old one away.
directory::Attributes appointment_of(const ClusterConfig& config) {
  directory::Attributes attributes = directory::attributes_of(config);
  directory::Attributes out;
  for (const char* name : {"rollcallmode", "rollcallappointed"}) out[name] = attributes[name];
  return out;
}

/// The step that waits for an administrator, in manual mode; the first of several is taken.
std::string next_by_hand(const MemberStatus& status, const ZoneName& name) {
  const ZoneStatus* zone = find_managed(status, name);
  if (zone == nullptr) return {};
  const auto hold = std::ranges::find(zone->holds, Reason::operator_, &Hold::reason);
  return hold == zone->holds.end() ? "" : hold->step;
}

}  // namespace

void Agent::set(const control::Request& request, Reply reply) {
  const MemberStatus status = shell_->status();
  const auto appointment = control::appoint(status, request.args);
  if (!appointment) return reply(tl::unexpected(Problem(appointment.error())));
  directory_->modify(
      directory::config_dn(options_.directory.base), appointment_of(appointment->config),
      [this, appointment = *appointment, status, who = request.who, reply](const Result<>& done) {
        if (!done) return reply(tl::unexpected(Problem(done.error())));
        Json answer = control::appointment_json(appointment, status);
        tell(notify::Level::notice, "key manager set",
             "mode=" + answer["mode"].get<std::string>() + " by=" + who);
        reply(std::move(answer));
      });
}

void Agent::roll(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto role = role_arg(request.args);
  if (!role) return reply(tl::unexpected(Problem(role.error())));
  const auto emergency = control::optional_flag_arg(request.args, "emergency");
  if (!emergency) return reply(tl::unexpected(Problem(emergency.error())));
  const auto dry_run = control::optional_flag_arg(request.args, "dry_run");
  if (!dry_run) return reply(tl::unexpected(Problem(dry_run.error())));
  Json answer{{"zone", *zone}, {"role", to_string(*role)}, {"request", nullptr}, {"emergency", *emergency}, {"dry_run", *dry_run}};
  ForecastQuestion question;
  question.roll = *role;
  question.emergency = *emergency;
  auto before = snapshot_for(*zone, question);
  if (!before && *dry_run) return reply(tl::unexpected(before.error()));
  if (!*dry_run) {
    const Uuid id = crypto::random_uuid();
    if (const auto why_not = shell_->member().roll(*zone, *role, id, request.who, *emergency)) {
      return reply(control::refuse(Errc::conflict, *why_not, "rollcall status " + *zone));
    }
    shell_->wake();
    tell_of_zone("roll asked for", *zone, std::string{to_string(*role)} + (*emergency ? " emergency" : "") + " by=" + request.who);
    answer["request"] = to_string(id);
  }
  if (!before || !(*emergency || *dry_run)) return reply(std::move(answer));
  foresee(std::move(*before), std::move(question), [answer, zone = *zone, dry = *dry_run, reply](const Foreseen& told) {
    if (!told && dry) return reply(control::refuse(Errc::conflict, told.error(), "rollcall status " + zone));
    Json whole = answer;
    if (told) whole["forecast"] = *told;
    reply(std::move(whole));
  });
}

void Agent::abandon(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto role = role_arg(request.args);
  if (!role) return reply(tl::unexpected(Problem(role.error())));
  if (const auto why_not = shell_->member().abandon(*zone, *role, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall status " + *zone));
  }
  shell_->wake();
  tell_of_zone("key given up", *zone, std::string{to_string(*role)} + " by=" + request.who);
  reply(Json{{"zone", *zone}, {"role", to_string(*role)}});
}

void Agent::step(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const std::string next = next_by_hand(shell_->status(), *zone);
  if (const auto why_not = shell_->member().step(*zone, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall status " + *zone));
  }
  shell_->wake();
  reply(Json{{"zone", *zone}, {"step", next}});
}

void Agent::ds_published(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  if (const auto why_not = shell_->member().ds_published(*zone, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall ds show " + *zone));
  }
  shell_->wake();
  reply(Json{{"zone", *zone}});
}

void Agent::ds_withdrawn(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  if (const auto why_not = shell_->member().ds_withdrawn(*zone, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall ds show " + *zone));
  }
  shell_->wake();
  reply(Json{{"zone", *zone}});
}

void Agent::serve(const control::Request& request, Reply reply) {
  const auto on = control::flag_arg(request.args, "on");
  if (!on) return reply(tl::unexpected(Problem(on.error())));
  if (const auto why_not = shell_->member().set_serving(*on)) {
    return reply(control::refuse(Errc::conflict, *why_not));
  }
  shell_->wake();
  tell(notify::Level::notice, *on ? "serving on" : "serving off", "by=" + request.who);
  reply(Json{{"serving", *on}});
}

namespace {

Json gate_json(const ZoneStatus& zone) {
  return {{"zone", zone.zone.name},
          {"open", zone.gate.empty()},
          {"why", zone.gate},
          {"until", zone.gate_until ? Json(to_iso(*zone.gate_until)) : Json{}}};
}

}  // namespace

void Agent::gate(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const MemberStatus status = shell_->status();
  const ZoneStatus* found = find_managed(status, *zone);
  if (found == nullptr) return reply(tl::unexpected(not_managed(*zone)));
  reply(gate_json(*found));
}

void Agent::gate_override(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const MemberStatus status = shell_->status();
  const ZoneStatus* found = find_managed(status, *zone);
  if (found == nullptr) return reply(tl::unexpected(not_managed(*zone)));
  if (const auto why_not = shell_->member().override_gate(*zone, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall gate " + *zone));
  }
  shell_->wake();
  reply(gate_json(*found));  // what is let through
}

}  // namespace rollcall::agent
