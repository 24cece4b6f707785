// SPDX-License-Identifier: GPL-3.0-or-later
// What people see, whole pages at a time: tests/cli/golden/*.txt. After a wanted change run this
// program with ROLLCALL_REWRITE_GOLDEN=1 and review the difference.
#include "daemon/cli/render.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "lib/control/health.h"
#include "lib/control/status_json.h"
#include "tests/control/sample.h"

using namespace rollcall;
using namespace rollcall::cli;
using control::info_json, control::members_json, control::status_json, control::zone_list_json;

namespace {

void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string{GOLDEN_DIR} + '/' + name + ".txt";
  if (std::getenv("ROLLCALL_REWRITE_GOLDEN") != nullptr) std::ofstream{path} << text;
  std::ifstream in{path};
  std::ostringstream expected;
  expected << in.rdbuf();
  CHECK(text == expected.str());
}

Json zone_page(const MemberStatus& status, const std::string& zone = "example.org.") {
  return *control::zone_status_json(status, zone, sample::now);
}

MemberStatus with_hold(Hold hold) {
  MemberStatus status = sample::cluster();
  status.zones[1].holds = {std::move(hold)};
  return status;
}

// What `ds show` gets while a KSK is to be published at the parent.
Json ds_page() {
  const Json old_key{{"key_tag", 20013},
                     {"key", "9f9f9f9f"},
                     {"stage", "replaced; stays until caches have followed"},
                     {"wanted", false},
                     {"ds", {"example.org. IN DS 20013 13 2 9F9F"}},
                     {"cdnskey", "example.org. IN CDNSKEY 257 3 13 n58="}};
  const Json new_key{
      {"key_tag", 2371},
      {"key", "c2c2c2c2"},
      {"stage", "waiting for the DS at the parent"},
      {"wanted", true},
      {"ds", {"example.org. IN DS 2371 13 2 C2C2", "example.org. IN DS 2371 13 4 C2C2C2"}},
      {"cdnskey", "example.org. IN CDNSKEY 257 3 13 wsI="}};
  const Json parent{{"seen", "2026-06-01T05:54:00Z"},
                    {"everywhere", {20013}},
                    {"somewhere", {2371}},
                    {"unknown", 1},
                    {"ttl", 3600},
                    {"by_hand", ""},
                    {"addresses", {"192.0.2.1@53"}},
                    {"problem", ""}};
  return {{"now", "2026-06-01T05:55:00Z"},
          {"zone", "example.org."},
          {"keys", {old_key, new_key}},
          {"parent", parent}};
}

}  // namespace

TEST_CASE("status has a line for each zone", "[render]") {
  check_golden("status", render_status(status_json(sample::cluster(), sample::now)));
}

namespace {

control::ReplicaLook replica(const std::string& host) {
  return {host, "ldap://" + host, true, false, "", 42, 0, 0, std::chrono::milliseconds{5}, {}, {}};
}

// Something of each kind: a key manager that is silent, a replica at which nothing arrives, one that was not
// compared, a server of IPA that does what another one does as well.
std::string troubled_health() {
  control::HealthLooks looks;
  looks.replicas = {replica("a.example.com"), replica("b.example.com")};
  looks.replicas[1].probe_after.reset();
  looks.replicas[1].replication.agreements = {
      {"meToa", "a.example.com", false, "Error (-1) Problem connecting to replica"},
      {"meTodc", "dc.ad.example.com", true, ""}};
  for (auto& look : looks.replicas) look.replication.tells_agreements = true;
  looks.not_compared = {{"c.example.com", "replicas does not name it", "add it to replicas in rollcalld.toml"}};
  control::IpaLook& ipa = looks.ipa.emplace();
  ipa.servers.resize(2);
  ipa.servers[0].host = "a.example.com";
  ipa.servers[1].host = "b.example.com";
  for (IpaServer& server : ipa.servers) server.ca = server.renews_certificates = true;
  ipa.servers[0].trust_controller = true;
  ipa.generates_crl = {{"a.example.com", true}, {"b.example.com", false}};
  ipa.trusted_domains = {"ad.example.com"};
  return render_health(control::health_json(sample::cluster(), looks, sample::now));
}

}  // namespace

TEST_CASE("health tells each finding with its cure, notes, replicas and who does what in IPA", "[render]") {
  check_golden("health", troubled_health());
}

