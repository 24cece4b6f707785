// SPDX-License-Identifier: GPL-3.0-or-later
// What follows from what a tree of FreeIPA says about zones and servers?
//
// IPA has a switch for each zone, idnsSecInlineSigning. What counts is that it was *turned*: the
// entry of the zone below cn=zones remembers the state that was followed last, in the same write as
// what was done about it. So a turn is found by whoever looks next, however long nobody did; two
// that follow it write the same; and what an administrator wants otherwise, by `rollcall zone
// insecure` or `zone add`, stands until the switch is turned again.
//
// Absence is not an instruction: an entry that is gone, or that does not show its switch, turns
// nothing off, and a server without an entry keeps its say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/policy.h"
#include "lib/core/status.h"

namespace rollcall {

/// An idnsZone entry.
struct IpaZone {
  ZoneName zone;
  std::optional<bool> signing;  ///< Its switch; empty if the entry does not show it.
  bool stock_keys = false;      ///< IPA's own key manager has keys of it.
};

/// An entry of cn=masters with its services.
struct IpaServer {
  std::string host;               ///< Lower case, no final dot.
  bool dns = false;               ///< Answers DNS.
  bool agent = false;             ///< Its service entry says that an agent is to run.
  bool agent_order = false;       ///< That entry has the startOrder that ipactl insists on.
  bool stock_key_master = false;  ///< IPA's own key manager runs there.
  bool ca = false;                   ///< A certificate authority, hidden ones too.
  bool renews_certificates = false;  ///< Marked as the one CA that renews the certificates of all.
  bool trust_controller = false;     ///< Looks after trusts with Active Directory.
};

/// An entry of cn=zones, with the memory that it has of the switch.
struct IpaManaged {
  ZoneConfig config;
  bool switched_on =
      false;  ///< The switch was on when it was followed last; off also if it never was.
};

struct IpaTree {
  std::vector<IpaManaged> managed;  ///< What stands below cn=zones, read before the rest.
  std::vector<IpaZone> zones;
  std::vector<IpaServer> servers;
  std::vector<std::string>
      unreadable;  ///< Entries below cn=zones that say nothing clear; their zones are left alone.
};

/// What a turned switch asks for, to be written in one piece with the new state of the switch.
struct SwitchTurn {
  enum class To {
    managed,   ///< A zone that is not managed comes under management.
    secure,    ///< It is managed: it is not to be insecure.
    insecure,  ///< It leaves DNSSEC, in stages.
  };
  To to = To::managed;
  ZoneName zone;
  std::string policy;  ///< That its entry names already, else the default one.
};

struct IpaPlan {
  std::vector<SwitchTurn> turns;
  std::vector<std::string> alarms;  ///< Each with its cure.
};

/// Total: every tree has a plan, and nothing in it excludes a member.
IpaPlan plan_of(const IpaTree& tree, const MemberStatus& status);

/// Why a zone must not come under management: IPA's own key manager has the zone, or all zones.
/// Empty: it may.
std::optional<std::string> why_not_ours(const IpaTree& tree, const ZoneName& zone);

}  // namespace rollcall
