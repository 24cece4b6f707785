// SPDX-License-Identifier: GPL-3.0-or-later
// A whole rollover on a real named, and what happens when it is not as it should be.
#include "tests/signer/workshop.h"

using namespace rollcall;
using namespace rollcall::signer;
using namespace rollcall::signer::test;

namespace {

std::string all(const std::vector<Finding>& findings, Finding::Level level) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.level == level) text += finding.what + " => " + finding.cure + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE_METHOD(Lab, "named goes through a whole ZSK and a whole KSK rollover", "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk()};
  const auto first = workshop.apply(keys);
  REQUIRE(are_as_ordered(first, keys));
  CHECK(first->foreign_keys.empty());
  CHECK(first->dnskey_ttl == Seconds{60});
  CHECK(first->max_zone_ttl == Seconds{300});
  CHECK(first->first_expiry);

  // ZSK: publish, sign with both, let the predecessor go.
  keys.push_back(key(Role::zsk));
  keys[2].publish = true;
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  keys[2].sign_zone = true;
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  leave(keys[1]);
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK_FALSE(fs::exists(file(keys[1], ".private")));
  CHECK_FALSE(fs::exists(file(keys[1], ".key")));

  // KSK: both sign the keys, the CDS changes, the predecessor goes.
  keys.push_back(ksk());
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  keys[3].announce = true;
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  leave(keys[0]);
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  keys[3].announce = false;
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));

  // What left stays away, also over a restart. While named is loading, a repair may be due.
  named.stop();
  named.start();
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  const auto calls = rndc_calls();
  CHECK(are_as_ordered(workshop.look(keys), keys));
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK(rndc_calls() == calls);
}

TEST_CASE_METHOD(Lab, "equal orders need no rndc", "[bind_signer]") {
  Workshop workshop(config());
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK(rndc_calls() == 1);
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK(rndc_calls() == 1);
}

TEST_CASE_METHOD(Lab, "what crashed between files and rndc is finished by the next order",
                 "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));

  SECTION("the files of a new key were written, and no more") {
    keys.push_back(zsk());
    BindConfig without_rndc = config();
    without_rndc.rndc = {"false"};
    CHECK_FALSE(Workshop(without_rndc).apply(keys));
    CHECK(fs::exists(file(keys[2], ".key")));
  }
  SECTION("the files of a leaving key are gone, and named did not hear of it") {
    keys.push_back(zsk());
    REQUIRE(are_as_ordered(workshop.apply(keys), keys));
    fs::remove(file(keys[1], ".key"));
    fs::remove(file(keys[1], ".private"));
    leave(keys[1]);
  }
  SECTION("one file of a key is lost, and named was restored from an old zone") {
    fs::remove(file(keys[1], ".private"));
    named.stop();
    for (const char* const ending : {".signed", ".signed.jnl", ".jbk"})
      fs::remove(named.path(std::string("example.test") + ending));
    named.start();
  }
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
}

TEST_CASE_METHOD(Lab, "a key that never got anywhere leaves without being written",
                 "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk(), key(Role::zsk)};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK_FALSE(fs::exists(file(keys[2], ".private")));
}

TEST_CASE_METHOD(Lab, "a key that is served without files leaves all the same", "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk(), ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  for (const std::size_t gone : {2U, 3U}) {
    for (const char* ending : {".key", ".private"}) REQUIRE(fs::remove(file(keys[gone], ending)));
    leave(keys[gone]);
  }
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
}

TEST_CASE_METHOD(Lab, "files that are gone or wrong are noticed by a look, long before named needs them",
                 "[bind_signer]") {
  Workshop workshop(config());
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  REQUIRE(workshop.look(keys));
  const auto broken = GENERATE(std::string{"private gone"}, "public gone", "private empty", "private of another");
  if (broken == "private gone") fs::remove(file(keys[1], ".private"));
  if (broken == "public gone") fs::remove(file(keys[1], ".key"));
  if (broken == "private empty") std::ofstream(file(keys[1], ".private")) << "";
  if (broken == "private of another") {
    fs::copy_file(file(keys[0], ".private"), file(keys[1], ".private"), fs::copy_options::overwrite_existing);
  }
  const auto seen = workshop.look(keys);
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == Errc::not_found);
  CHECK_THAT(seen.error().what, Catch::Contains(file(keys[1], "").filename().string()) &&
                                    Catch::Contains("named cannot sign again"));
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK(workshop.look(keys));
}

