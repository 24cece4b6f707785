// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs that change which zones are managed, and what is wanted of them: entries of cn=zones,
// written as this member for an administrator of its machine, and logged with who asked.
#include <algorithm>

#include "lib/agent/agent.h"
#include "lib/agent/arguments.h"
#include "lib/agent/clock.h"
#include "lib/control/args.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/codec_ipa.h"
#include "lib/dns/names.h"
#include "lib/signer/key_directory.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

std::vector<std::string> zone_warnings(const std::vector<ParentServers>& parents, const ZoneName& zone) {
  if (parent_of(parents, zone) != nullptr) return {};
  return {"no server of the parent of " + zone +
          " is configured here ([[parent]]): this member cannot see its DS by itself"};
}

Problem managed_already(const ZoneName& zone) {
  return {Errc::conflict, "zone " + zone + " is managed already", "rollcall status " + zone};
}

/// What `modify` is given to make an entry say this of a zone and nothing else.
directory::Attributes all_of(const ZoneConfig& config) {
  directory::Attributes attributes = directory::attributes_of(config);
  attributes.erase("objectclass");
  attributes.erase("cn");
  return attributes;
}

/// Which zones `suspend` and `resume` are about. Errors: malformed, not_found.
tl::expected<std::vector<const ZoneStatus*>, Problem> zones_meant(const MemberStatus& status, const Json& args,
                                                                  const std::vector<std::string>& names) {
  std::vector<const ZoneStatus*> meant;
  for (const std::string& text : names) {
    const auto zone = dns::canonical_zone(text);
    if (!zone) return tl::unexpected(Problem(zone.error()));
    const ZoneStatus* found = find_managed(status, *zone);
    if (found == nullptr) return tl::unexpected(not_managed(*zone));
    meant.push_back(found);
  }
  const std::string policy = args.value("policy", std::string{});
  for (const ZoneStatus& zone : status.zones) {
    if (names.empty() && zone.managed && (policy.empty() || zone.policy == policy)) meant.push_back(&zone);
  }
  if (!policy.empty() && meant.empty()) {
    return tl::unexpected(Problem{Errc::not_found, "no zone has policy " + policy, "rollcall zone list"});
  }
  return meant;
}

}  // namespace

void Agent::tell_of_zone(std::string event, const ZoneName& zone, std::string text) {
  journal_.write({0, now().wall, notify::Level::notice, std::move(event), zone, std::move(text)});
}

// --- zone-add ------------------------------------------------------------------------------------

void Agent::zone_add(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto policy_name = control::optional_text_arg(request.args, "policy");
  if (!policy_name) return reply(tl::unexpected(Problem(policy_name.error())));
  if (auto kept = kept_by_ipa(*zone)) return reply(tl::unexpected(std::move(*kept)));
  add_zone({{{*zone, 1}, policy_name->value_or("default")}, request.who}, std::move(reply));
}

void Agent::add_zone(NewZone zone, Reply reply) {
  if (auto fits = signer::check_key_file_names(zone.config.zone.name); !fits) {
    return reply(tl::unexpected(Problem(fits.error())));
  }
  directory_->read(
      directory::policy_dn(options_.directory.base, zone.config.policy),
      [this, zone, reply](const Result<directory::Entry>& policy) {
        const ZoneConfig& config = zone.config;
        if (!policy && policy.error().code == Errc::not_found) {
          return reply(control::refuse(Errc::not_found, "policy " + config.policy + ": not there",
                                       "rollcall policy list"));
        }
        const auto read = policy ? directory::read_policy(*policy) : tl::unexpected(policy.error());
        if (!read) return reply(tl::unexpected(Problem(read.error())));
        if (auto no = too_short(config.policy, *read)) return reply(tl::unexpected(std::move(*no)));
        write_zone(zone, reply);
      });
}

// A zone that was there before is another one now, or its old facts would speak for the new zone.
// Its entry stays when it is removed, so that all know its number.
void Agent::write_zone(NewZone zone, Reply reply) {
  const std::string dn = directory::zone_dn(options_.directory.base, zone.config.zone.name);
  directory_->read(dn, [this, dn, zone, reply](const Result<directory::Entry>& entry) mutable {
    ZoneConfig& config = zone.config;
    const bool new_one = !entry && entry.error().code == Errc::not_found;
    const auto before = entry ? directory::read_zone(*entry) : tl::unexpected(entry.error());
    if (!new_one && !before) return reply(tl::unexpected(Problem(before.error())));
    if (!new_one && !before->removed) return reply(tl::unexpected(managed_already(config.zone.name)));
    if (!new_one) shell_->member().zone(*before);  // the directory may be ahead of what is followed
    config.zone.incarnation = shell_->member().next_incarnation(config.zone.name);
    const bool goes_on = !new_one && config.zone.incarnation == before->zone.incarnation;
    const auto written = [this, config, goes_on, who = zone.who, reply](const Result<>& done) {
      if (!done && done.error().code == Errc::conflict) {
        return reply(tl::unexpected(managed_already(config.zone.name)));
      }
      if (!done) return reply(tl::unexpected(Problem(done.error())));
      tell_of_zone("zone added", config.zone.name,
                   "policy=" + config.policy + " incarnation=" + std::to_string(config.zone.incarnation) +
                       " by=" + who);
      auto warnings = zone_warnings(options_.parents, config.zone.name);
      if (goes_on) {
        warnings.push_back("its keys from before it was removed are still served, so it goes on with them");
      }
      reply(Json{{"zone", config.zone.name},
                 {"incarnation", config.zone.incarnation},
                 {"policy", config.policy},
                 {"warnings", std::move(warnings)}});
    };
    directory::Attributes attributes = new_one ? directory::attributes_of(config) : all_of(config);
    if (zone.switched_on) attributes[directory::switched_on_attribute] = {to_bytes("TRUE")};
    if (new_one) return directory_->add({dn, std::move(attributes)}, written);
    directory_->modify(dn, std::move(attributes), written);
  });
}

