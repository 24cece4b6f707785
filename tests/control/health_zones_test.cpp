// SPDX-License-Identifier: GPL-3.0-or-later
// Signatures, steps that wait, keys that lost, and the DS at the parent.
#include "lib/control/health_zones.h"

#include "tests/control/health_sample.h"

using namespace rollcall;
using namespace rollcall::control;
using namespace rollcall::sample;
using namespace std::chrono_literals;

TEST_CASE("signatures: three days before they expire a warning, one day before critical",
          "[health]") {
  MemberStatus status = calm();
  const auto level = [&](Nanoseconds left) {
    status.zones[0].signed_until = now + left;
    const Json health = judged(status);
    return health.at("level").get<std::string>();
  };
  CHECK(level(72h) == "ok");
  CHECK(level(72h - 1s) == "warning");
  CHECK(level(24h) == "warning");
  CHECK(level(24h - 1s) == "critical");
  CHECK(level(-1h) == "critical");
  CHECK(only(judged(status)).at("what") == "the first signature on a.example.com expired 60m ago");
}

TEST_CASE("a rollover that is late by more than its policy lets pass", "[health]") {
  MemberStatus status = calm();
  status.policies["default"] = Policy{};
  const auto found = [&](Nanoseconds late) {
    status.zones[1].next_roll = {{Role::zsk, now - late}};
    return judged(status).at("findings");
  };
  CHECK(found(72h).empty());
  const Json findings = found(72h + 1s);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].at("key") == "late:example.org.:ZSK");
  CHECK(what_of(findings[0]) ==
        "its ZSK was to be replaced 3d ago, longer than its policy lets pass (missing_keys_alarm); "
        "it waits: not every "
        "member has answered that it carried out: introduce DNSKEY of ZSK 41211");
  SECTION("a step that hangs says it better") {
    status.zones[1].overdue = {{status.zones[1].holds[0], now - 100h, {}}};
    CHECK(found(100h).at(0).at("check") == "held");
  }
  SECTION("by an administrator's wish it is not late") {
    status.zones[1].suspended = true;
    CHECK(found(100h).empty());
  }
}

TEST_CASE("a step that nothing brings on is found, with whom it waits for", "[health]") {
  MemberStatus status = calm();
  Hold hold = status.zones[1].holds.front();
  const auto found = [&] {
    status.zones[1].overdue = {{hold, now - 120h, {}}};
    return judged(status);
  };
  CHECK(found().at("code") == 1);
  CHECK(what_of(only(found())) ==
        "introduce ZRRSIG of ZSK 41211 is held, and nothing has changed for 5d, longer than its "
        "policy lets pass (missing_keys_alarm): not every member has answered that it carried out: "
        "introduce DNSKEY of ZSK 41211 (c.example.com)");
  CHECK(only(found()).at("cure") == "rollcall check example.org., on c.example.com");
  CHECK(only(found()).at("key") == "held:example.org.:introduce ZRRSIG of ZSK 41211");
  SECTION("for one that is silent it is said already") {
    status.members[2].fresh = false;
    const Json findings = found().at("findings");
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].at("check") == "member-silent");
    CHECK(what_of(findings[1]).ends_with("waits for c.example.com, which is silent"));
  }
  SECTION("for nobody") {
    hold.waits_for.clear();
    CHECK(only(found()).at("cure") == "rollcall status example.org.");
    hold.reason = Reason::parent;
    CHECK(only(found()).at("cure") == "rollcall ds show example.org.");
  }
}

TEST_CASE("a key that lost its election and is still there when all serve the winner", "[health]") {
  MemberStatus status = calm();
  GenerationStatus generation;
  generation.generation = old_zsk().generation;
  generation.winner = status.zones[0].keys[1].candidate = {{alice, 1}, 99};
  generation.candidates = {*generation.winner, {{bob, 1}, 7}};
  status.zones[0].generations = {generation};
  CHECK(judged(status).at("findings").empty());  // its owner has wiped it
  status.zones[0].generations[0].unpruned = {{{bob, 1}, 7}};
  CHECK(what_of(only(judged(status))) ==
        "a key that lost the election of ZSK 1 is not wiped by b.example.com");
  CHECK(only(judged(status)).at("cure") == "rollcall log example.net., on b.example.com");
  SECTION("its owner is silent") {
    status.members[1].fresh = false;
    const std::string text = judged(status).dump();
    CHECK(text.find("rollcall forget b.example.com") != std::string::npos);
  }
  SECTION("not while the winner spreads") {
    status.zones[0].keys[1].records[Record::dnskey].state = State::rumoured;
    CHECK(judged(status).at("findings").empty());
  }
}