TEST_CASE("health of a cluster in which nothing is wrong", "[render]") {
  MemberStatus status = sample::cluster();
  status.members.pop_back();
  status.members[1].addresses = {"192.0.2.2@53"};
  status.zones.pop_back();
  control::HealthLooks looks;
  looks.replicas = {replica("a.example.com"), replica("b.example.com")};
  check_golden("health-well", render_health(control::health_json(status, looks, sample::now)));
}

TEST_CASE("health of a machine in no cluster says what to do", "[render]") {
  check_golden("health-outsider", render_health(control::health_json(MemberStatus{}, {}, sample::now)));
}

TEST_CASE("status of a machine in no cluster says what to do", "[render]") {
  check_golden("status-outsider", render_status(status_json(MemberStatus{}, sample::now)));
}

TEST_CASE("status tells doubt and having no zones", "[render]") {
  MemberStatus status = sample::cluster();
  status.zones.clear();
  status.doubt = "the directory has been silent for 3m";
  check_golden("status-doubt", render_status(status_json(status, sample::now)));
}

TEST_CASE("status of a zone says why not yet, who is in the way and what to type", "[render]") {
  check_golden("zone-held", render_zone(zone_page(sample::cluster())));
}

TEST_CASE("status of a zone that waits for time says until when", "[render]") {
  Hold hold = sample::waits_for_carol();
  hold.reason = Reason::time;
  hold.text = "caches may not have followed yet";
  hold.waits_for.clear();
  hold.until = sample::now + std::chrono::minutes{125};
  check_golden("zone-waits", render_zone(zone_page(with_hold(hold))));
}

TEST_CASE("status of a zone that waits for its parent gives the command", "[render]") {
  Hold hold;
  hold.reason = Reason::parent;
  hold.step = "withdraw DS of KSK 20013";
  hold.text = "the parent has to show the new DS";
  check_golden("zone-parent", render_zone(zone_page(with_hold(hold))));
}

TEST_CASE("status of a quiet zone says what is planned", "[render]") {
  check_golden("zone-quiet", render_zone(zone_page(sample::cluster(), "example.net.")));
}

TEST_CASE("status of a new zone shows the election", "[render]") {
  MemberStatus status = sample::cluster();
  ZoneStatus zone;
  zone.zone = {"example.org.", 1};
  zone.policy = "default";
  zone.roster = zone.fresh = 3;
  GenerationStatus first;
  first.generation = {Role::ksk, Algorithm::ecdsap256sha256, 1};
  first.why = "first";
  first.candidates = {{{sample::alice, 1}, 7}, {{sample::bob, 1}, 3}};
  first.waits_for = {sample::carol};
  zone.generations = {first};
  status.zones[1] = zone;
  check_golden("zone-new", render_zone(zone_page(status)));
}

TEST_CASE("info begins with the four lines", "[render]") {
  const control::InfoExtras extras{"ldapi://%2Frun%2Fslapd%2Fldapi cn=rollcall", sample::bob};
  MemberStatus status = sample::cluster();
  check_golden("info-random", render_info(info_json(status, extras, sample::now)));
  status.master_key = {2, true, 1, "1 key is not wrapped under epoch 2 everywhere", {sample::carol}};
  CHECK(render_master_key(control::master_key_json(status)) ==
        "epoch 2; its rotation is not over: 1 key is not wrapped under epoch 2 everywhere; waits for c.example.com");
  status.master_key = {1, false, 0, "", {}};
  status.config.mode = Mode::appointed;
  status.config.appointed = {sample::carol, sample::alice};
  check_golden("info-appointed", render_info(info_json(status, extras, sample::now)));
}

TEST_CASE("lists are tables", "[render]") {
  check_golden("members", render_members(members_json(sample::cluster(), sample::now)));
  check_golden("zone-list", render_zone_list(zone_list_json(sample::cluster(), sample::now)));
}

TEST_CASE("a zone in manual mode, or suspended, gives the command", "[render]") {
  Hold hold;
  hold.reason = Reason::operator_;
  hold.step = "introduce ZRRSIG of ZSK 41211";
  hold.text = "manual mode: `rollcall step example.org.` lets it happen";
  check_golden("zone-manual", render_zone(zone_page(with_hold(hold))));
  hold.text = "the zone is suspended: `rollcall resume example.org.` ends it";
  MemberStatus status = with_hold(hold);
  status.zones[1].suspended = true;
  check_golden("zone-suspended", render_zone(zone_page(status)));
}

