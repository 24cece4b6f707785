// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health_zones.h"

#include <algorithm>

#include "lib/control/alarm_cures.h"

namespace rollcall::control {
namespace {

// --- signatures and steps

void judge_signatures(const ZoneStatus& zone, const std::string& self, Time now,
                      Findings& findings) {
  if (!zone.signed_until) return;
  const Expiry expiry = expiry_of(*zone.signed_until, now);
  if (expiry.level == Level::ok) return;
  findings.say({"signatures", zone.zone.name, expiry.level,
                "the first signature on " + self + ' ' + expiry.when,
                "rollcall check " + zone.zone.name + ", on " + self});
}

// A hold is no trouble by itself; one that waits for somebody who does not speak does not end by
// itself.
void judge_holds(const MemberStatus& status, const ZoneStatus& zone, Findings& findings) {
  for (const Hold& hold : zone.holds) {
    for (const MemberId& id : hold.waits_for) {
      if (!is_silent(status, id)) continue;
      findings.say({"held", zone.zone.name, Level::warning,
                    hold.step + " waits for " + host_of(status, id) + ", which is silent",
                    "rollcall status " + zone.zone.name, hold.step + ':' + host_of(status, id)});
    }
  }
}

constexpr const char* too_long = ", longer than its policy lets pass (missing_keys_alarm)";

// The old key stays in use meanwhile, which harms nobody; but somebody has to look.
void judge_lateness(const MemberStatus& status, const ZoneStatus& zone, Time now,
                    Findings& findings) {
  const auto policy = status.policies.find(zone.policy);
  if (zone.suspended || policy == status.policies.end()) return;
  for (const auto& [role, planned] : zone.next_roll) {
    const Nanoseconds late = now - planned;
    if (late <= policy->second.missing_keys_alarm) continue;
    const std::string why = zone.holds.empty() ? "" : "; it waits: " + zone.holds.front().text;
    findings.say({"late", zone.zone.name, Level::warning,
                  "its " + std::string{to_string(role)} + " was to be replaced " + to_words(late) +
                      " ago" + too_long + why,
                  "rollcall status " + zone.zone.name, std::string{to_string(role)}});
  }
}

std::vector<std::string> hosts_of(const MemberStatus& status, const std::vector<MemberId>& ids) {
  std::vector<std::string> hosts;
  for (const MemberId& id : ids) hosts.push_back(host_of(status, id));
  return hosts;
}

bool waits_for_silent(const MemberStatus& status, const Hold& hold) {
  return std::ranges::any_of(hold.waits_for,
                             [&](const MemberId& id) { return is_silent(status, id); });
}

std::string cure_for(const Hold& hold, const ZoneName& zone,
                     const std::vector<std::string>& hosts) {
  if (!hosts.empty()) return "rollcall check " + zone + ", on " + comma_list(hosts);
  return (hold.reason == Reason::parent ? "rollcall ds show " : "rollcall status ") + zone;
}

void judge_overdue_step(const MemberStatus& status, const ZoneStatus& zone,
                        const OverdueHold& overdue, Time now, Findings& findings) {
  const Hold& hold = overdue.hold;
  if (waits_for_silent(status, hold)) return;  // that is said already
  const auto hosts = hosts_of(status, hold.waits_for);
  findings.say({"held", zone.zone.name, Level::warning,
                hold.step + " is held, and nothing has changed for " +
                    to_words(now - overdue.since) + too_long + ": " + hold.text +
                    (hosts.empty() ? "" : " (" + comma_list(hosts) + ')'),
                cure_for(hold, zone.zone.name, hosts), hold.step});
}

const KeyStatus* key_of(const ZoneStatus& zone, const FactId& candidate) {
  const auto found = std::ranges::find(zone.keys, candidate, &KeyStatus::candidate);
  return found == zone.keys.end() ? nullptr : &*found;
}

// Several that make a key at once are expected now and then. Their owners wipe those that lost as
// soon as all serve the winner's DNSKEY.
void judge_duplicates(const MemberStatus& status, const ZoneStatus& zone, Findings& findings) {
  for (const GenerationStatus& generation : zone.generations) {
    const KeyStatus* winner = generation.winner ? key_of(zone, *generation.winner) : nullptr;
    if (winner == nullptr || state_of(*winner, Record::dnskey) != State::omnipresent) continue;
    for (const FactId& loser : generation.unpruned) {
      const std::string owner = host_of(status, loser.author.member);
      findings.say({"duplicate", zone.zone.name, Level::warning,
                    "a key that lost the election of " + to_string(generation.generation) +
                        " is not wiped by " + owner,
                    is_silent(status, loser.author.member)
                        ? "start " + owner + "; if it is gone for good, rollcall forget " + owner
                        : "rollcall log " + zone.zone.name + ", on " + owner,
                    to_string(loser)});
    }
  }
}

// --- the DS

bool has(const std::vector<Fingerprint>& list, const Fingerprint& one) {
  return std::ranges::find(list, one) != list.end();
}

bool serves_ours(const ZoneStatus& zone) {
  return std::ranges::any_of(zone.keys, [](const KeyStatus& key) {
    return state_of(key, Record::dnskey) != State::hidden;
  });
}

std::string show_ds(const ZoneStatus& zone) {
  return "rollcall ds show " + zone.zone.name + " prints the records for the parent";
}

// Of the keys that caches rely on by their DS. One that comes or goes may be there or not.
void judge_ds(const ZoneStatus& zone, const ParentAnswer& parent, Findings& findings) {
  for (const KeyStatus& key : zone.keys) {
    if (state_of(key, Record::ds) != State::omnipresent || has(parent.ds, key.fingerprint))
      continue;
    const bool somewhere = has(parent.ds_somewhere, key.fingerprint);
    findings.say(
        {"ds", zone.zone.name, somewhere ? Level::warning : Level::critical,
         "the DS of " + name_of(key) +
             (somewhere ? " is at some servers of the parent only" : " is missing at the parent"),
         show_ds(zone), name_of(key)});
  }
  if (parent.unknown == 0) return;
  const bool only_wrong = parent.ds.empty() && serves_ours(zone);
  findings.say({"ds", zone.zone.name, only_wrong ? Level::critical : Level::warning,
                "the parent has " + count_of(parent.unknown, "DS record") +
                    " that fit no key of ours" +
                    (only_wrong ? ", and none that does: no resolver believes the zone" : ""),
                show_ds(zone), "unknown"});
}

// The parent was told, and does nothing, or not everywhere.
void judge_overdue_ds(const ZoneStatus& zone, const OverdueHold& overdue,
                      const ParentAnswer* parent, Time now, Findings& findings) {
  const bool somewhere = parent != nullptr && has(parent->ds_somewhere, *overdue.ds_of);
  findings.say(
      {"ds", zone.zone.name, Level::warning,
       overdue.hold.text + ", which was announced " + to_words(now - overdue.since) + " ago" +
           too_long + (somewhere ? "; some of its servers have it" : ""),
       show_ds(zone) +
           "; if it is as wanted there and no member can ask it, rollcall ds published, or " +
           "withdrawn, " + zone.zone.name,
       "overdue " + overdue.hold.step});
}

const ParentCheck* check_of(const ZoneStatus& zone, const std::vector<ParentCheck>& parents) {
  const auto found = std::ranges::find(parents, zone.zone.name, &ParentCheck::zone);
  return found == parents.end() ? nullptr : &*found;
}

void judge_parent(const ZoneStatus& zone, const ParentCheck& check, Findings& findings) {
  if (check.answer) return judge_ds(zone, *check.answer, findings);
  findings.say({"parent", zone.zone.name, Level::warning, check.answer.error().what,
                "see [[parent]] of the configuration"});
}

void judge(const MemberStatus& status, const ZoneStatus& zone, const ParentCheck* check, Time now,
           Findings& findings) {
  const std::string self = host_of(status, status.self);
  judge_signatures(zone, self, now, findings);
  judge_holds(status, zone, findings);
  for (const OverdueHold& overdue : zone.overdue) {
    if (overdue.ds_of) {
      judge_overdue_ds(zone, overdue, check != nullptr && check->answer ? &*check->answer : nullptr,
                       now, findings);
    } else {
      judge_overdue_step(status, zone, overdue, now, findings);
    }
  }
  if (zone.overdue.empty()) judge_lateness(status, zone, now, findings);
  judge_duplicates(status, zone, findings);
  for (const std::string& alarm : zone.alarms)
    findings.say({"alarm", zone.zone.name, Level::warning, alarm, cure_of(alarm, self), alarm});
  if (check != nullptr) judge_parent(zone, *check, findings);
}

}  // namespace

void judge_zones(const MemberStatus& status, const std::vector<ParentCheck>& parents, Time now,
                 Findings& findings) {
  for (const ZoneStatus& zone : status.zones)
    judge(status, zone, check_of(zone, parents), now, findings);
}

}  // namespace rollcall::control
