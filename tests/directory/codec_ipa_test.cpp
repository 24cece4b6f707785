// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_ipa.h"

#include <catch2/catch.hpp>
#include <map>
#include <tuple>

#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"

using namespace rollcall;
using namespace rollcall::directory;

namespace {

const std::string base = "cn=rollcall,cn=dns,dc=lab,dc=test";
const std::string dns = "cn=dns,dc=lab,dc=test";
const std::string masters = "cn=masters,cn=ipa,cn=etc,dc=lab,dc=test";

using Values = std::map<std::string, std::vector<std::string>>;

Entry entry(const std::string& dn, const Values& values) {
  Entry made{dn, {}};
  for (const auto& [name, all] : values) {
    for (const std::string& value : all) made.attributes[name].push_back(to_bytes(value));
  }
  return made;
}

Entry zone(const std::string& name, const std::vector<std::string>& said) {
  Values values{{"objectclass", {"top", "idnsrecord", "idnsZone"}}, {"idnsname", {name}}};
  if (!said.empty()) values["idnssecinlinesigning"] = said;
  return entry("idnsname=" + name + ',' + dns, values);
}

Entry managed(const std::string& name) {
  return {zone_dn(base, name), attributes_of(ZoneConfig{{name, 3}, "own"})};
}

Entry master(const std::string& host) {
  return entry("cn=" + host + ',' + masters, {{"cn", {host}}});
}

Entry service(const std::string& name, const std::string& host,
              const std::vector<std::string>& said) {
  return entry("cn=" + name + ",cn=" + host + ',' + masters,
               {{"cn", {name}}, {"ipaconfigstring", said}});
}

IpaTree read(IpaEntries found) {
  found.masters.push_back(master("z.test"));
  const auto tree = read_ipa_tree(base, found);
  REQUIRE(tree);
  return *tree;
}

}  // namespace

TEST_CASE("a switch is on, off, or not to be read", "[ipa]") {
  const IpaTree tree = read({{},
                             {zone("on.test.", {"TRUE"}), zone("off.test.", {"FALSE"}),
                              zone("Mute.test", {}), zone("odd.test.", {"TRUE", "FALSE"})},
                             {}});
  REQUIRE(tree.zones.size() == 4);
  CHECK(tree.zones[0].signing == true);
  CHECK(tree.zones[1].signing == false);
  CHECK(tree.zones[2].zone == "mute.test.");
  CHECK_FALSE(tree.zones[2].signing);
  CHECK_FALSE(tree.zones[3].signing);
}

TEST_CASE("a key of IPA's own manager belongs to the zone above it, whatever comes first",
          "[ipa]") {
  const Entry key =
      entry("cn=ksk-1,cn=keys,idnsname=b.test.," + dns, {{"objectclass", {"idnsSecKey"}}});
  const IpaTree tree = read({{}, {key, zone("a.test.", {"TRUE"}), zone("b.test.", {"TRUE"})}, {}});
  REQUIRE(tree.zones.size() == 2);
  CHECK_FALSE(tree.zones[0].stock_keys);
  CHECK(tree.zones[1].stock_keys);
}

TEST_CASE("an entry of cn=zones remembers whether its switch was on", "[ipa]") {
  Entry on = managed("on.test."), off = managed("off.test.");
  on.attributes[switched_on_attribute] = {to_bytes("TRUE")};
  off.attributes[switched_on_attribute] = {to_bytes("FALSE")};
  const IpaTree tree = read({{on, off, managed("never.test.")}, {}, {}});
  REQUIRE(tree.managed.size() == 3);
  CHECK(tree.managed[0].switched_on);
  CHECK(tree.managed[0].config.policy == "own");
  CHECK_FALSE(tree.managed[1].switched_on);
  CHECK_FALSE(tree.managed[2].switched_on);
}

TEST_CASE("of a zone whose entry cannot be read the switch is left alone, and that is said",
          "[ipa]") {
  Entry broken = managed("broken.test.");
  broken.attributes["rollcallinsecure"] = {to_bytes("PERHAPS")};
  const IpaTree tree =
      read({{broken}, {zone("broken.test.", {"TRUE"}), zone("good.test.", {"TRUE"})}, {}});
  REQUIRE(tree.zones.size() == 1);
  CHECK(tree.zones[0].zone == "good.test.");
  REQUIRE(tree.unreadable.size() == 1);
  CHECK(tree.unreadable[0].find("rollcallinsecure") != std::string::npos);
}

TEST_CASE("what runs on a server is said by its services", "[ipa]") {
  const IpaTree tree =
      read({{},
            {},
            {service("dns", "a.test", {"enabledService", "startOrder 30"}), master("a.test"),
             service("dnskeymanager", "a.test", {"enabledService", "startOrder 115"}),
             master("b.test"), service("dnskeymanager", "b.test", {"ENABLEDSERVICE"}),
             service("dnssec", "b.test", {"configuredService", "dnssecKeyMaster"}),
             service("dns", "gone.test", {"enabledService"})}});
  REQUIRE(tree.servers.size() == 3);
  const auto& [a, b, z] = std::tie(tree.servers[0], tree.servers[1], tree.servers[2]);
  CHECK((a.host == "a.test" && a.dns && a.agent && a.agent_order && !a.stock_key_master));
  CHECK((b.host == "b.test" && !b.dns && b.agent && !b.agent_order && b.stock_key_master));
  CHECK((z.host == "z.test" && !z.dns && !z.agent));
}

TEST_CASE("which servers are CAs, which renews certificates, and which looks after trusts", "[ipa]") {
  const IpaTree tree = read({{},
                             {},
                             {master("a.test"), master("b.test"), master("c.test"),
                              service("ca", "a.test", {"enabledService", "startOrder 50", "caRenewalMaster"}),
                              service("ca", "b.test", {"hiddenService", "startOrder 50"}),
                              service("adtrust", "b.test", {"enabledService", "startOrder 60"}),
                              service("ca", "c.test", {"configuredService"})}});
  const auto& [a, b, c] = std::tie(tree.servers[0], tree.servers[1], tree.servers[2]);
  CHECK((a.ca && a.renews_certificates && !a.trust_controller));
  CHECK((b.ca && !b.renews_certificates && b.trust_controller));
  CHECK((!c.ca && !c.renews_certificates));
}

TEST_CASE("a tree without servers is one that we may not see", "[ipa]") {
  const auto tree = read_ipa_tree(base, {{}, {zone("on.test.", {"TRUE"})}, {}});
  REQUIRE_FALSE(tree);
  CHECK(tree.error().what.find("DNS Servers") != std::string::npos);
}

TEST_CASE("the base tells the suffix, if it stands where IPA lets it", "[ipa]") {
  CHECK(ipa_suffix("CN=Rollcall, cn=dns, DC=lab,dc=test").value() == "dc=lab,dc=test");
  CHECK_FALSE(ipa_suffix("cn=rollcall"));
  CHECK_FALSE(ipa_suffix("cn=rollcall,dc=lab,dc=test"));
}
