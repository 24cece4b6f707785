// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs that change something, for an administrator of this machine. Each is logged with who
// asked; the directory is written as this member.
#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/control/appointment.h"
#include "lib/control/args.h"
#include "lib/core/timing.h"
#include "lib/crypto/random.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/dns/names.h"
#include "lib/signer/key_directory.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

Result<ZoneName> zone_arg(const Json& args) {
  const auto text = control::text_arg(args, "zone");
  if (!text) return tl::unexpected(text.error());
  return dns::canonical_zone(*text);
}

std::vector<std::string> zone_warnings(const std::vector<ParentServers>& parents, const ZoneName& zone) {
  if (parent_of(parents, zone) != nullptr) return {};
  return {"no server of the parent of " + zone +
          " is configured here ([[parent]]): this member cannot see its DS by itself"};
}

/// Why a zone cannot be rolled by a policy: its next rollover would begin before the last one ends.
std::optional<Problem> too_short(const std::string& name, const Policy& policy) {
  for (const Role role : {Role::ksk, Role::zsk}) {
    const Seconds lifetime = policy.lifetime(role), shortest = shortest_lifetime(role, policy);
    if (lifetime == Seconds{0} || lifetime > shortest) continue;
    return Problem{Errc::malformed,
                   "policy " + name + ": a " + std::string{to_string(role)} + " lifetime of " +
                       to_words(lifetime) + " is no longer than its publication and retirement, " +
                       to_words(shortest) + " by the policy's TTLs and margins",
                   "a longer lifetime, or 0 for no rollover by time"};
  }
  return std::nullopt;
}

/// What of the configuration `set` changes; an empty list takes the old one away.
directory::Attributes appointment_of(const ClusterConfig& config) {
  directory::Attributes attributes = directory::attributes_of(config);
  directory::Attributes out;
  for (const char* name : {"rollcallmode", "rollcallappointed"}) out[name] = attributes[name];
  return out;
}

}  // namespace

// A zone that was there before is another one now, or its old facts would speak for the new zone.
Result<std::uint32_t> Agent::next_incarnation(const ZoneName& zone) {
  const auto restored = store_->restore(shell_->self(), boot_);
  if (!restored) return tl::unexpected(restored.error());
  std::uint32_t highest = 0;
  for (const Fact& fact : restored->facts) {
    const ZoneRef* about = zone_of(fact);
    if (about != nullptr && about->name == zone) highest = std::max(highest, about->incarnation);
  }
  return highest + 1;
}

void Agent::zone_add(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  if (auto fits = signer::check_key_file_names(*zone); !fits) {
    return reply(tl::unexpected(Problem(fits.error())));
  }
  const auto policy_name = control::optional_text_arg(request.args, "policy");
  if (!policy_name) return reply(tl::unexpected(Problem(policy_name.error())));
  const auto incarnation = next_incarnation(*zone);
  if (!incarnation) return reply(tl::unexpected(Problem(incarnation.error())));
  const ZoneConfig config{{*zone, *incarnation}, policy_name->value_or("default")};

  const auto added = [this, config, who = request.who, reply](const Result<>& done) {
    if (!done && done.error().code == Errc::conflict) {
      return reply(control::refuse(Errc::conflict, "zone " + config.zone.name + " is managed already",
                                   "rollcall status " + config.zone.name));
    }
    if (!done) return reply(tl::unexpected(Problem(done.error())));
    journal_.write({0, now().wall, notify::Level::notice, "zone added", config.zone.name,
                    "policy=" + config.policy + " by=" + who});
    reply(Json{{"zone", config.zone.name},
               {"incarnation", config.zone.incarnation},
               {"policy", config.policy},
               {"warnings", zone_warnings(options_.parents, config.zone.name)}});
  };
  directory_->read(
      directory::policy_dn(options_.directory.base, config.policy),
      [this, config, added, reply](const Result<directory::Entry>& policy) {
        if (!policy && policy.error().code == Errc::not_found) {
          return reply(control::refuse(Errc::not_found, "policy " + config.policy + ": not there"));
        }
        const auto read = policy ? directory::read_policy(*policy) : tl::unexpected(policy.error());
        if (!read) return reply(tl::unexpected(Problem(read.error())));
        if (auto no = too_short(config.policy, *read)) return reply(tl::unexpected(std::move(*no)));
        directory_->add({directory::zone_dn(options_.directory.base, config.zone.name),
                         directory::attributes_of(config)},
                        added);
      });
}

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
  const auto text = control::text_arg(request.args, "role");
  if (!text) return reply(tl::unexpected(Problem(text.error())));
  if (*text != "ksk" && *text != "zsk") {
    return reply(control::refuse(Errc::malformed, "role " + *text + ": must be ksk or zsk"));
  }
  const Role role = *text == "ksk" ? Role::ksk : Role::zsk;
  const Uuid id = crypto::random_uuid();
  if (const auto why_not = shell_->member().roll(*zone, role, id, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall status " + *zone));
  }
  shell_->wake();
  reply(Json{{"zone", *zone}, {"role", to_string(role)}, {"request", to_string(id)}});
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

}  // namespace rollcall::agent
