// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_ipa.h"

#include <algorithm>
#include <map>
#include <optional>

#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/ldap_dn.h"

namespace rollcall::directory {
namespace {

constexpr std::string_view parent_of_base = "cn=rollcall,cn=dns,";
constexpr const char* services = "ipaconfigstring";

std::vector<std::string> values(const Entry& entry, const char* name) {
  std::vector<std::string> out;
  for (const std::string& text : texts_of(entry, name)) out.push_back(lower(text));
  return out;
}

bool has(const std::vector<std::string>& all, std::string_view wanted) {
  return std::ranges::find(all, wanted) != all.end();
}

std::string masters_dn(const std::string& suffix) { return "cn=masters,cn=ipa,cn=etc," + suffix; }

// --- zones

std::optional<bool> switch_of(const Entry& entry) {
  const auto said = values(entry, "idnssecinlinesigning");
  if (said.size() != 1) return std::nullopt;
  if (said.front() == "true") return true;
  if (said.front() == "false") return false;
  return std::nullopt;
}

// IPA writes zones with the final dot, before 4.0 without.
IpaZone zone_of(const Entry& entry) {
  const auto names = values(entry, "idnsname");
  IpaZone zone{names.empty() ? "" : names.front(), switch_of(entry), false};
  if (!zone.zone.ends_with('.')) zone.zone += '.';
  return zone;
}

/// The DN of the zone below which a key of IPA's own manager stands.
std::string zone_of_key(const Entry& key) {
  constexpr std::string_view between = ",cn=keys,";
  const auto at = key.dn.find(between);
  return at == std::string::npos ? "" : key.dn.substr(at + between.size());
}

void read_zones(IpaTree& tree, const std::vector<Entry>& found) {
  std::map<std::string, std::size_t> places;  // by DN
  for (const Entry& entry : found) {
    if (!has(values(entry, "objectclass"), "idnszone")) continue;
    places[entry.dn] = tree.zones.size();
    tree.zones.push_back(zone_of(entry));
  }
  for (const Entry& entry : found) {
    if (!has(values(entry, "objectclass"), "idnsseckey")) continue;
    if (const auto place = places.find(zone_of_key(entry)); place != places.end())
      tree.zones[place->second].stock_keys = true;
  }
}

void read_managed(IpaTree& tree, const std::vector<Entry>& found) {
  for (const Entry& entry : found) {
    auto zone = read_zone(entry);
    if (zone)
      tree.managed.push_back({std::move(*zone), has(values(entry, switched_on_attribute), "true")});
    if (!zone) tree.unreadable.push_back(zone.error().what);
  }
  // Of a zone whose entry cannot be read nobody knows which turn of its switch was followed: leave
  // it alone.
  std::erase_if(tree.zones, [&](const IpaZone& zone) {
    return std::ranges::any_of(tree.unreadable, [&](const std::string& what) {
      return what.starts_with("cn=" + escape_rdn_value(zone.zone) + ',');
    });
  });
}

// --- servers

void take_service(IpaServer& server, std::string_view name, const std::vector<std::string>& said) {
  const bool enabled = has(said, "enabledservice") || has(said, "hiddenservice");
  if (name == "dns") server.dns = has(said, "enabledservice");
  if (name == "adtrust") server.trust_controller = enabled;
  if (name == "ca") {
    server.ca = enabled;
    server.renews_certificates = has(said, "carenewalmaster");
  }
  if (name == "dnssec") server.stock_key_master = has(said, "dnsseckeymaster");
  if (name != "dnskeymanager") return;
  server.agent = enabled;
  server.agent_order = std::ranges::any_of(
      said, [](const std::string& text) { return text.starts_with("startorder "); });
}

/// The values of the RDNs of a DN above a base, the first one first; empty if there are others than
/// of `cn`.
std::vector<std::string> names_above(std::string_view dn, const std::string& base) {
  std::vector<std::string> names;
  if (!dn.ends_with(',' + base)) return names;
  dn.remove_suffix(base.size());
  while (!dn.empty()) {
    const auto end = dn.find(',');
    if (!dn.starts_with("cn=")) return {};
    names.emplace_back(dn.substr(3, end - 3));
    dn.remove_prefix(end + 1);
  }
  return names;
}

void read_servers(IpaTree& tree, const std::string& suffix, const std::vector<Entry>& found) {
  std::map<std::string, IpaServer> servers;
  for (const Entry& entry : found) {
    const auto names = names_above(entry.dn, masters_dn(suffix));
    if (names.size() == 1) servers[names[0]].host = names[0];
  }
  for (const Entry& entry : found) {
    const auto names = names_above(entry.dn, masters_dn(suffix));
    if (names.size() != 2 || !servers.contains(names[1])) continue;
    take_service(servers[names[1]], names[0], values(entry, services));
  }
  for (auto& [host, server] : servers) tree.servers.push_back(std::move(server));
}

}  // namespace

Result<std::string> ipa_suffix(const std::string& base) {
  const auto normal = normal_dn(base);
  if (normal && normal->starts_with(parent_of_base)) return normal->substr(parent_of_base.size());
  return fail(Errc::malformed,
              "base must be cn=rollcall,cn=dns,SUFFIX in a tree of IPA, not " + base);
}

IpaSearches ipa_searches(const std::string& base) {
  const std::string suffix = ipa_suffix(base).value();
  return {{zones_dn(base), "(objectClass=rollcallManagedZone)", {"*"}},
          {"cn=dns," + suffix,
           "(|(objectClass=idnsZone)(objectClass=idnsSecKey))",
           {"objectClass", "idnsName", "idnsSecInlineSigning"}},
          {masters_dn(suffix), "(objectClass=nsContainer)", {"cn", "ipaConfigString"}}};
}

Search trust_search(const std::string& base) {
  return {"cn=ad,cn=trusts," + ipa_suffix(base).value(), "(objectClass=ipaNTTrustedDomain)", {"cn"}};
}

Result<IpaTree> read_ipa_tree(const std::string& base, const IpaEntries& found) {
  IpaTree tree;
  const std::string suffix = ipa_suffix(base).value();
  read_zones(tree, found.dns);
  read_managed(tree, found.managed);
  read_servers(tree, suffix, found.masters);
  if (!tree.servers.empty()) return tree;
  return fail(Errc::not_found,
              masters_dn(suffix) +
                  ": no server is visible to this agent; run ipa-server-upgrade, and see "
                  "that the agent has the privilege DNS Servers");
}

}  // namespace rollcall::directory