// --- zone-remove ---------------------------------------------------------------------------------

void Agent::zone_remove(const control::Request& request, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto force = control::optional_flag_arg(request.args, "force");
  if (!force) return reply(tl::unexpected(Problem(force.error())));
  if (find_managed(shell_->status(), *zone) == nullptr) return reply(tl::unexpected(not_managed(*zone)));
  const auto why_not = shell_->member().cannot_remove(*zone);
  if (why_not && !*force) {
    return reply(control::refuse(Errc::conflict, *why_not,
                                 "rollcall zone insecure " + *zone +
                                     " takes its keys out safely; --force leaves server and keys as they are"));
  }
  Json warnings = Json::array();
  if (why_not) warnings.push_back(*why_not + ": nobody looks after it any more");
  want_of_zone(*zone, {"rollcallremoved", true},
               [this, zone = *zone, forced = why_not.has_value(), warnings, who = request.who, reply](const Result<>& done) {
                 if (!done) return reply(tl::unexpected(Problem(done.error())));
                 tell_of_zone("zone removed", zone, std::string{forced ? "forced " : ""} + "by=" + who);
                 reply(Json{{"zone", zone}, {"forced", forced}, {"warnings", warnings}});
               });
}

// --- zone-insecure, zone-secure, suspend, resume -------------------------------------------------

// Sets one wish about a zone.
void Agent::want_of_zone(const ZoneName& zone, const ZoneWish& wish, Done<> done) {
  directory::Attributes attributes;
  attributes[wish.attribute] = {to_bytes(wish.on ? "TRUE" : "FALSE")};
  directory_->modify(directory::zone_dn(options_.directory.base, zone), std::move(attributes), std::move(done));
}

void Agent::zone_security(const control::Request& request, bool insecure, Reply reply) {
  const auto zone = zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const MemberStatus status = shell_->status();
  const ZoneStatus* known = find_managed(status, *zone);
  if (known == nullptr) return reply(tl::unexpected(not_managed(*zone)));
  if (known->insecure == insecure) {
    return reply(control::refuse(Errc::conflict,
                                 "zone " + *zone + (insecure ? " is to be insecure already" : " is not to be insecure"),
                                 "rollcall status " + *zone));
  }
  want_of_zone(*zone, {"rollcallinsecure", insecure},
               [this, zone = *zone, insecure, who = request.who, reply](const Result<>& done) {
                 if (!done) return reply(tl::unexpected(Problem(done.error())));
                 tell_of_zone(insecure ? "zone to be insecure" : "zone to be secure", zone, "by=" + who);
                 reply(Json{{"zone", zone}, {"insecure", insecure}});
               });
}

void Agent::zone_insecure(const control::Request& request, Reply reply) {
  zone_security(request, true, std::move(reply));
}
void Agent::zone_secure(const control::Request& request, Reply reply) {
  zone_security(request, false, std::move(reply));
}

void Agent::suspend(const control::Request& request, Reply reply) {
  set_suspended(request, true, std::move(reply));
}
void Agent::resume(const control::Request& request, Reply reply) {
  set_suspended(request, false, std::move(reply));
}

struct Agent::Suspension {
  bool on;
  std::string who;
  std::vector<ZoneName> todo;
  std::vector<ZoneName> done, unchanged;
};

void Agent::set_suspended(const control::Request& request, bool on, Reply reply) {
  const auto names = control::optional_texts_arg(request.args, "zones");
  const auto policy = control::optional_text_arg(request.args, "policy");
  const auto all = control::optional_flag_arg(request.args, "all");
  if (!names) return reply(tl::unexpected(Problem(names.error())));
  if (!policy) return reply(tl::unexpected(Problem(policy.error())));
  if (!all) return reply(tl::unexpected(Problem(all.error())));
  const int ways = (*names && !(*names)->empty()) + policy->has_value() + *all;
  if (ways != 1) return reply(control::refuse(Errc::malformed, "must name zones, or a policy, or all"));

  const MemberStatus status = shell_->status();
  const auto meant = zones_meant(status, request.args, names->value_or(std::vector<std::string>{}));
  if (!meant) return reply(tl::unexpected(meant.error()));
  auto suspension = std::make_shared<Suspension>(Suspension{on, request.who, {}, {}, {}});
  for (const ZoneStatus* zone : *meant) {
    (zone->suspended == on ? suspension->unchanged : suspension->todo).push_back(zone->zone.name);
  }
  std::ranges::reverse(suspension->todo);  // taken from its end
  suspend_next(std::move(suspension), std::move(reply));
}

// One after the other; if one cannot be written the answer says how far it went.
void Agent::suspend_next(std::shared_ptr<Suspension> suspension, Reply reply) {
  if (suspension->todo.empty()) {
    return reply(Json{{"suspended", suspension->on},
                      {"zones", suspension->done},
                      {"unchanged", suspension->unchanged}});
  }
  const ZoneName zone = suspension->todo.back();
  want_of_zone(zone, {"rollcallsuspended", suspension->on}, [this, suspension, zone, reply](const Result<>& done) {
    if (!done) {
      const std::string before = suspension->done.empty() ? "" : " (done: " + std::to_string(suspension->done.size()) + ")";
      return reply(control::refuse(done.error().code, "zone " + zone + ": " + done.error().what + before));
    }
    tell_of_zone(suspension->on ? "zone suspended" : "zone resumed", zone, "by=" + suspension->who);
    suspension->todo.pop_back();
    suspension->done.push_back(zone);
    suspend_next(suspension, reply);
  });
}

}  // namespace rollcall::agent
