// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// The verbs of the control socket: what each takes, what it gives, and who may use it.
//
// Times are RFC 3339 text in UTC, whole seconds; a time that is not known is null. Members are
// objects `{"member":UUID,"host":TEXT}`. Zones come as people type them; the daemon makes them
// canonical, and answers with the canonical name. `?` marks what may be left out of the arguments.
//
// While the machine is in no cluster only init, join, status, info, check and health work; every other verb
// answers `conflict` with the hint to use one of the first two.
//
//   init            {"policy"?: {NAME: TEXT or N, …}}
//                     Founds a cluster in the configured directory, with this machine as first member.
//                     `policy`: where the policy `default` differs from ours; durations in seconds.
//                     -> {"cluster":UUID, "member":UUID, "host":TEXT}
//                     conflict: there is one already.
//   invite          {"hours"?: 1..720, default 24}
//                     -> {"token":TEXT, "id":TEXT, "expires":TIME}; the token is shown only once.
//   invite-revoke   {"id":TEXT}
//                     -> {"id":TEXT}. not_found: unknown, used or expired.
//   join            {"token":TEXT}
//                     -> {"cluster":UUID, "member":UUID, "host":TEXT, "inviter":MEMBER, "admitted":BOOL}
//                     `admitted` false: asked, and still waiting; `status` tells how it goes.
//                     malformed: no token; denied: it was refused.
//   leave           {"heir"?: TEXT}
//                     Stops the DNS server of this machine, waits for the caches and says so. `heir`: who
//                     ends its keys. -> {"host":TEXT, "serves_dns":BOOL}; `status` tells how it goes.
//                     conflict: nobody else serves, or this member is in doubt.
//   forget          {"members":[TEXT, …], "dry_run"?: BOOL, "force"?: BOOL}
//                     Decrees that these members are dead. Their DNS servers are asked first.
//                     -> {"dead":[MEMBER, …], "remain":[MEMBER, …], "refused":[TEXT, …],
//                         "impossible":[TEXT, …], "ends":[HOLD, …], "risks":[TEXT, …],
//                         "wait":SECONDS, "written":BOOL}
//                     conflict: one of them is alive, or something would be lost; `force` overrides that.
//   members         {}
//                     -> {"now":TIME, "members":[LINE, …]}, as in `status`.
//   zone-add        {"zone":TEXT, "policy"?: TEXT, default "default"}
//                     -> {"zone":TEXT, "incarnation":N, "policy":TEXT, "warnings":[TEXT, …]}
//                     conflict: it is there. not_found: no such policy. One that was removed is another
//                     zone now, with the next incarnation; removed by force it goes on with its keys.
//   zone-remove     {"zone":TEXT, "force"?: BOOL}
//                     -> {"zone":TEXT, "forced":BOOL, "warnings":[TEXT, …]}
//                     conflict: caches may have keys of it. With `force` its server and keys stay as they are.
//   zone-insecure   {"zone":TEXT}   Takes the DS out, waits, and only then the keys.
//   zone-secure     {"zone":TEXT}   … and back, wherever that is.
//                     -> {"zone":TEXT, "insecure":BOOL}. conflict: it is so already.
//   zone-list       {}
//                     -> {"now":TIME, "zones":[{"zone", "policy", "state", "insecure":BOOL,
//                         "suspended":BOOL, "managed":BOOL, "keys":N, "alarms":N}, …]}, as in `status`.
//   zone-show       {"zone":TEXT}
//                     -> {"zone":TEXT, "incarnation":N, "policy":{"name":TEXT, "algorithm":TEXT,
//                         every duration of the policy by its name: seconds}, "state":TEXT}
//   suspend         {"zones":[TEXT, …]} or {"policy":TEXT} or {"all":true}
//   resume            Nothing is made or decided for these zones; what is served stays.
//                     -> {"suspended":BOOL, "zones":[TEXT, …], "unchanged":[TEXT, …]}
//                     not_found: a zone that is not managed, or no zone has this policy.
//   policy-list     {}
//                     -> {"policies":[POLICY and {"zones":N}, …]}, as in `zone-show`.
//   policy-show     {"policy":TEXT}
//                     -> {"policy":POLICY, "zones":[TEXT, …]}. not_found.
//   policy-set      {"policy":TEXT, "values":{NAME: TEXT or N, …}, "dry_run"?: BOOL}
//                     Changes these values of a policy; makes it, from our defaults, if it is new.
//                     -> {"policy":TEXT, "created":BOOL, "written":BOOL,
//                         "changes":[{"name":TEXT, "before":TEXT or N, "after":TEXT or N}, …],
//                         "zones":[{"zone":TEXT, "effects":[{"what":TEXT, "why":TEXT, "when":TIME|null}, …]}, …]}
//                     malformed: not a name or value of a policy, or a lifetime shorter than a rollover.
//   info            {}
//                     -> info_json() of status_json.h.
//   set             {"replica":TEXT, "failover"?: [TEXT, …]} or {"random":true}
//                     Replicas by host name or UUID. Without `failover` the list is kept.
//                     -> {"mode":TEXT, "appointed":[MEMBER, …], "warnings":[TEXT, …]}
//                     See appointment.h. not_found: no such member.
//   status          {"zone"?: TEXT}
//                     -> status_json(), or zone_status_json() for one zone, of status_json.h.
//   forecast        {"zone":TEXT, "until"?: TEXT, "policy"?: TEXT}
//                     What is going to happen, if nothing goes wrong: see forecast_json.h. `until`: a time, a
//                     date, or a time from now (`90d`); else until a key of each role was replaced whole, two
//                     years at most. `policy`: in place of the zone's.
//                     -> FORECAST. not_found: no such zone or policy. malformed: no time, or one that is over.
//   roll            {"zone":TEXT, "role":"ksk"|"zsk"|"csk", "emergency"?: BOOL, "dry_run"?: BOOL}
//                     `emergency`: waits for what caches take and no more, and hurries one under way.
//                     `dry_run`: nothing is asked for.
//                     -> {"zone":TEXT, "role":TEXT, "request":UUID|null, "emergency":BOOL, "dry_run":BOOL,
//                         "forecast"?: FORECAST, of an emergency and of a dry run}
//                     conflict: a rollover of this role is under way; what says which.
//   abandon         {"zone":TEXT, "role":"ksk"|"zsk"|"csk"}
//                     Gives up the newest key of a role, if it is not in use yet; another one is made.
//                     -> {"zone":TEXT, "role":TEXT}. conflict: there is none.
//   step            {"zone":TEXT}
//                     In manual mode: takes the next step that everything else allows.
//                     -> {"zone":TEXT, "step":TEXT}. conflict: none is allowed, and why.
//   ds-show         {"zone":TEXT}
//                     -> {"now":TIME, "zone":TEXT,
//                         "keys":[{"key_tag":N, "key":TEXT, "stage":TEXT, "wanted":BOOL,
//                                  "ds":[LINE, …], "cdnskey":LINE}, …],
//                         "parent":{"seen":TIME|null, "everywhere":[TAG, …], "somewhere":[TAG, …],
//                                   "unknown":N, "ttl":SECONDS, "by_hand":TEXT, "addresses":[TEXT, …],
//                                   "problem":TEXT}}
//                     `wanted`: the parent should show this one; if not, it may be taken away. Lines
//                     are master-file form, ready to paste. `addresses` empty: it is not asked.
//   ds-published    {"zone":TEXT}   The administrator has seen the DS at every server of the parent.
//   ds-withdrawn    {"zone":TEXT}   … the old DS gone from every server of the parent.
//                     -> {"zone":TEXT}. conflict: nothing waits for that.
//   master-key-show   {}
//   master-key-rotate {}
//                     Makes the next master key. Every key is wrapped under it when every member holds it.
//                     -> MASTER_KEY of status_json.h; for `rotate`, as it was when asked.
//                     conflict: a rotation is not over, and what it waits for; or nothing is written now.
//   serve           {"on":BOOL}
//                     -> {"serving":BOOL}. conflict: not allowed to serve yet, and why.
//   gate            {"zone":TEXT}   Whether the last gate holds a change of this machine's server.
//   gate-override   {"zone":TEXT}   Lets this one change through, whatever it breaks; logged.
//                     -> {"zone":TEXT, "open":BOOL, "why":TEXT, "until":TIME|null}
//                     `why`: which answers a cache could hold that do not fit. `until`: when it opens by
//                     itself; null: not as things are. gate-override tells what it let through.
//                     conflict: the gate holds nothing.
//   check           {"zone"?: TEXT}
//                     -> {"findings":[{"level":"ok"|"warning"|"error", "what":TEXT, "cure":TEXT}, …]}
//   health          {"told"?: BOOL}
//                     Looks at every replica of the directory and at the parents, and leaves the answer in the directory.
//                     `told`: who asks tells people of it, so what changed is counted from here on.
//                     -> HEALTH of health.h and {"warnings":[TEXT, …]}
//   log             {"zone"?: TEXT, "last"?: 1..1000, default 50}
//                     -> {"events":[EVENT, …], "next":N}, the oldest first.
//   events          {"since":N, "zone"?: TEXT, "wait"?: 0..60 seconds, default 0}
//                     The events numbered `since` and above; waits for the first if there are none.
//                     -> as `log`. Numbers start again when the daemon does: `next` below `since` then.
//
//   EVENT: {"n":N, "time":TIME, "level":"info"|"notice"|"warning"|"error", "event":TEXT, "zone":TEXT,
//           "text":TEXT}
// clang-format on
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace rollcall::control {

enum class Right {
  read,    ///< Group `rollcall` is enough.
  change,  ///< Administrators only.
};

struct Verb {
  std::string_view name;
  Right right = Right::read;
  std::array<std::string_view, 4> args{};  ///< All that it knows; empty ones are none.
};

inline constexpr Verb verbs[] = {
    {"init", Right::change, {"policy"}},
    {"invite", Right::change, {"hours"}},
    {"invite-revoke", Right::change, {"id"}},
    {"join", Right::change, {"token"}},
    {"members", Right::read, {}},
    {"leave", Right::change, {"heir"}},
    {"forget", Right::change, {"members", "dry_run", "force"}},
    {"zone-add", Right::change, {"zone", "policy"}},
    {"zone-remove", Right::change, {"zone", "force"}},
    {"zone-insecure", Right::change, {"zone"}},
    {"zone-secure", Right::change, {"zone"}},
    {"zone-list", Right::read, {}},
    {"zone-show", Right::read, {"zone"}},
    {"suspend", Right::change, {"zones", "policy", "all"}},
    {"resume", Right::change, {"zones", "policy", "all"}},
    {"policy-list", Right::read, {}},
    {"policy-show", Right::read, {"policy"}},
    {"policy-set", Right::change, {"policy", "values", "dry_run"}},
    {"info", Right::read, {}},
    {"set", Right::change, {"replica", "failover", "random"}},
    {"status", Right::read, {"zone"}},
    {"forecast", Right::read, {"zone", "until", "policy"}},
    {"roll", Right::change, {"zone", "role", "emergency", "dry_run"}},
    {"abandon", Right::change, {"zone", "role"}},
    {"step", Right::change, {"zone"}},
    {"ds-show", Right::read, {"zone"}},
    {"ds-published", Right::change, {"zone"}},
    {"ds-withdrawn", Right::change, {"zone"}},
    {"master-key-show", Right::read, {}},
    {"master-key-rotate", Right::change, {}},
    {"serve", Right::change, {"on"}},
    {"gate", Right::read, {"zone"}},
    {"gate-override", Right::change, {"zone"}},
    {"check", Right::read, {"zone"}},
    {"health", Right::read, {"told"}},
    {"log", Right::read, {"zone", "last"}},
    {"events", Right::read, {"since", "zone", "wait"}},
};

/// Null if there is no such verb.
const Verb* find_verb(std::string_view name);
bool knows(const Verb& verb, std::string_view arg);

}  // namespace rollcall::control
