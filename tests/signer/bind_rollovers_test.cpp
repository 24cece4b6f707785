// SPDX-License-Identifier: GPL-3.0-or-later
// Every type of rollover on a real named: each stage is ordered as the core orders it, and seen.
#include "tests/signer/workshop.h"

using namespace rollcall;
using namespace rollcall::signer;
using namespace rollcall::signer::test;

namespace {

// What of each key is served, in letters: DNSKEY, KRRSIG, ZRRSIG (z: not everywhere), CDS.
std::string letters(const Result<Seen>& seen) {
  if (!seen) return seen.error().what;
  std::string text;
  for (const SeenKey& key : seen->keys) {
    if (!text.empty()) text += ' ';
    text += key.published ? 'D' : '-';
    text += key.signs_keys ? 'K' : '-';
    text += key.signs_whole_zone ? 'Z' : key.signs_anything ? 'z' : '-';
    text += key.announced ? 'C' : '-';
  }
  return text;
}

class Rollover : public Lab {
 public:
  /// Orders the keys with these letters, and says what came of it.
  std::string order(const std::string& text) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i].publish = text.at(5 * i) == 'D';
      keys[i].sign_keys = text.at(5 * i + 1) == 'K';
      keys[i].sign_zone = text.at(5 * i + 2) == 'Z';
      keys[i].announce = text.at(5 * i + 3) == 'C';
    }
    return letters(workshop.apply(keys, zone, Seconds{3}));
  }
  std::string served_zone() const {
    const std::string output = named.path("zone.txt").string();
    REQUIRE(Named::run("dig @127.0.0.1 -p " + std::to_string(named.address().port) +
                       " axfr example.test > '" + output + "'") == 0);
    return dns::test::read(output);
  }
  std::string after_restart() {
    named.stop();
    named.start();
    return letters(workshop.apply(keys, zone, Seconds{3}));
  }

  std::vector<KeyOrder> keys;
  Workshop workshop{config()};
};

KeyOrder revoked(KeyOrder order) {
  order.dnskey.at(1) |= std::byte{0x80};
  order.key_tag = revoked_tag(order.key_tag);
  return order;
}

// A stage, ordered and seen.
#define CARRIES_OUT(letters) CHECK(order(letters) == letters)

}  // namespace

TEST_CASE_METHOD(Rollover, "a CSK, and its successor with double signatures", "[bind_rollovers]") {
  keys = {key(Role::csk)};
  CARRIES_OUT("DKZ-");
  CARRIES_OUT("DKZC");
  keys.push_back(key(Role::csk));
  CARRIES_OUT("DKZC DKZ-");
  CARRIES_OUT("DKZ- DKZC");
  CARRIES_OUT("---- DKZC");
  CHECK(after_restart() == "---- DKZC");
}

TEST_CASE_METHOD(Rollover, "ZSK, double signature", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  keys.push_back(key(Role::zsk));
  CARRIES_OUT("DK-C D-Z- D-Z-");
  CARRIES_OUT("DK-C ---- D-Z-");
}

TEST_CASE_METHOD(Rollover, "KSK, double-DS", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  keys.push_back(key(Role::ksk));
  CARRIES_OUT("DK-C D-Z- ---C");
  CHECK(after_restart() == "DK-C D-Z- ---C");
  CARRIES_OUT("---C D-Z- DK-C");
  CHECK(after_restart() == "---C D-Z- DK-C");
  CARRIES_OUT("---- D-Z- DK-C");
}

TEST_CASE_METHOD(Rollover, "KSK, double-RRset", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  keys.push_back(key(Role::ksk));
  CARRIES_OUT("DK-C D-Z- DK-C");
  CARRIES_OUT("---- D-Z- DK-C");
}

TEST_CASE_METHOD(Rollover, "another algorithm, liberal", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  keys.push_back(key(Role::ksk, Algorithm::ed25519));
  keys.push_back(key(Role::zsk, Algorithm::ed25519));
  CARRIES_OUT("DK-C D-Z- DK-- D-Z-");
  CARRIES_OUT("DK-- D-Z- DK-C D-Z-");
  CARRIES_OUT("---- ---- DK-C D-Z-");
  CHECK(after_restart() == "---- ---- DK-C D-Z-");
}

