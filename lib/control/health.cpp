// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/health.h"

#include <algorithm>
#include <set>

#include "lib/control/status_json.h"

namespace rollcall::control {
namespace {

using namespace std::chrono_literals;

enum class Level { ok, warning, critical, unknown };
constexpr const char* level_names[] = {"ok", "warning", "critical", "unknown"};

constexpr Seconds clock_warns{2};
constexpr auto clock_is_critical = 5min;  // from here on a member writes nothing new
constexpr auto expiry_warns = 72h, expiry_is_critical = 24h;
constexpr std::uint64_t disk_warns_percent = 10, disk_critical_bytes = 64U << 20U;

struct Finding {
  std::string check, about;
  Level level = Level::ok;
  std::string what, cure;
  std::string more{};  ///< Where one check finds several things about one object.
};

class Findings {
 public:
  void say(const Finding& finding) {
    const std::string key =
        finding.check + ':' + finding.about + (finding.more.empty() ? "" : ':' + finding.more);
    worst_ = std::max(worst_, finding.level);
    list_.push_back({{"key", key},
                     {"check", finding.check},
                     {"level", level_names[static_cast<int>(finding.level)]},
                     {"about", finding.about},
                     {"what", finding.what},
                     {"cure", finding.cure}});
  }

  Level worst() const { return worst_; }
  Json take() { return std::move(list_); }

