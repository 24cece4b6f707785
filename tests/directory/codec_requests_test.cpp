// SPDX-License-Identifier: GPL-3.0-or-later
// Requests of administrators as entries; answers and reports as people's tools read them.
#include "lib/directory/codec_requests.h"

#include <catch2/catch.hpp>

#include "tests/directory/codec_samples.h"

using namespace rollcall;
using namespace rollcall::directory;
using namespace rollcall::directory::samples;

namespace {

const Uuid asked{filled<16>(0x77)};

Entry request(std::map<std::string, std::string> more) {
  more.merge(std::map<std::string, std::string>{{"cn", to_string(asked)},
                                                {"rollcallzone", "example.test."}});
  Entry entry{request_dn(base, asked), {}};
  for (const auto& [name, value] : more) entry.attributes[name] = {to_bytes(value)};
  return entry;
}

std::string complaint(const std::map<std::string, std::string>& more) {
  const auto read = read_request(request(more));
  return read ? "" : read.error().what;
}

}  // namespace

TEST_CASE("a request to roll names the key that it is to replace", "[codec]") {
  const auto read = read_request(request({{"rollcallwish", "roll"},
                                          {"rollcallrole", "KSK"},
                                          {"rollcallgeneration", "4"},
                                          {"rollcallemergency", "TRUE"},
                                          {"rollcallaskedby", "admin@TEST"}}));
  REQUIRE(read);
  CHECK(*read == DirectoryRequest{asked, Wish::roll, "example.test.", Role::ksk, 4, std::nullopt,
                                  {}, false, true, "admin@TEST"});
  CHECK_THAT(complaint({{"rollcallwish", "roll"}, {"rollcallrole", "KSK"}}),
             Catch::EndsWith("rollcallgeneration is missing"));
  CHECK_THAT(complaint({{"rollcallwish", "roll"}, {"rollcallgeneration", "4"}}),
             Catch::EndsWith("rollcallrole is missing"));
}

TEST_CASE("a word about a DS names its key", "[codec]") {
  const auto read = read_request(request(
      {{"rollcallwish", "ds-published"}, {"rollcallfingerprint", to_hex(filled<32>(0x11))}}));
  REQUIRE(read);
  CHECK(read->wish == Wish::ds_published);
  CHECK(read->key == filled<32>(0x11));
  CHECK_THAT(complaint({{"rollcallwish", "ds-published"}}),
             Catch::EndsWith("rollcallfingerprint is missing"));
}

TEST_CASE("a request to forget names members and no zone", "[codec]") {
  Entry entry = request({{"rollcallwish", "forget"}, {"rollcallforce", "TRUE"}});
  entry.attributes.erase("rollcallzone");
  CHECK_THAT(read_request(entry).error().what, Catch::EndsWith("rollcallabout is missing"));
  entry.attributes["rollcallabout"] = {to_bytes(to_string(carol)), to_bytes(to_string(bob))};
  const auto read = read_request(entry);
  REQUIRE(read);
  CHECK(read->wish == Wish::forget);
  CHECK(read->members == std::vector{bob, carol});
  CHECK(read->force);
  entry.attributes["rollcallwish"] = {to_bytes("roll")};
  CHECK_THAT(read_request(entry).error().what, Catch::EndsWith("rollcallzone is missing"));
}

TEST_CASE("a wish that is not known is refused by name", "[codec]") {
  CHECK_THAT(complaint({{"rollcallwish", "dance"}}),
             Catch::Contains("rollcallwish is not a wish that this software knows"));
  CHECK_THAT(complaint({}), Catch::Contains("rollcallwish"));
}

TEST_CASE("an answer stands below the member that gives it, and says why not", "[codec]") {
  const Entry refused = answer_entry(base, bob, {asked, false, "a roll is under way"}, t0);
  CHECK(refused.dn == answer_dn(base, bob, asked));
  CHECK(as_text(refused.attributes.at("rollcalloutcome").front()) == "refused");
  CHECK(as_text(refused.attributes.at("rollcallwhy").front()) == "a roll is under way");
  CHECK(as_text(refused.attributes.at("rollcallreported").front()) == "20260601080000Z");
  const Entry done = answer_entry(base, bob, {asked, true, ""}, t0);
  CHECK(as_text(done.attributes.at("rollcalloutcome").front()) == "done");
  CHECK_FALSE(done.attributes.contains("rollcallwhy"));
}

TEST_CASE("a report names its owner where the server needs it, and one about a zone names the zone",
          "[codec]") {
  CHECK(report_entry(base, bob, "uid=b,dc=test").attributes.at("rollcallagentdn").size() == 1);
  CHECK_FALSE(report_entry(base, bob, "").attributes.contains("rollcallagentdn"));
  const Entry about = zone_report_entry(base, bob, "example.test.");
  CHECK(about.dn == "cn=example.test.," + report_dn(base, bob));
  CHECK(as_text(about.attributes.at("rollcallzone").front()) == "example.test.");
}
