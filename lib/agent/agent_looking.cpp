// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs that only look.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "lib/agent/agent.h"
#include "lib/agent/arguments.h"
#include "lib/agent/clock.h"
#include "lib/agent/policy_fields.h"
#include "lib/control/args.h"
#include "lib/control/status_json.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/dns/ds.h"
#include "lib/dns/names.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

constexpr dns::Timeout parent_timeout{5000};

/// The zone that was asked about; empty if none was.
Result<ZoneName> optional_zone_arg(const Json& args) {
  const auto text = control::optional_text_arg(args, "zone");
  if (!text) return tl::unexpected(text.error());
  if (!*text) return ZoneName{};
  return dns::canonical_zone(**text);
}

tl::unexpected<Problem> unknown_zone(const ZoneName& zone) {
  return control::refuse(Errc::not_found, "zone " + zone + " is not managed here",
                         "rollcall zone add " + zone);
}

State ds_state(const KeyStatus& key) {
  const auto ds = key.records.find(Record::ds);
  return ds == key.records.end() ? State::hidden : ds->second.state;
}

Json ds_key_json(const ZoneName& zone, const KeyStatus& key) {
  const State state = ds_state(key);
  Json json{{"key_tag", key.key_tag},
            {"key", short_name(key.fingerprint)},
            {"stage", key.stage},
            {"wanted", state == State::rumoured || state == State::omnipresent},
            {"ds", Json::array()},
            {"cdnskey", ""}};
  for (const auto type : {dns::DigestType::sha256, dns::DigestType::sha384}) {
    if (const auto line = dns::ds_record(zone, key.dnskey, type)) json["ds"].push_back(*line);
  }
  if (const auto line = dns::cdnskey_record(zone, key.dnskey)) json["cdnskey"] = *line;
  return json;
}

/// Key tags of those keys that the parent shows.
Json tags_of(const std::vector<Fingerprint>& shown, const ZoneStatus& zone) {
  Json tags = Json::array();
  for (const KeyStatus& key : zone.keys) {
    if (std::ranges::find(shown, key.fingerprint) != shown.end()) tags.push_back(key.key_tag);
  }
  return tags;
}

Json parent_json(const Shell::ParentLook& look, const ZoneStatus& zone, const ParentServers* servers) {
  Json addresses = Json::array();
  if (servers != nullptr) {
    for (const auto& address : servers->addresses) addresses.push_back(to_string(address));
  }
  return {{"seen", look.seen ? Json(to_iso(*look.seen)) : Json{}},
          {"everywhere", tags_of(look.answer.ds, zone)},
          {"somewhere", tags_of(look.answer.ds_somewhere, zone)},
          {"unknown", look.answer.unknown},
          {"ttl", look.answer.ttl.count()},
          {"by_hand", zone.ds_confirmed_by},
          {"addresses", std::move(addresses)},
          {"problem", look.problem}};
}

Json finding(signer::Finding::Level level, std::string what, std::string cure = "") {
  constexpr const char* names[] = {"ok", "warning", "error"};
  return {{"level", names[static_cast<int>(level)]}, {"what", std::move(what)}, {"cure", std::move(cure)}};
}

/// Clocks decide nothing about safety, but a wrong one plans at the wrong time and wins elections.
Json clock_finding(const MemberStatus& status) {
  using Level = signer::Finding::Level;
  constexpr Seconds tolerance{2};
  if (!status.clock_behind) return finding(Level::ok, "clock: no other member to compare it with yet");
  const Nanoseconds behind = *status.clock_behind;
  const std::string distance = to_words(behind < Nanoseconds{0} ? -behind : behind);
  if (behind <= tolerance && behind >= -tolerance) {
    return finding(Level::ok, "clock: within " + distance + " of the other members'");
  }
  return finding(Level::error,
                 "clock: " + distance + (behind > Nanoseconds{0} ? " behind" : " ahead of") +
                     " the other members'",
                 "timedatectl set-ntp true");
}

}  // namespace

MemberStatus Agent::present_status() const { return shell_ ? shell_->status() : MemberStatus{}; }

// Without a cluster nobody follows the directory: it is asked whether init or join could use it.
void Agent::with_status(std::function<void(const MemberStatus&)> use) {
  if (shell_) return use(shell_->status());
  directory_->read(options_.directory.base,
                   [this, use = std::move(use)](const Result<directory::Entry>& there) {
                     MemberStatus status = present_status();
                     const bool useless = !there && there.error().code != Errc::not_found;
                     if (!shell_ && useless) status.alarms.push_back(there.error().what);
                     use(status);
                   });
}

void Agent::members(const control::Request&, Reply reply) {
  reply(control::members_json(present_status(), now().wall));
}

void Agent::zone_list(const control::Request&, Reply reply) {
  reply(control::zone_list_json(present_status(), now().wall));
}

void Agent::status(const control::Request& request, Reply reply) {
  const auto zone = optional_zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  with_status([zone = *zone, reply = std::move(reply)](const MemberStatus& status) {
    if (zone.empty()) return reply(control::status_json(status, now().wall));
    auto answer = control::zone_status_json(status, zone, now().wall);
    if (!answer) return reply(unknown_zone(zone));
    reply(std::move(*answer));
  });
}

void Agent::info(const control::Request&, Reply reply) {
  with_status([this, reply = std::move(reply)](const MemberStatus& status) {
    reply(control::info_json(status, info_extras(status), now().wall));
  });
}