 private:
  Level worst_ = Level::ok;
  Json list_ = Json::array();
};

std::string count_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

const MemberLine* line_of(const MemberStatus& status, const MemberId& id) {
  const auto found = std::ranges::find(status.members, id, &MemberLine::member);
  return found == status.members.end() ? nullptr : &*found;
}

std::string host_of(const MemberStatus& status, const MemberId& id) {
  const MemberLine* line = line_of(status, id);
  return line == nullptr || line->host.empty() ? to_string(id) : line->host;
}

bool is_silent(const MemberStatus& status, const MemberId& id) {
  const MemberLine* line = line_of(status, id);
  return line == nullptr || (!line->fresh && !line->self);
}

void judge_self(const MemberStatus& status, Findings& findings) {
  const std::string self = host_of(status, status.self);
  if (!status.doubt.empty()) {
    findings.say({"doubt", self, Level::warning, "it writes nothing new: " + status.doubt,
                  "rollcall check, on " + self});
  }
  for (const std::string& alarm : status.alarms) {
    findings.say({"alarm", self, Level::warning, alarm, "rollcall check, on " + self, alarm});
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
      findings.say({"alarm", host, Level::warning, alarm, "rollcall check, on " + host, alarm});
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
}

void judge_signatures(const ZoneStatus& zone, const std::string& self, Time now,
                      Findings& findings) {
  if (!zone.signed_until || *zone.signed_until - now >= expiry_warns) return;
  const Nanoseconds left = *zone.signed_until - now;
  const std::string when = left < 0ns ? to_words(-left) + " ago" : "in " + to_words(left);
  findings.say({"signatures", zone.zone.name,
                left < expiry_is_critical ? Level::critical : Level::warning,
                "the first signature on " + self + (left < 0ns ? " expired " : " expires ") + when,
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

void judge_zones(const MemberStatus& status, Time now, Findings& findings) {
  const std::string self = host_of(status, status.self);
  for (const ZoneStatus& zone : status.zones) {
    judge_signatures(zone, self, now, findings);
    judge_holds(status, zone, findings);
    for (const std::string& alarm : zone.alarms) {
      findings.say({"alarm", zone.zone.name, Level::warning, alarm,
                    "rollcall status " + zone.zone.name, alarm});
    }
  }
}

bool has(const std::vector<Fingerprint>& list, const Fingerprint& one) {
  return std::ranges::find(list, one) != list.end();
}

// Which keys the caches rely on by their DS. One that just comes or goes is told by the zone
// itself.
void judge_ds(const ZoneStatus& zone, const ParentAnswer& parent, Findings& findings) {
  const std::string cure =
      "rollcall ds show " + zone.zone.name + " prints the records for the parent";
  for (const KeyStatus& key : zone.keys) {
    const auto ds = key.records.find(Record::ds);
    if (ds == key.records.end() || ds->second.state != State::omnipresent) continue;
    const std::string name{std::string{to_string(key.generation.role)} + ' ' +
                           std::to_string(key.key_tag)};
    if (has(parent.ds, key.fingerprint)) continue;
    const bool somewhere = has(parent.ds_somewhere, key.fingerprint);
    findings.say(
        {"ds", zone.zone.name, somewhere ? Level::warning : Level::critical,
         "the DS of " + name +
             (somewhere ? " is at some servers of the parent only" : " is missing at the parent"),
         cure, name});
  }
  if (parent.unknown == 0) return;
  findings.say(
      {"ds", zone.zone.name, Level::warning,
       "the parent has " + count_of(parent.unknown, "DS record") + " that fit no key of ours", cure,
       "unknown"});
}

void judge_parents(const MemberStatus& status, const HealthLooks& looks, Findings& findings) {
  for (const ParentCheck& check : looks.parents) {
    const auto zone = std::ranges::find_if(
        status.zones, [&](const ZoneStatus& one) { return one.zone.name == check.zone; });
    if (zone == status.zones.end()) continue;
    if (check.answer) {
      judge_ds(*zone, *check.answer, findings);
    } else {
      findings.say({"parent", check.zone, Level::warning, check.answer.error().what,
                    "see [[parent]] of the configuration"});
    }
  }
}

void judge_replica(const ReplicaLook& look, bool probed, Findings& findings) {
  const std::string log = "the directory's own log, on " + look.host;
  if (!look.answers) {
    findings.say({"replica", look.host, Level::warning,
                  "its directory does not answer: " + look.problem, "start it; see " + log});
    return;
  }
  if (probed && !look.probe_after) {
    findings.say({"replication", look.host, Level::warning,
                  "what was written here did not arrive at its directory", "see " + log});
  }
  if (look.lacks > 0) {
    findings.say({"entries", look.host, Level::warning,
                  "its directory lacks " + count_of(look.lacks, "fact") + " that another one has",
                  "agents write them again by themselves; if it lasts, see " + log, "lacks"});
  }
  if (look.differs > 0) {
    findings.say(
        {"entries", look.host, Level::critical,
         "its directory has " + count_of(look.differs, "fact") +
             " with another content than another one",
         "somebody wrote there who may not, or it was restored: fill it anew from a good one",
         "differs"});
  }
  for (const std::string& conflict : look.conflicts) {
    findings.say({"conflict", look.host, Level::warning, "replication put aside " + conflict,
                  "delete the one that is not wanted", conflict});
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

Json replica_json(const ReplicaLook& look) {
  Json json{{"host", look.host},       {"uri", look.uri},     {"answers", look.answers},
            {"problem", look.problem}, {"facts", look.facts}, {"lacks", look.lacks},
            {"differs", look.differs}};
  json["probe_ms"] =
      look.probe_after
          ? Json(std::chrono::floor<std::chrono::milliseconds>(*look.probe_after).count())
          : Json{};
  return json;
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
  for (const ReplicaLook& look : looks.replicas)
    judge_replica(look, looks.probe_problem.empty(), findings);
  judge_zones(status, now, findings);
  judge_parents(status, looks, findings);
  if (looks.disk) judge_disk(status, *looks.disk, findings);
}

}  // namespace

bool health_changed(const Json& before, const Json& now) {
  const auto found = [](const Json& health) {
    std::set<std::pair<std::string, std::string>> findings;
    if (!health.is_object()) return findings;
    for (const Json& finding : health.at("findings"))
      findings.emplace(finding.at("key"), finding.at("level"));
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
            {"level", level_names[static_cast<int>(findings.worst())]},
            {"replicas", Json::array()}};
  for (const ReplicaLook& look : looks.replicas) json["replicas"].push_back(replica_json(look));
  json["findings"] = findings.take();
  return json;
}

}  // namespace rollcall::control
