// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/ipa_tree.h"

#include <algorithm>

namespace rollcall {
namespace {

template <class T, class Name>
const T* find(const std::vector<T>& all, const Name& name, Name T::*field) {
  const auto found = std::ranges::find(all, name, field);
  return found == all.end() ? nullptr : &*found;
}

const IpaManaged* entry_of(const IpaTree& tree, const ZoneName& zone) {
  const auto found = std::ranges::find_if(
      tree.managed, [&](const IpaManaged& entry) { return entry.config.zone.name == zone; });
  return found == tree.managed.end() ? nullptr : &*found;
}

bool is_signed(const IpaManaged& entry) { return !entry.config.removed && !entry.config.insecure; }

bool ds_is_out(const MemberStatus& status, const ZoneName& name) {
  return std::ranges::any_of(status.zones, [&](const ZoneStatus& zone) {
    return zone.zone.name == name && std::ranges::any_of(zone.keys, [](const KeyStatus& key) {
             const auto ds = key.records.find(Record::ds);
             return ds != key.records.end() && ds->second.state != State::hidden;
           });
  });
}

std::string turn_it(const ZoneName& zone, const char* to) {
  return "ipa dnszone-mod " + zone + " --dnssec=" + to;
}

// --- zones

void switched_on(IpaPlan& plan, const IpaTree& tree, const IpaZone& zone, const IpaManaged* entry) {
  if (entry != nullptr && entry->switched_on) return;
  if (const auto why_not = why_not_ours(tree, zone.zone)) {
    plan.alarms.push_back("zone " + zone.zone +
                          " is switched on in IPA and does not come under management: " + *why_not);
    return;
  }
  const bool is_new = entry == nullptr || entry->config.removed;
  plan.turns.push_back({is_new ? SwitchTurn::To::managed : SwitchTurn::To::secure, zone.zone,
                        entry == nullptr ? ZoneConfig{}.policy : entry->config.policy});
}

// Of bind-dyndb-ldap: with its switch off, or absent, a zone is not signed, from one moment to the
// next.
void warn_of_off(IpaPlan& plan, const ZoneName& zone, const IpaManaged& entry,
                 const MemberStatus& status) {
  if (!entry.switched_on && is_signed(entry)) {
    plan.alarms.push_back("zone " + zone +
                          " is managed and its switch in IPA is off: a server with bind-dyndb-ldap "
                          "does not sign it; " +
                          turn_it(zone, "TRUE"));
  } else if (!entry.config.removed && ds_is_out(status, zone)) {
    plan.alarms.push_back(
        "the switch of zone " + zone +
        " in IPA is off while caches or the parent have its DS: a server with "
        "bind-dyndb-ldap stops signing at once, and who validates refuses such a zone; first " +
        turn_it(zone, "TRUE") + ", then rollcall zone insecure " + zone +
        ", and switch it off when that is over");
  }
}

void look_at(IpaPlan& plan, const IpaTree& tree, const IpaZone& zone, const MemberStatus& status) {
  const IpaManaged* entry = entry_of(tree, zone.zone);
  if (entry != nullptr && is_signed(*entry) && zone.stock_keys) {
    plan.alarms.push_back("zone " + zone.zone +
                          " has two key managers: " + *why_not_ours(tree, zone.zone));
  }
  if (zone.signing == true) return switched_on(plan, tree, zone, entry);
  if (entry == nullptr) return;
  if (entry->switched_on && !zone.signing) {
    plan.alarms.push_back("the switch of zone " + zone.zone +
                          " in IPA cannot be read, so nothing is done: set it, by " +
                          turn_it(zone.zone, "TRUE") +
                          " or FALSE; or agents may not read idnsSecInlineSigning: run "
                          "ipa-server-upgrade");
    return;
  }
  if (entry->switched_on)
    plan.turns.push_back({SwitchTurn::To::insecure, zone.zone, entry->config.policy});
  warn_of_off(plan, zone.zone, *entry, status);
}

void look_for_gone(IpaPlan& plan, const IpaTree& tree) {
  for (const IpaManaged& entry : tree.managed) {
    if (!entry.switched_on || entry.config.removed) continue;
    if (find(tree.zones, entry.config.zone.name, &IpaZone::zone) != nullptr) continue;
    plan.alarms.push_back(
        "zone " + entry.config.zone.name +
        " has gone from IPA and stays under management: if it is to end, remove its "
        "DS, then rollcall zone remove " +
        entry.config.zone.name + " --force; or add it again");
  }
}

// --- servers

void look_at_masters(IpaPlan& plan, const IpaTree& tree) {
  for (const IpaServer& server : tree.servers) {
    if (server.agent && !server.agent_order) {
      plan.alarms.push_back("the service cn=DNSKeyManager of " + server.host +
                            " has no startOrder, which ipactl there does not "
                            "survive: add ipaConfigString: startOrder 115");
    }
    if (server.stock_key_master) {
      plan.alarms.push_back(
          server.host +
          " is the DNSSEC key master of IPA itself: two managers would use one key directory, so "
          "no "
          "zone comes under management; there: ipa-dns-install --disable-dnssec-master");
    }
  }
}

void look_at_member(IpaPlan& plan, const IpaTree& tree, const std::string& host) {
  const IpaServer* server = find(tree.servers, host, &IpaServer::host);
  if (server == nullptr) {
    plan.alarms.push_back(
        "the member " + host +
        " is no server of IPA (any more), cn=masters has no entry of it; everything still "
        "waits for it: if it is gone for good, rollcall forget " +
        host);
  } else if (!server->agent) {
    plan.alarms.push_back("IPA does not know of the agent on " + host +
                          ", there is no enabled service cn=DNSKeyManager: run "
                          "ipa-server-upgrade there");
  }
}

void look_at_stranger(IpaPlan& plan, const IpaServer& server, const MemberStatus& status) {
  if (!server.dns) return;
  const bool joined = std::ranges::any_of(status.members, [&](const MemberLine& line) {
    return line.in_roster && line.host == server.host;
  });
  if (joined) return;
  plan.alarms.push_back(
      server.host +
      " answers DNS and is no member, so it has no keys of the signed zones: take it out of "
      "their NS records, then rollcall join there");
}

}  // namespace

IpaPlan plan_of(const IpaTree& tree, const MemberStatus& status) {
  IpaPlan plan;
  for (const IpaZone& zone : tree.zones) look_at(plan, tree, zone, status);
  look_for_gone(plan, tree);
  plan.alarms.insert(plan.alarms.end(), tree.unreadable.begin(), tree.unreadable.end());
  look_at_masters(plan, tree);
  for (const MemberLine& line : status.members) {
    if (line.in_roster) look_at_member(plan, tree, line.host);
  }
  if (std::ranges::none_of(tree.managed, is_signed)) return plan;
  for (const IpaServer& server : tree.servers) look_at_stranger(plan, server, status);
  return plan;
}

std::optional<std::string> why_not_ours(const IpaTree& tree, const ZoneName& zone) {
  for (const IpaServer& server : tree.servers) {
    if (!server.stock_key_master) continue;
    return server.host +
           " is the DNSSEC key master of IPA itself, and two managers must not use one key "
           "directory; there: "
           "ipa-dns-install --disable-dnssec-master";
  }
  const IpaZone* found = find(tree.zones, zone, &IpaZone::zone);
  if (found == nullptr || !found->stock_keys) return std::nullopt;
  return "IPA's own key manager has keys of it, below cn=keys in its entry: remove its DS, then " +
         turn_it(zone, "FALSE") + ", and switch it on when those keys are gone";
}

}  // namespace rollcall