control::InfoExtras Agent::info_extras(const MemberStatus& status) const {
  control::InfoExtras extras;
  extras.keys_store = options_.directory.uris.front() + " " + options_.directory.base;
  const ZoneStatus* next = control::next_due_zone(status);
  if (shell_ && next != nullptr && status.config.mode == Mode::random) {
    std::optional<std::uint64_t> lowest;
    for (const MemberLine& line : status.members) {
      if (!line.in_roster) continue;
      const auto rank = shell_->crypto().rank(line.member, next->zone.name);
      if (lowest && *lowest <= rank) continue;
      lowest = rank;
      extras.next_server = line.member;
    }
  }
  return extras;
}

void Agent::zone_show(const control::Request& request, Reply reply) {
  const auto name = zone_arg(request.args);
  if (!name) return reply(tl::unexpected(Problem(name.error())));
  const MemberStatus status = shell_->status();
  const ZoneStatus* zone = control::find_zone(status, *name);
  if (zone == nullptr) return reply(unknown_zone(*name));
  Json answer{{"zone", *name},
              {"incarnation", zone->zone.incarnation},
              {"state", control::zone_state(*zone)}};
  directory_->read(directory::policy_dn(options_.directory.base, zone->policy),
                   [answer, policy_name = zone->policy, reply](const Result<directory::Entry>& entry) {
                     if (!entry) return reply(tl::unexpected(Problem(entry.error())));
                     const auto policy = directory::read_policy(*entry);
                     if (!policy) return reply(tl::unexpected(Problem(policy.error())));
                     Json whole = answer;
                     whole["policy"] = policy_json(policy_name, *policy);
                     reply(std::move(whole));
                   });
}

Json Agent::ds_json(const ZoneStatus& zone) const {
  const ZoneName& name = zone.zone.name;
  Json keys = Json::array();
  for (const KeyStatus& key : zone.keys) {
    if (signs_keys(key.generation.role) && ds_state(key) != State::hidden) {
      keys.push_back(ds_key_json(name, key));
    }
  }
  const auto* look = shell_->parent_look(name);
  return {{"now", to_iso(now().wall)},
          {"zone", name},
          {"keys", std::move(keys)},
          {"parent", parent_json(look == nullptr ? Shell::ParentLook{} : *look, zone,
                                 parent_of(options_.parents, name))}};
}

void Agent::ds_show(const control::Request& request, Reply reply) {
  const auto name = zone_arg(request.args);
  if (!name) return reply(tl::unexpected(Problem(name.error())));
  const MemberStatus status = shell_->status();
  const ZoneStatus* zone = control::find_zone(status, *name);
  if (zone == nullptr) return reply(unknown_zone(*name));
  reply(ds_json(*zone));
}

// Clock, directory, then the signer, then the parent; what is wrong with one does not hide the others.
void Agent::check(const control::Request& request, Reply reply) {
  using Level = signer::Finding::Level;
  const auto zone = optional_zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  Json findings = Json::array();
  if (!shell_) {
    findings.push_back(finding(Level::warning, "this machine is in no cluster",
                               "rollcall init, or rollcall join TOKEN"));
  } else {
    const MemberStatus status = shell_->status();
    if (!status.doubt.empty()) {
      findings.push_back(finding(Level::warning, "nothing new is written: " + status.doubt));
    }
    findings.push_back(clock_finding(status));
  }
  directory_->read(options_.directory.base, [this, findings, zone = *zone,
                                             reply](const Result<directory::Entry>& there) mutable {
    if (there) {
      findings.push_back(finding(Level::ok, "directory " + options_.directory.base + " answers"));
    } else {
      findings.push_back(finding(Level::error, there.error().what,
                                 "see [directory] of the configuration, and the directory's own log"));
    }
    check_signer(zone, std::move(findings), reply);
  });
}

void Agent::check_signer(const ZoneName& zone, Json findings, Reply reply) {
  using Level = signer::Finding::Level;
  if (!signer_) {
    findings.push_back(finding(Level::ok, "no signer is configured: this member serves no DNS"));
    return check_parent(zone, std::move(findings), std::move(reply));
  }
  const MemberStatus status = shell_ ? shell_->status() : MemberStatus{};
  const ZoneStatus* known = control::find_zone(status, zone);
  const auto foreign = known ? known->foreign_keys : std::vector<std::uint16_t>{};
  signer_->check(zone, foreign, [this, alive = std::weak_ptr(alive_), zone, findings,
                        reply](const Result<std::vector<signer::Finding>>& found) mutable {
    if (!alive.lock()) return;
    if (!found) findings.push_back(finding(Level::error, found.error().what));
    for (const auto& one : found.value_or(std::vector<signer::Finding>{})) {
      findings.push_back(finding(one.level, one.what, one.cure));
    }
    check_parent(zone, std::move(findings), reply);
  });
}

void Agent::check_parent(const ZoneName& zone, Json findings, Reply reply) {
  const auto done = [reply](Json all) { reply(Json{{"findings", std::move(all)}}); };
  const ParentServers* parent = zone.empty() ? nullptr : parent_of(options_.parents, zone);
  if (parent == nullptr) return done(std::move(findings));
  boost::asio::post(pool_, [&loop = loop_, addresses = parent->addresses, zone, findings, done]() {
    using Level = signer::Finding::Level;
    const auto answer = ask_parent(addresses, zone, {}, parent_timeout);
    Json all = findings;
    all.push_back(answer ? finding(Level::ok, "all servers of the parent of " + zone + " answer")
                         : finding(Level::error, answer.error().what, "see [[parent]] of the configuration"));
    boost::asio::post(loop, [done, all] { done(all); });
  });
}

}  // namespace rollcall::agent
