// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// What is wrong in the cluster, and what to do about it: judged from what one member knows and what
// it saw when it looked at every replica of the directory, at the others' DNS servers and at the parents. Pure.
//
//   HEALTH:  {"now":TIME, "self":MEMBER, "code":0..3, "level":LEVEL, "changed":BOOL,
//             "findings":[FINDING, …], "replicas":[REPLICA, …], "ipa":IPA|null}
//            `changed`: since people were told of it last (verbs.h); the first time, if something is wrong.
//   FINDING: {"key":TEXT, "check":TEXT, "level":LEVEL, "about":TEXT, "what":TEXT, "cure":TEXT}
//            `key` names a finding for as long as it lasts, and no other one. One whose level is ok is a note:
//            something that was not looked at, and why.
//   REPLICA: {"host":TEXT, "uri":TEXT, "answers":BOOL, "problem":TEXT, "facts":N, "lacks":N, "differs":N,
//             "probe_ms":N|null, "hint":TEXT}
//            `hint`: what the servers themselves tell of replication, where it is amiss.
//   IPA:     {"cas":[{"host":TEXT, "generates_crl":BOOL|null, "problem":TEXT}, …], "renewal_masters":[TEXT, …],
//             "ad_sync":[{"host":TEXT, "with":TEXT, "problem":TEXT}, …], "ad_trust_controllers":[TEXT, …],
//             "ad_trusted_domains":[TEXT, …]}
//            Of the tree of FreeIPA around the base; null if there is none, or it was not read yet.
//   LEVEL:   "ok"|"warning"|"critical"|"unknown"; `code` is its number for monitoring plug-ins.
//
// Critical is what breaks resolution soon, or what leaves us without eyes.
// clang-format on
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/core/ipa_tree.h"
#include "lib/core/member.h"
#include "lib/core/replication.h"
#include "lib/core/status.h"

namespace rollcall::control {

/// One replica of the directory, as it was seen.
struct ReplicaLook {
  std::string host, uri;
  bool answers = false;  ///< And told all that it has.
  bool denied = false;   ///< It does not let this agent in.
  std::string problem;   ///< Why it does not.
  std::size_t facts = 0;
  std::size_t lacks = 0;                   ///< Facts that another replica has.
  std::size_t differs = 0;                 ///< Facts that are something else here than elsewhere.
  std::optional<Nanoseconds> probe_after;  ///< Until it had what we had just written; empty: never.
  std::vector<std::string> conflicts;      ///< Entries that lost a conflict of replication.
  ReplicationState replication;
};

/// A replica that was not looked at.
struct NotCompared {
  std::string host, why, cure;
};

/// The DS of a zone, asked just now.
struct ParentCheck {
  ZoneName zone;
  Result<ParentAnswer> answer;
};

/// A signature over the SOA or the DNSKEY RRset of a zone.
struct ApexSignature {
  bool over_keys = false;  ///< Over the DNSKEY RRset; else over the SOA.
  std::uint16_t key_tag = 0;
  Time expires;
};

/// What a server gives of a zone's apex.
struct ServedApex {
  struct Key {
    Fingerprint fingerprint;  ///< Of the key without its REVOKE flag.
    std::uint16_t key_tag = 0;
    bool revoked = false;
  };
  std::vector<Key> keys;
  std::vector<ApexSignature> signatures;
};

/// What the DNS server of another member answers.
struct ServerLook {
  MemberId member;
  std::string address;  ///< address@port
  ZoneName zone;
  Result<ServedApex> apex;
};

/// What else a tree of FreeIPA depends on.
struct IpaLook {
  std::vector<IpaServer> servers;
  std::map<std::string, Result<bool>> generates_crl;  ///< By host, of every CA.
  std::vector<std::string> trusted_domains;
  std::string trusts_problem;  ///< Why they cannot be read; empty: they can.
};

struct DiskSpace {
  std::string path;
  std::uint64_t free_bytes = 0, bytes = 0;
};

struct HealthLooks {
  std::vector<ReplicaLook> replicas;  ///< The own one first.
  std::string probe_problem;          ///< Why the own directory took no probe; empty: it did.
  std::vector<ParentCheck> parents;
  std::optional<DiskSpace> disk;
  std::vector<NotCompared> not_compared;
  std::vector<ServerLook> servers;
  std::optional<IpaLook> ipa;
};

/// Whether something new is wrong, or something is not any more, or is worse or better than it was.
///
/// before  What was told last; null if nothing is known of it.
bool health_changed(const Json& before, const Json& now);

Json health_json(const MemberStatus& status, const HealthLooks& looks, Time now);

}  // namespace rollcall::control
