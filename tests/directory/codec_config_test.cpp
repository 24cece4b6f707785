// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration, policies, zones and members as entries.
#include "lib/directory/codec_config.h"

#include <catch2/catch.hpp>

#include "tests/directory/codec_samples.h"

using namespace rollcall;
using namespace rollcall::directory;
using namespace rollcall::directory::samples;

TEST_CASE("the configuration comes back, fail-over order included", "[codec]") {
  const ClusterConfig config{cluster, Mode::appointed, {bob, alice}};
  const Entry entry{config_dn(base), attributes_of(config)};
  CHECK(read_config(entry) == config);
  CHECK(as_text(entry.attributes.at("rollcallappointed").front()) ==
        "b2b2b2b2-b2b2-b2b2-b2b2-b2b2b2b2b2b2 a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1");

  const ClusterConfig random{cluster, Mode::random, {}};
  CHECK(read_config({config_dn(base), attributes_of(random)}) == random);
}

TEST_CASE("a configuration of a newer format asks for an upgrade", "[codec]") {
  Entry entry{config_dn(base), attributes_of(ClusterConfig{cluster, Mode::random, {}})};
  entry.attributes["rollcallformat"] = {to_bytes("2")};
  CHECK(read_config(entry).error().what ==
        "cn=config,cn=rollcall: rollcallformat is newer than this software: upgrade it");
}

TEST_CASE("a policy comes back, and what it does not name has its default", "[codec]") {
  Policy policy;
  policy.algorithm = Algorithm::ed25519;
  policy.zsk_lifetime = 0s;
  policy.purge = 1s;
  Entry entry{policy_dn(base, "fast"), attributes_of("fast", policy)};
  CHECK(read_policy(entry) == policy);

  entry.attributes.erase("rollcallpurge");
  entry.attributes["description"] = {to_bytes("what an administrator added")};
  policy.purge = Policy{}.purge;
  CHECK(read_policy(entry) == policy);

  entry.attributes["rollcallpurge"] = {to_bytes("-1")};
  CHECK(read_policy(entry).error().what ==
        "cn=fast,cn=policies,cn=rollcall: rollcallpurge is not a number of seconds");
}

TEST_CASE("a zone comes back, whatever its name", "[codec]") {
  for (const char* name : {"example.test.", ".", "$\\(id\\).", "a\\,b.test.", "\\000\\255."}) {
    const ZoneConfig zone_config{{name, 3}, "default"};
    INFO(name);
    CHECK(read_zone({zone_dn(base, name), attributes_of(zone_config)}) == zone_config);
  }
  Entry entry{zone_dn(base, "a."), attributes_of(ZoneConfig{{"a.", 1}, "default"})};
  entry.attributes["cn"] = {to_bytes("b.")};
  CHECK(read_zone(entry).error().what == "cn=a.,cn=zones,cn=rollcall: rollcallzone is not the name of the entry");
}

TEST_CASE("a member's entry comes back, with and without what may be absent", "[codec]") {
  const MemberEntry bare{alice_keys, std::nullopt, "", {}};
  const auto read_bare = read_member({member_dn(base, alice), attributes_of(bare)});
  REQUIRE(read_bare);
  CHECK(read_bare->keys == alice_keys);
  CHECK_FALSE(read_bare->join_proof);
  CHECK(read_bare->heartbeat.empty());

  const MemberEntry full{bob_keys, filled<32>(0x44), "uid=agent,dc=test", to_bytes("beat")};
  Entry entry{member_dn(base, bob), attributes_of(full)};
  const auto read_full = read_member(entry);
  REQUIRE(read_full);
  CHECK(read_full->keys == bob_keys);
  CHECK(read_full->join_proof == full.join_proof);
  CHECK(read_full->agent_dn == full.agent_dn);
  CHECK(read_full->heartbeat == full.heartbeat);

  entry.attributes["rollcallsigningkey"] = {to_bytes("short")};
  CHECK_THAT(read_member(entry).error().what, Catch::EndsWith("rollcallsigningkey is not of 32 bytes"));
}

TEST_CASE("the first entries come parents first and can be read", "[codec]") {
  const auto entries = base_entries(base, {cluster, Mode::random, {}}, Policy{});
  REQUIRE(entries.size() == 9);
  CHECK(entries.front().dn == base);
  CHECK(as_text(entries.front().attributes.at("cn").front()) == "rollcall");
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const std::string parent = entries[i].dn.substr(entries[i].dn.find(',') + 1);
    const auto above = std::span{entries}.first(i);
    CHECK(std::ranges::find(above, parent, &Entry::dn) != above.end());
  }
  CHECK(read_config(entries[7]));
  CHECK(read_policy(entries[8]) == Policy{});
}
