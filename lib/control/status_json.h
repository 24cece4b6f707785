// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// What a member knows about its cluster, as JSON: the contract of `--json`.
//
// Fields are only ever added. Times are RFC 3339 in UTC or null.
//
//   STATUS: {"now":TIME, "self":MEMBER, "cluster":UUID, "in_cluster":BOOL, "serving":BOOL,
//            "may_write":BOOL, "doubt":TEXT, "mode":"random"|"appointed", "appointed":[MEMBER, …],
//            "master_key":MASTER_KEY, "members":[LINE, …], "zones":[ZONE, …], "alarms":[TEXT, …],
//            "out":TEXT (why it is forgotten, leaving or left, or empty), "holds":[HOLD, …] (of decrees, and of serving)}
//   MEMBER: {"member":UUID, "host":TEXT}
//   LINE:   MEMBER and {"self":BOOL, "in_roster":BOOL, "serving":BOOL, "fresh":BOOL,
//            "last_heartbeat":TIME, "age_seconds":N|null, "facts":N, "version":TEXT, "alarms":[TEXT, …],
//            "incarnation":N, "out":TEXT ("forgotten", "left", … or empty)}
//   MASTER_KEY: {"epoch":N (of new keys; 0: none), "rotating":BOOL, "keys_left":N (not under it everywhere),
//            "text":TEXT (what a rotation waits for), "waits_for":[MEMBER, …]}
//   ZONE:   {"zone":TEXT, "incarnation":N, "policy":TEXT, "state":"unsigned"|"signed"|"rolling"|"held",
//            "insecure":BOOL (wanted), "suspended":BOOL, "managed":BOOL,
//            "roster":N, "fresh":N, "signed_until":TIME, "last_keys_made":TIME,
//            "next_keys":{"KSK":TIME, …}, "next_roll":{"KSK":TIME, …},
//            "keys":[KEY, …], "generations":[GENERATION, …], "holds":[HOLD, …], "alarms":[TEXT, …]}
//   KEY:    {"key":"9f3c01d2", "fingerprint":HEX, "key_tag":N, "role":"KSK"|"ZSK"|"CSK", "algorithm":13,
//            "algorithm_name":TEXT, "generation":N, "made_by":MEMBER, "created":TIME, "goal":"in"|"out",
//            "stage":TEXT, "leaving":BOOL, "wiped":BOOL, "first_use":TIME, "expires":TIME,
//            "records":{"DNSKEY":{"state":"hidden"|"rumoured"|"omnipresent"|"unretentive", "acked":N,
//                                 "until":TIME}, …}}
//   GENERATION: {"role":TEXT, "number":N, "algorithm":13, "why":TEXT, "candidates":[FACT, …],
//            "winner":FACT|null, "voided":BOOL, "waits_for":[MEMBER, …]}
//   HOLD:   {"reason":"policy"|"rules"|"time"|"member"|"parent"|"operator"|"signer", "step":TEXT,
//            "text":TEXT, "waits_for":[LINE without its alarms, …], "until":TIME}
//   INFO:   {"now":TIME, "appointed_server":MEMBER|null, "next_server":MEMBER|null, "keys_store":TEXT,
//            "last_keys_made":TIME, "next_keys":TIME, "next_zone":TEXT, "mode":TEXT,
//            "appointed":[MEMBER, …], "in_cluster":BOOL, "cluster":UUID, "self":MEMBER,
//            "master_key":MASTER_KEY, "members":[LINE, …],
//            "zones":{"signed":[TEXT, …], "rolling":[TEXT, …], "unsigned":[TEXT, …],
//                     "held":[{"zone":TEXT, "why":TEXT}, …]},
//            "alarms":[{"zone":TEXT, "host":TEXT, "text":TEXT}, …]}, own, zones' and members' together.
// clang-format on
#pragma once

#include <optional>
#include <string>

#include "lib/control/message.h"
#include "lib/core/status.h"

namespace rollcall::control {

/// Answers `status` without a zone.
Json status_json(const MemberStatus& status, Time now);

/// The zone of that name as it is managed now; one that is not is the newest of that name. Null: nobody knows it.
const ZoneStatus* find_zone(const MemberStatus& status, const ZoneName& name);

/// Answers `status` for one zone: STATUS without `zones`, but with `zone`, a ZONE.
///
/// Errors  not_found if the cluster does not know this zone.
Result<Json> zone_status_json(const MemberStatus& status, const ZoneName& zone, Time now);

/// What is said of one zone to those who have no socket: {"now":TIME, "self":MEMBER, "zone":ZONE}.
Json zone_report_json(const MemberStatus& status, const ZoneStatus& zone, Time now);

/// The answers to `members` and `zone-list`.
Json members_json(const MemberStatus& status, Time now);
Json zone_list_json(const MemberStatus& status, Time now);

/// Answers `master-key-show`.
Json master_key_json(const MemberStatus& status);

/// The answer to `forget`, but for `written`.
Json forget_json(const MemberStatus& status, const ForgetPreview& preview);

/// What `info` tells that MemberStatus does not know.
struct InfoExtras {
  std::string keys_store;               ///< `ldapi:///run/slapd/ldapi cn=rollcall`
  std::optional<MemberId> next_server;  ///< In random mode: rank 0 for next_due_zone().
};
Json info_json(const MemberStatus& status, const InfoExtras& extras, Time now);

/// The zone whose next key must be made first; null if none is planned.
const ZoneStatus* next_due_zone(const MemberStatus& status);

/// In one word: `unsigned` while no key signs the zone, `held` if something other than time keeps a
/// step from being taken, `rolling` while a key comes or goes, else `signed`.
std::string_view zone_state(const ZoneStatus& zone);

}  // namespace rollcall::control