namespace {

ParentAnswer parent_with(const std::vector<Fingerprint>& everywhere,
                         const std::vector<Fingerprint>& somewhere) {
  ParentAnswer answer;
  answer.ds = everywhere;
  answer.ds_somewhere = somewhere;
  return answer;
}

}  // namespace

TEST_CASE("the DS at the parent", "[health]") {
  HealthLooks looks = well();
  const Fingerprint ours = ksk().fingerprint;
  const auto with = [&](const ParentAnswer& answer) {
    looks.parents = {{"example.org.", answer}};
    return judged(calm(), looks);
  };
  CHECK(with(parent_with({ours}, {ours})).at("findings").empty());
  SECTION("missing") {
    const Json health = with(parent_with({}, {}));
    CHECK(health.at("code") == 2);
    CHECK(only(health).at("what") == "the DS of KSK 20013 is missing at the parent");
  }
  SECTION("at some servers only") {
    const Json health = with(parent_with({}, {ours}));
    CHECK(health.at("code") == 1);
    CHECK(only(health).at("what") == "the DS of KSK 20013 is at some servers of the parent only");
  }
  SECTION("one that is nobody's") {
    ParentAnswer answer = parent_with({ours}, {ours});
    answer.unknown = 1;
    CHECK(what_of(only(with(answer))) == "the parent has 1 DS record that fit no key of ours");
    CHECK(with(answer).at("code") == 1);
  }
  SECTION("no answer") {
    looks.parents = {{"example.org.", fail(Errc::unavailable, "192.0.2.1@53: no answer")}};
    CHECK(only(judged(calm(), looks)).at("check") == "parent");
  }
}

TEST_CASE("a first DS that is wrong at the parent is critical: it makes the zone bogus",
          "[health]") {
  MemberStatus status = calm();
  KeyStatus& key = status.zones[1].keys[0];
  key.records[Record::ds].state = State::rumoured;
  HealthLooks looks = well();
  const auto with = [&](const std::vector<Fingerprint>& everywhere, std::uint32_t unknown) {
    ParentAnswer answer = parent_with(everywhere, {});
    answer.unknown = unknown;
    looks.parents = {{"example.org.", answer}};
    return judged(status, looks);
  };
  CHECK(with({}, 0).at("findings").empty());  // it may take its time
  CHECK(with({}, 2).at("code") == 2);
  CHECK(what_of(only(with({}, 2))) ==
        "the parent has 2 DS records that fit no key of ours, and none that does: no resolver "
        "believes the zone");
  CHECK(with({key.fingerprint}, 2).at("code") == 1);
  SECTION("not of a zone that is not signed by us yet") {
    for (KeyStatus& one : status.zones[1].keys) one.records[Record::dnskey].state = State::hidden;
    CHECK(with({}, 2).at("code") == 1);
  }
}

TEST_CASE("a DS that does not come for too long", "[health]") {
  MemberStatus status = calm();
  KeyStatus& key = status.zones[1].keys[0];
  key.records[Record::ds].state = State::rumoured;
  status.zones[1].overdue = {{{Reason::parent,
                               "the DS of KSK 20013",
                               "the DS of KSK 20013 has to appear at the parent",
                               {},
                               {}},
                              now - 120h,
                              key.fingerprint}};
  const std::string told =
      "the DS of KSK 20013 has to appear at the parent, which was announced 5d ago, longer than "
      "its policy lets pass (missing_keys_alarm)";
  SECTION("and nobody can ask the parent") {
    CHECK(judged(status).at("code") == 1);
    CHECK(what_of(only(judged(status))) == told);
    CHECK(only(judged(status)).at("key") == "ds:example.org.:overdue the DS of KSK 20013");
    const std::string cure = only(judged(status)).at("cure");
    CHECK(cure.find("rollcall ds show example.org.") != std::string::npos);
    CHECK(cure.find("rollcall ds published") != std::string::npos);
  }
  SECTION("or is at some servers only") {
    HealthLooks looks = well();
    looks.parents = {{"example.org.", parent_with({}, {key.fingerprint})}};
    CHECK(what_of(only(judged(status, looks))) == told + "; some of its servers have it");
  }
}