TEST_CASE("lists tell zones that are suspended, insecure or removed", "[render]") {
  MemberStatus status = sample::cluster();
  status.zones.push_back(sample::quiet_zone());
  status.zones[0].suspended = true;
  status.zones[1].insecure = true;
  status.zones[2].keys.clear();
  status.zones[2].insecure = true;
  status.zones.push_back(sample::quiet_zone());
  status.zones[3].managed = false;
  check_golden("zone-list-wishes", render_zone_list(zone_list_json(status, sample::now)));
}

TEST_CASE("a policy is a table, and a change of it a list of what happens", "[render]") {
  const Json fast{{"name", "fast"},       {"algorithm", "ED25519"}, {"scheme", "ksk+zsk"},
                  {"ksk_lifetime", 0},    {"zsk_lifetime", 2592000}, {"lead", 30}};
  Json listed = fast;
  listed["zones"] = 2;
  check_golden("policies", render_policies({{"policies", {listed}}}));
  check_golden("policy", render_policy({{"policy", fast}, {"zones", {"example.net.", "example.org."}}}));
  const Json change{
      {"policy", "fast"},
      {"created", false},
      {"written", false},
      {"changes",
       {{{"name", "algorithm"}, {"before", "ECDSAP256SHA256"}, {"after", "ED25519"}},
        {{"name", "zsk_lifetime"}, {"before", 7776000}, {"after", 2592000}}}},
      {"zones",
       {{{"zone", "example.net."}, {"effects", Json::array()}},
        {{"zone", "example.org."},
         {"effects",
          {{{"what", "KSK 20013 is replaced"}, {"why", "algorithm is ED25519 instead of ECDSAP256SHA256"}, {"when", nullptr}},
           {{"what", "ZSK 11742 is replaced"},
            {"why", "zsk_lifetime is 30d instead of 90d"},
            {"when", "2026-08-01T00:00:00Z"}}}}}}}};
  check_golden("policy-dry-run", render_policy_change(change));
}

TEST_CASE("DS lines can be pasted, everything else is a comment", "[render]") {
  check_golden("ds", render_ds(ds_page()));
  Json unasked = ds_page();
  unasked["parent"] = {{"seen", nullptr},
                       {"everywhere", Json::array()},
                       {"somewhere", Json::array()},
                       {"unknown", 0},
                       {"ttl", 0},
                       {"by_hand", ""},
                       {"addresses", Json::array()},
                       {"problem", ""}};
  check_golden("ds-not-asked", render_ds(unasked));
}

TEST_CASE("a step about key 112 is not one about key 11", "[render]") {
  MemberStatus status = sample::cluster();
  status.zones[1].holds[0].step = "introduce ZRRSIG of ZSK 117421, withdraw DNSKEY of ZSK 411";
  const std::string page = render_zone(zone_page(status));
  CHECK(page.find("11742  ZSK   13   in    omni 3/3  -         omni 3/3  -         29d    roll "
                  "2026-06-02") != std::string::npos);
  status.zones[1].holds[0].step = "introduce ZRRSIG of ZSK 117421, withdraw ZRRSIG of ZSK 11742";
  CHECK(render_zone(zone_page(status)).find("29d    waits for c.example.com") != std::string::npos);
}

TEST_CASE("findings show the line that mends them", "[render]") {
  const Json check{
      {"findings",
       {{{"level", "ok"}, {"what", "rndc answers"}, {"cure", ""}},
        {{"level", "error"}, {"what", "zone a. is not in named"}, {"cure", "zone \"a\" { … };"}}}}};
  CHECK(render_findings(check) ==
        "ok       rndc answers\nerror    zone a. is not in named\n         zone \"a\" { … };\n");
}

