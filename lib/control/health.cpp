// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health.h"

#include <algorithm>
#include <set>

#include "lib/control/alarm_cures.h"
#include "lib/control/health_ipa.h"
#include "lib/control/health_replicas.h"
#include "lib/control/health_servers.h"
#include "lib/control/health_zones.h"
#include "lib/control/status_json.h"
#include "lib/core/alarm_words.h"

namespace rollcall::control {
namespace {

using namespace std::chrono_literals;

constexpr Seconds clock_warns{2};
constexpr auto clock_is_critical = 5min;  // from here on a member writes nothing new
constexpr std::uint64_t disk_warns_percent = 10, disk_critical_bytes = 64U << 20U;

void judge_self(const MemberStatus& status, Findings& findings) {
  const std::string self = host_of(status, status.self);
  if (!status.doubt.empty()) {
    findings.say({"doubt", self, Level::warning, "it writes nothing new: " + status.doubt,
                  "rollcall check, on " + self});
  }
  for (const std::string& alarm : status.alarms) {
    if (alarm.starts_with(alarm_words::nothing_is_written)) continue;  // that is the doubt
    findings.say({"alarm", self, Level::warning, alarm, cure_of(alarm, self), alarm});
  }
  if (!status.clock_behind) return;
  const Nanoseconds behind = *status.clock_behind;
  const Nanoseconds distance = behind < 0ns ? -behind : behind;
  if (distance <= clock_warns) return;
  findings.say({"clock", self, distance > clock_is_critical ? Level::critical : Level::warning,
                "its clock is " + to_words(distance) + (behind > 0ns ? " behind" : " ahead of") +
                    " the other members'",
                "timedatectl set-ntp true, on " + self});
}

void judge_members(const MemberStatus& status, Findings& findings) {
  for (const MemberLine& line : status.members) {
    if (!line.in_roster || line.self) continue;
    const std::string host = host_of(status, line.member);
    if (!line.fresh) {
      findings.say(
          {"member-silent", host, Level::warning,
           "nothing was heard of it" + (line.age ? " for " + to_words(*line.age) : std::string{}),
           "systemctl status rollcalld, and the directory's own service, on " + host});
    }
    for (const std::string& alarm : line.alarms) {
      findings.say({"alarm", host, Level::warning, alarm, cure_of(alarm, host), alarm});
    }
  }
}

void judge_key_managers(const MemberStatus& status, Findings& findings) {
  if (status.config.mode != Mode::appointed || status.config.appointed.empty()) return;
  const auto silent = [&](const MemberId& id) { return is_silent(status, id); };
  const MemberId& first = status.config.appointed.front();
  if (!silent(first)) return;
  const bool all = std::ranges::all_of(status.config.appointed, silent);
  findings.say(
      {"key-manager", host_of(status, first), Level::warning,
       all ? "the appointed key manager and all its fail-over members are silent"
           : "the appointed key manager is silent; a fail-over member makes the keys",
       "rollcall set HOST appoints another member; rollcall set --random leaves it to all"});
}

void judge_master_key(const MemberStatus& status, Findings& findings) {
  const MasterKeyStatus& key = status.master_key;
  const std::string self = host_of(status, status.self);
  if (key.epoch == 0) {
    findings.say({"master-key", self, Level::critical,
                  "it has no master key, so it can unwrap no key",
                  "rollcall status, on " + self + ", says whom it waits for"});
  }
  for (const MemberId& id : key.waits_for) {
    if (!is_silent(status, id)) continue;
    findings.say({"master-key", host_of(status, id), Level::warning,
                  "the rotation of the master key waits for it", "start it again"});
  }
  for (const MemberId& id : key.without) {
    if (is_silent(status, id)) continue;  // that is said already
    const std::string host = host_of(status, id);
    findings.say({"master-key", host, Level::warning,
                  "it has not opened the master key of epoch " + std::to_string(key.epoch) +
                      ", so it can use no new key",
                  "rollcall status, on " + host +
                      ", says why; rollcall master-key rotate, on another member, makes a new one "
                      "for all",
                  "not opened"});
  }
}

void judge_disk(const MemberStatus& status, const DiskSpace& disk, Findings& findings) {
  const bool full = disk.free_bytes < disk_critical_bytes;
  if (!full && disk.free_bytes * 100 >= disk.bytes * disk_warns_percent) return;
  findings.say(
      {"disk", host_of(status, status.self), full ? Level::critical : Level::warning,
       std::to_string(disk.free_bytes >> 20U) + " MiB are left on the disk of " + disk.path,
       "make room there: without a store nothing is written or signed anew"});
}

void judge(const MemberStatus& status, const HealthLooks& looks, Time now, Findings& findings) {
  judge_self(status, findings);
  judge_members(status, findings);
  judge_key_managers(status, findings);
  judge_master_key(status, findings);
  if (!looks.probe_problem.empty()) {
    findings.say({"probe", host_of(status, status.self), Level::critical,
                  "its directory takes no writes: " + looks.probe_problem, "rollcall check"});
  }
  judge_replicas(looks, findings);
  judge_zones(status, looks.parents, now, findings);
  judge_servers(status, looks.servers, now, findings);
  if (looks.disk) judge_disk(status, *looks.disk, findings);
  if (looks.ipa) judge_ipa(*looks.ipa, looks.replicas, findings);
}

}  // namespace

bool health_changed(const Json& before, const Json& now) {
  const auto found = [](const Json& health) {
    std::set<std::pair<std::string, std::string>> findings;
    if (!health.is_object()) return findings;
    for (const Json& finding : health.at("findings")) {
      if (finding.at("level") != "ok") findings.emplace(finding.at("key"), finding.at("level"));  // of a note nobody is told
    }
    return findings;
  };
  return found(before) != found(now);
}

Json health_json(const MemberStatus& status, const HealthLooks& looks, Time now) {
  Findings findings;
  if (status.member) {
    judge(status, looks, now, findings);
  } else {
    findings.say({"cluster", "this machine", Level::unknown, "it is in no cluster",
                  "rollcall init, or rollcall join TOKEN"});
  }
  Json json{{"now", to_iso(now)},
            {"self", {{"member", to_string(status.self)}, {"host", host_of(status, status.self)}}},
            {"code", static_cast<int>(findings.worst())},
            {"level", to_string(findings.worst())},
            {"replicas", replicas_json(looks.replicas)},
            {"ipa", looks.ipa ? ipa_json(*looks.ipa, looks.replicas) : Json{}}};
  json["findings"] = findings.take();
  return json;
}

}  // namespace rollcall::control
