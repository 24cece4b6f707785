// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_replication.h"

#include <catch2/catch.hpp>
#include <map>

using namespace rollcall;
using namespace rollcall::directory;

namespace {

Entry entry(const std::map<std::string, std::vector<std::string>>& values) {
  Entry made;
  for (const auto& [name, all] : values) {
    for (const std::string& value : all) made.attributes[name].push_back(to_bytes(value));
  }
  return made;
}

ReplicationState read(const Entry& one) { return read_replication({one}); }

Entry replica(const std::vector<std::string>& ruv) {
  return entry({{"objectclass", {"top", "nsDS5Replica"}}, {"nsds50ruv", ruv}});
}

Agreement agreement(const std::string& status,
                    const std::string& object_class = "nsds5replicationagreement",
                    const std::string& enabled = "on") {
  const ReplicationState state = read(entry({{"objectclass", {"top", object_class}},
                                             {"cn", {"meToc.test"}},
                                             {"nsds5replicahost", {"c.test"}},
                                             {"nsds5replicaenabled", {enabled}},
                                             {"nsds5replicalastupdatestatus", {status}}}));
  REQUIRE(state.agreements.size() == 1);
  return state.agreements.front();
}

}  // namespace

TEST_CASE("the RUV of 389-ds: the last change of each server that made one", "[replication]") {
  const ReplicationState state =
      read(replica({"{replicageneration} 5f0000000000000000010000",
                    "{replica 4 ldap://a.test:389} 6a1d8b00000000040000 6a1d8b10000100040000",
                    "{replica 3 ldap://b.test:389}"}));
  CHECK(state.attribute == "nsds50ruv");
  REQUIRE(state.changes.size() == 1);
  const LastChange& change = state.changes.at("4");
  CHECK(change.csn == "6a1d8b10000100040000");
  CHECK(change.host == "a.test");
  CHECK(change.at == Time{Seconds{0x6a1d8b10}});
  CHECK(state.tells_agreements);
}

TEST_CASE("the contextCSN of slapd: one a server", "[replication]") {
  const ReplicationState state = read(entry({{"contextcsn",
                                              {"20260601080000.123456Z#000000#001#000000",
                                               "20260601070000.000001Z#000000#002#000000"}}}));
  CHECK(state.attribute == "contextCSN");
  REQUIRE(state.changes.size() == 2);
  CHECK(state.changes.at("001").at == from_iso("2026-06-01T08:00:00Z"));
  CHECK_FALSE(state.tells_agreements);
}

TEST_CASE("what is neither is left out", "[replication]") {
  for (const char* text : {"", "{replica 4 ldap://a.test:389} x y",
                           "{replica 4 ldap://a.test:389} 1 6a1d8b1z000100040000"})
    CHECK(read(replica({text})).changes.empty());
  for (const char* text : {"", "#", "##", "20260601080000Z",
                           "2026060108000x.123456Z#000000#001#000000", "20260601080000Z#1"})
    CHECK(read(entry({{"contextcsn", {text}}})).changes.empty());
}

TEST_CASE("an agreement: whether its last update went well", "[replication]") {
  CHECK(agreement("Error (0) Replica acquired successfully: Incremental update succeeded")
            .problem.empty());
  CHECK(agreement("Error (1) Can't acquire busy replica").problem.empty());
  CHECK(agreement("0 Replica acquired successfully").problem.empty());
  CHECK(agreement("").problem.empty());
  const std::string bad =
      "Error (-1) Problem connecting to replica - LDAP error: Can't contact LDAP server";
  CHECK(agreement(bad).problem == bad);
  CHECK(agreement(bad).partner == "c.test");
  CHECK(agreement("Error (0) fine", "nsds5replicationagreement", "off").problem ==
        "it is switched off");
  CHECK_FALSE(agreement(bad).windows);
  CHECK(agreement(bad, "nsDSWindowsReplicationAgreement").windows);
}