TEST_CASE("monitoring gets one line and a code", "[health]") {
  MemberStatus status = sample::cluster();
  const auto health = [&] { return health_of(status_json(status, sample::now)); };
  CHECK(health().code == 1);
  CHECK(health().line ==
        "ROLLCALL WARNING - example.org. c.example.com is silent since 2026-05-31T20:55:00Z; "
        "c.example.com is silent"
        " | zones=2 signed=1 rolling=0 held=1 unsigned=0");
  status.zones[1].alarms.clear();
  status.members[2].fresh = true;
  CHECK(health().code == 0);
  CHECK(health().line ==
        "ROLLCALL OK - 2 zones, 3 members | zones=2 signed=1 rolling=0 held=1 unsigned=0");

  SECTION("signatures that expire are critical a day before") {
    status.zones[0].signed_until = sample::now + std::chrono::hours{24};
    CHECK(health().code == 0);
    status.zones[0].signed_until = sample::now + std::chrono::hours{24} - std::chrono::seconds{1};
    CHECK(health().code == 2);
  }
  SECTION("no daemon is critical, no right to ask is unknown") {
    CHECK(health_of(control::Problem{Errc::unavailable, "rollcalld does not run"}).code == 2);
    CHECK(health_of(control::Problem{Errc::denied, "no access"}).code == 3);
    CHECK(health_of(status_json(MemberStatus{}, sample::now)).code == 3);
  }
  SECTION("an alarm cannot forge figures or lines") {
    status.alarms = {"two\nlines | zones=9"};
    CHECK(health().line.find("two lines / zones=9") != std::string::npos);
  }
}

TEST_CASE("a forecast is a table of times, with what each depends on", "[render]") {
  const Json c{{"member", "3"}, {"host", "c.example.com"}};
  const Json step{{"at", "2026-06-01T08:00:00Z"},
                  {"kind", "step"},
                  {"what", "introduce ZRRSIG of ZSK 41211, withdraw ZRRSIG of ZSK 11742"},
                  {"depends",
                   {{{"reason", "member"}, {"text", "not every member has answered"}, {"members", {c}}, {"until", nullptr}},
                    {{"reason", "time"}, {"text", "caches may not have followed yet"}, {"members", Json::array()}, {"until", "2026-06-01T08:00:00Z"}}}}};
  const Json gone{{"at", "2026-06-03T09:00:00Z"}, {"kind", "gone"}, {"what", "ZSK 11742 is in no cache any more"}, {"depends", Json::array()}};
  Json page{{"now", "2026-06-01T05:55:00Z"}, {"zone", "example.org."},   {"policy", "default"},
            {"until", "2028-05-31T05:55:00Z"}, {"complete", true},       {"events", {step, gone}},
            {"stuck", Json::array()},          {"assumptions", {"all members carry out and answer each step at once"}}};
  check_golden("forecast", render_forecast(page));
  page["replaced"] = "ZSK 11742";
  page["faster"] = {{{"text", "a cache could hold the DNSKEY RRset of KSK 20013, signed by KSK 20013, and data signed by ZSK 11742"},
                     {"until", "2026-06-02T05:55:00Z"}}};
  check_golden("forecast-emergency", render_forecast(page));
  page["faster"] = Json::array();
  CHECK(render_forecast(page).find("no cache would notice if ZSK 11742 went at once") != std::string::npos);
  page.erase("replaced");
  page["events"] = Json::array();
  page["complete"] = false;
  page["stuck"] = {{{"step", "introduce DS of KSK 1"}, {"text", "the zone is suspended"}, {"waits_for", Json::array()}}};
  check_golden("forecast-stuck", render_forecast(page));
}

TEST_CASE("the last gate says what it holds, and what ends that", "[render]") {
  Json gate{{"zone", "example.org."}, {"open", true}, {"why", ""}, {"until", nullptr}};
  CHECK(render_gate(gate) == "zone example.org.: the last gate is open\n");
  gate["open"] = false;
  gate["why"] = "a cache could hold the DS of KSK 1 and the DNSKEY RRset of KSK 2, signed by KSK 2";
  CHECK(render_gate(gate) ==
        "zone example.org.: the last gate holds a change of this server\n"
        "  a cache could hold the DS of KSK 1 and the DNSKEY RRset of KSK 2, signed by KSK 2\n"
        "  it does not open by itself; rollcall gate example.org. --override lets this one change through\n");
  gate["until"] = "2026-06-01T08:00:00Z";
  CHECK(render_gate(gate).find("it opens by itself 2026-06-01T08:00:00Z\n") != std::string::npos);
}
