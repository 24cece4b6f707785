// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs about policies: which there are, and what a change of one would do before it is made.
#include <algorithm>

#include "lib/agent/agent.h"
#include "lib/agent/arguments.h"
#include "lib/agent/clock.h"
#include "lib/agent/policy_fields.h"
#include "lib/control/args.h"
#include "lib/core/policy_change.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

// Names are typed and become part of a DN: what needs no quoting anywhere.
Result<std::string> policy_name_arg(const Json& args) {
  auto name = control::text_arg(args, "policy");
  if (!name) return name;
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (name->size() <= 64 && std::ranges::all_of(*name, plain)) return name;
  return fail(Errc::malformed, "policy " + *name + ": a name has lower-case letters, digits, - and _, at most 64");
}

Problem no_such_policy(const std::string& name) {
  return {Errc::not_found, "policy " + name + ": not there", "rollcall policy list"};
}

Result<Policy> changed(Policy policy, const Json& args) {
  const auto values = args.find("values");
  if (values == args.end() || !values->is_object() || values->empty()) {
    return fail(Errc::malformed, "argument values must be an object of names and values");
  }
  for (const auto& [name, value] : values->items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (auto set = set_policy_value(policy, name, text); !set) return tl::unexpected(set.error());
  }
  return policy;
}

Json changes_json(const Policy& before, const Policy& after) {
  Json changes = Json::array();
  for (const PolicyField& field : policy_fields()) {
    const std::string was = field.text(before), is = field.text(after);
    if (was == is) continue;
    const auto value = [&](const std::string& text) { return field.seconds ? Json(std::stoll(text)) : Json(text); };
    changes.push_back({{"name", field.name}, {"before", value(was)}, {"after", value(is)}});
  }
  return changes;
}

Json effects_json(const MemberStatus& status, const std::string& name, const Policy& before, const Policy& after) {
  Json zones = Json::array();
  for (const ZoneStatus& zone : status.zones) {
    if (!zone.managed || zone.policy != name) continue;
    Json effects = Json::array();
    for (const PolicyEffect& effect : effects_of_change(zone, before, after)) {
      effects.push_back({{"what", effect.what}, {"why", effect.why}, {"when", effect.when ? Json(to_iso(*effect.when)) : Json{}}});
    }
    zones.push_back({{"zone", zone.zone.name}, {"effects", std::move(effects)}});
  }
  return zones;
}

directory::Attributes all_of(const std::string& name, const Policy& policy) {
  directory::Attributes attributes = directory::attributes_of(name, policy);
  attributes.erase("objectclass");
  attributes.erase("cn");
  return attributes;
}

}  // namespace

void Agent::policy_list(const control::Request&, Reply reply) {
  const MemberStatus status = shell_->status();
  Json policies = Json::array();
  for (const auto& [name, policy] : status.policies) {
    const auto uses = [&, of = name](const ZoneStatus& zone) { return zone.managed && zone.policy == of; };
    Json json = policy_json(name, policy);
    json["zones"] = std::ranges::count_if(status.zones, uses);
    policies.push_back(std::move(json));
  }
  reply(Json{{"policies", std::move(policies)}});
}

void Agent::policy_show(const control::Request& request, Reply reply) {
  const auto name = control::text_arg(request.args, "policy");
  if (!name) return reply(tl::unexpected(Problem(name.error())));
  const MemberStatus status = shell_->status();
  const auto found = status.policies.find(*name);
  if (found == status.policies.end()) return reply(tl::unexpected(no_such_policy(*name)));
  Json zones = Json::array();
  for (const ZoneStatus& zone : status.zones) {
    if (zone.managed && zone.policy == *name) zones.push_back(zone.zone.name);
  }
  reply(Json{{"policy", policy_json(*name, found->second)}, {"zones", std::move(zones)}});
}

void Agent::policy_set(const control::Request& request, Reply reply) {
  const auto name = policy_name_arg(request.args);
  if (!name) return reply(tl::unexpected(Problem(name.error())));
  const auto dry_run = control::optional_flag_arg(request.args, "dry_run");
  if (!dry_run) return reply(tl::unexpected(Problem(dry_run.error())));
  const std::string dn = directory::policy_dn(options_.directory.base, *name);
  directory_->read(dn, [this, dn, name = *name, dry_run = *dry_run, request, reply](const Result<directory::Entry>& entry) {
    const bool created = !entry && entry.error().code == Errc::not_found;
    const auto before = created ? Result<Policy>{Policy{}}
                        : entry ? directory::read_policy(*entry)
                                : tl::unexpected(entry.error());
    if (!before) return reply(tl::unexpected(Problem(before.error())));
    const auto after = changed(*before, request.args);
    if (!after) return reply(tl::unexpected(Problem(after.error())));
    if (auto no = too_short(name, *after)) return reply(tl::unexpected(std::move(*no)));

    Json answer{{"policy", name},
                {"created", created},
                {"written", !dry_run},
                {"changes", changes_json(*before, *after)},
                {"zones", effects_json(shell_->status(), name, *before, *after)}};
    if (dry_run) return reply(std::move(answer));
    const auto written = [this, name, created, who = request.who, answer, reply](const Result<>& done) {
      if (!done) return reply(tl::unexpected(Problem(done.error())));
      std::string text = "policy=" + name;
      for (const Json& change : answer.at("changes")) {
        text += ' ' + change.at("name").get<std::string>() + '=' +
                (change.at("after").is_string() ? change.at("after").get<std::string>() : change.at("after").dump());
      }
      tell(notify::Level::notice, created ? "policy made" : "policy changed", text + " by=" + who);
      reply(answer);
    };
    if (created) return directory_->add({dn, directory::attributes_of(name, *after)}, written);
    directory_->modify(dn, all_of(name, *after), written);
  });
}

}  // namespace rollcall::agent