TEST_CASE_METHOD(Lab, "keys of others are counted and left alone", "[bind_signer]") {
  Workshop workshop(config());
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  REQUIRE(Named::run("dnssec-keygen -q -a 13 -K '" + (named.keys() / "example.test").string() +
                     "' example.test >/dev/null") == 0);
  std::vector<KeyOrder> more = keys;
  more.push_back(key(Role::zsk));
  more[2].publish = true;
  const auto seen = workshop.apply(more);
  REQUIRE(are_as_ordered(seen, more));
  CHECK(seen->foreign_keys.size() == 1);
  CHECK_THAT(all(workshop.check(zone), Finding::Level::warning),
             Catch::Contains("has keys that are not of Rollcall: K"));
}

TEST_CASE_METHOD(Lab, "a key that nobody knows any more is named, with the way to take it out", "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk(), key(Role::zsk)};
  keys[2].publish = true;
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  const KeyOrder gone = keys[2];
  keys.pop_back();
  const auto seen = workshop.apply(keys);
  REQUIRE(are_as_ordered(seen, keys));
  CHECK(seen->foreign_keys == std::vector{gone.key_tag});

  CHECK_THAT(all(workshop.check(zone), Finding::Level::warning), !Catch::Contains("which no member knows"));
  const std::string found = all(workshop.check(zone, seen->foreign_keys), Finding::Level::warning);
  CHECK_THAT(found, Catch::Contains("has DNSKEY " + std::to_string(gone.key_tag) + ", which no member knows"));
  const auto begin = found.find("dnssec-settime"), end = found.find(" && rndc loadkeys example.test\n");
  REQUIRE(end != std::string::npos);
  REQUIRE(Named::run(found.substr(begin, end - begin) + " >/dev/null") == 0);
  REQUIRE(Named::run(named.rndc_line("loadkeys example.test") + " >/dev/null") == 0);
  const auto until = std::chrono::steady_clock::now() + patience;
  CHECK((fs::status(file(gone, ".private")).permissions() & fs::perms::group_read) != fs::perms::none);
  while (!workshop.look(keys)->foreign_keys.empty()) REQUIRE(std::chrono::steady_clock::now() < until);
}

TEST_CASE_METHOD(Lab, "what is not served within the patience is reported as it is",
                 "[bind_signer]") {
  Workshop workshop(config());
  std::vector<KeyOrder> keys{ksk(), zsk()};
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  keys[1].sign_zone = false;  // named cannot take signatures away and keep the key
  const auto seen = workshop.apply(keys, zone, Seconds{0});
  REQUIRE(seen);
  CHECK(seen->keys[1].published);
  CHECK(seen->keys[1].signs_anything);
  CHECK(workshop.signer().ability() == SignerAbility{SwapAbility::together, Seconds{0}});
}

TEST_CASE_METHOD(Lab, "while named is down the keys wait for it", "[bind_signer]") {
  Workshop workshop(config());
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  named.stop();
  const auto seen = workshop.apply(keys);
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == Errc::unavailable);
  CHECK_THAT(seen.error().what,
             Catch::Contains("rndc sign example.test.: named does not answer there; start it"));
  CHECK(workshop.look(keys).error().code == Errc::unavailable);
  CHECK(fs::exists(file(keys[0], ".key")));
  named.start();
  CHECK(are_as_ordered(workshop.apply(keys), keys));
}

TEST_CASE_METHOD(Lab, "each fault of a zone has its own words", "[bind_signer]") {
  Workshop workshop(config());
  const auto fault = [&](const ZoneName& name) {
    return workshop.apply({}, name, Seconds{0}).error();
  };
  SECTION("named does not know it") {
    CHECK(fault("unknown.test.").code == Errc::not_found);
    CHECK_THAT(fault("unknown.test.").what,
               Catch::Contains("unknown.test.: named has no such zone; add it to named.conf"));
  }
  SECTION("its file is missing") {
    CHECK(fault("missing.test.").code == Errc::unavailable);
    CHECK_THAT(fault("missing.test.").what,
               Catch::Contains("its file is missing, empty or broken"));
  }
  SECTION("its file is empty") {
    named.write_zone("missing.test", "");
    CHECK_THAT(fault("missing.test.").what,
               Catch::Contains("its file is missing, empty or broken"));
  }
  SECTION("its name is none") {
    CHECK(fault("../x").code == Errc::malformed);
    CHECK(fault("$(id).test.").code == Errc::malformed);
    CHECK(fault("Example.test").what == "write the zone as example.test.");
  }
}