TEST_CASE_METHOD(Rollover, "a CSK of another algorithm takes over from KSK and ZSK, and the other way", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  keys.push_back(key(Role::csk, Algorithm::ed25519));
  CARRIES_OUT("DK-C D-Z- DKZ-");
  CARRIES_OUT("DK-- D-Z- DKZC");
  CHECK(after_restart() == "DK-- D-Z- DKZC");
  CARRIES_OUT("---- ---- DKZC");
  keys.push_back(key(Role::ksk));
  keys.push_back(key(Role::zsk));
  CARRIES_OUT("---- ---- DKZC DK-- D-Z-");
  CARRIES_OUT("---- ---- DKZ- DK-C D-Z-");
  CARRIES_OUT("---- ---- ---- DK-C D-Z-");
}

TEST_CASE_METHOD(Rollover, "a CSK does not sign the zone beside a ZSK of its algorithm", "[bind_rollovers]") {
  keys = {key(Role::csk), key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DKZC ---- ----");
  CHECK(order("DKZC DK-- D-Z-") != "DKZC DK-- D-Z-");  // so the core does not order it: guards.cpp, signers_can_do_both
}

TEST_CASE_METHOD(Rollover, "going insecure, and back", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  CARRIES_OUT("DK-- D-Z-");
  CARRIES_OUT("---- ----");
  CHECK(after_restart() == "---- ----");
  for (const char* const type : {"DNSKEY", "RRSIG", "NSEC", "CDS", "CDNSKEY"})
    CHECK_THAT(served_zone(), !Catch::Contains(type));
  keys.push_back(key(Role::ksk));
  keys.push_back(key(Role::zsk));
  CARRIES_OUT("---- ---- DK-- D-Z-");
  CARRIES_OUT("---- ---- DK-C D-Z-");
}

TEST_CASE_METHOD(Rollover, "all keys leave in one order, CDS and all", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-C D-Z-");
  CARRIES_OUT("---- ----");
  CHECK_THAT(served_zone(), !Catch::Contains("CDS") && !Catch::Contains("RRSIG"));
}

TEST_CASE_METHOD(Rollover, "a zone file that asks for no DS is served so while there are keys",
                 "[bind_rollovers]") {
  named.stop();
  named.write_zone("example.test", Named::small_zone("@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n"));
  named.start();
  keys = {key(Role::ksk), key(Role::zsk)};
  CARRIES_OUT("DK-- D-Z-");
  CHECK_THAT(served_zone(),
             Catch::Contains("IN\tCDS\t0 0 0 00") && Catch::Contains("IN\tRRSIG\tCDS 13"));
  CARRIES_OUT("---- ----");
  CHECK_THAT(served_zone(), !Catch::Contains("CDS") && !Catch::Contains("RRSIG"));
}

TEST_CASE_METHOD(Rollover, "a trust anchor is revoked", "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk), key(Role::ksk)};
  CARRIES_OUT("DK-C D-Z- DK--");
  CARRIES_OUT("DK-- D-Z- DK-C");
  keys.push_back(revoked(keys[0]));
  CARRIES_OUT("---- D-Z- DK-C DK--");
  CHECK(after_restart() == "---- D-Z- DK-C DK--");
  CARRIES_OUT("---- D-Z- DK-C ----");
}
TEST_CASE_METHOD(Rollover, "a CSK that is a trust anchor is revoked", "[bind_rollovers]") {
  keys = {key(Role::csk), key(Role::csk)};
  CARRIES_OUT("DKZC DKZ-");
  CARRIES_OUT("DKZC DKZC");
  keys.push_back(revoked(keys[0]));
  CARRIES_OUT("---- DKZC DK--");
  CARRIES_OUT("---- DKZC ----");
}

TEST_CASE_METHOD(Rollover,
                 "a crash before named hears of a revocation, and the files of both forms",
                 "[bind_rollovers]") {
  keys = {key(Role::ksk), key(Role::zsk), key(Role::ksk)};
  CARRIES_OUT("DK-- D-Z- DK-C");
  keys.push_back(revoked(keys[0]));
  leave(keys[0]);
  keys[3].publish = keys[3].sign_keys = true;
  BindConfig without_rndc = config();
  without_rndc.rndc = {"false"};
  CHECK_FALSE(Workshop(without_rndc).apply(keys));
  CHECK(letters(workshop.look(keys)) == "DK-- D-Z- DK-C ----");
  CARRIES_OUT("---- D-Z- DK-C DK--");
  CHECK_FALSE(fs::exists(file(keys[0], ".private")));
  CHECK(fs::exists(file(keys[3], ".private")));
  CARRIES_OUT("---- D-Z- DK-C ----");
  CHECK_FALSE(fs::exists(file(keys[3], ".private")));
}