TEST_CASE_METHOD(Lab, "a zone that is not set up for keys says which line it lacks",
                 "[bind_signer]") {
  Workshop workshop(config());
  dns::test::ZoneMaker other("plain.test");
  KeyOrder order = test::order_for(other, other.key("-a 13"), Role::zsk);
  order.publish = true;
  const auto seen = workshop.apply({order}, "plain.test.");
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == Errc::denied);
  CHECK_THAT(seen.error().what, Catch::Contains("inline-signing yes; auto-dnssec maintain;"));
}

TEST_CASE_METHOD(Lab, "rndc with another key is denied, and nothing is half done",
                 "[bind_signer]") {
  REQUIRE(Named::run("rndc-confgen -a -c '" + named.path("other.key").string() +
                     "' >/dev/null 2>&1") == 0);
  BindConfig wrong = config();
  wrong.rndc.back() = named.path("other.key").string();
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  const auto seen = Workshop(wrong).apply(keys);
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == Errc::denied);
  CHECK_THAT(seen.error().what, Catch::Contains("named refused rndc's key"));
  CHECK(are_as_ordered(Workshop(config()).apply(keys), keys));
}

TEST_CASE("a server that refuses the transfer is told from one without the zone", "[bind_signer]") {
  Named named({Named::signing("example.test")}, "allow-transfer { none; };");
  named.write_zone("example.test", Named::small_zone());
  named.start();
  BindConfig config;
  config.server = named.address();
  config.keys = named.keys();
  config.rndc = named.rndc();
  Workshop workshop(config);
  const auto seen = workshop.look({});
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == Errc::denied);
  CHECK_THAT(seen.error().what, Catch::Contains("allow-transfer { localhost; };"));
}

TEST_CASE_METHOD(Lab, "the check finds nothing wrong with a right set-up", "[bind_check]") {
  fs::permissions(named.keys(), static_cast<fs::perms>(02750));
  Workshop workshop(config());
  const std::vector<KeyOrder> keys{ksk(), zsk()};
  for (const ZoneName& name : {ZoneName{}, zone}) {
    CHECK(all(workshop.check(name), Finding::Level::error) == "");
    CHECK(all(workshop.check(name), Finding::Level::warning) == "");
    CHECK(all(workshop.check(name), Finding::Level::ok) != "");
  }
  REQUIRE(are_as_ordered(workshop.apply(keys), keys));
  CHECK(all(workshop.check(zone), Finding::Level::error) == "");
}

TEST_CASE_METHOD(Lab, "the check gives the line to paste for each fault", "[bind_check]") {
  const auto errors = [](BindConfig changed, const ZoneName& name) {
    return all(Workshop(std::move(changed)).check(name), Finding::Level::error);
  };
  const std::string plain = errors(config(), "plain.test.");
  CHECK_THAT(plain,
             Catch::Contains("zone plain.test. has inline-signing unset => inline-signing yes;\n"));
  CHECK_THAT(plain,
             Catch::Contains("zone plain.test. has auto-dnssec unset => auto-dnssec maintain;\n"));
  CHECK_THAT(plain, Catch::Contains("key-directory \"" + (named.keys() / "plain.test").string() +
                                    "\";\n"));
  CHECK_THAT(plain, Catch::Contains("named does not maintain the keys of zone plain.test."));
  CHECK_THAT(errors(config(), "unknown.test."),
             Catch::Contains("zone unknown.test. is not in") &&
                 Catch::Contains("zone \"unknown.test\" { type primary;"));
  CHECK_THAT(errors(config(), "missing.test."),
             Catch::Contains("its file is missing, empty or broken"));

  BindConfig wrong = config();
  wrong.keys = named.path("none");
  CHECK_THAT(errors(wrong, ""),
             Catch::Contains("is not there => install -d -o rollcall -g bind -m 2750 " +
                             wrong.keys.string()));
  wrong.named_conf = named.path("none");
  CHECK_THAT(errors(wrong, ""), Catch::Contains("named-checkconf " + wrong.named_conf.string()));
  named.stop();
  CHECK_THAT(errors(config(), ""), Catch::Contains("no answer from") &&
                                       Catch::Contains("listen-on port") &&
                                       Catch::Contains("rndc status: named does not answer"));
}
