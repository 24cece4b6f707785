// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/key_file.h"

#include "tests/dns/signed_zone.h"

using namespace rollcall;
using namespace rollcall::dns;
using rollcall::dns::test::ZoneMaker;

namespace {

const Time t0 = from_iso("2026-06-01T08:00:00Z").value();
const std::string some_key =
    "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n";

}  // namespace

TEST_CASE("a key file's name has algorithm and tag in fixed width", "[key_file]") {
  CHECK(to_string(KeyFileName{"example.test.", 8, 7}) == "Kexample.test.+008+00007");
  CHECK(key_file_name_from("Kexample.test.+013+12345") == KeyFileName{"example.test.", 13, 12345});
}

TEST_CASE("what is not exactly a key file's name is none", "[key_file]") {
  for (const char* const text :
       {"", "K", "Kexample.test.+13+12345", "Kexample.test.+013+1234", "Kexample.test.+013+99999",
        "Kexample.test.+013+12345.key", "example.test.+013+12345", "KExample.test.+013+12345",
        "Kexample.test+013+12345", "K../x.+013+12345", "Kexample.test.+999+12345", "+013+12345"}) {
    INFO(text);
    CHECK_FALSE(key_file_name_from(text));
  }
}

TEST_CASE("times go behind the key, in the words of BIND, and come back", "[key_file]") {
  KeyTimes times;
  times.created = t0;
  times.publish = t0 + Seconds{1};
  const Secret text = private_key_file(some_key, times).value();
  CHECK(text.text() == some_key + "Created: 20260601080000\nPublish: 20260601080001\n");
  CHECK(times_of_private_key_file(text.text()) == times);

  times.activate = times.inactive = times.remove = times.sync_publish = times.sync_delete = t0;
  const Secret full = private_key_file(text.text(), times).value();
  CHECK(times_of_private_key_file(full.text()) == times);
  CHECK(private_key_file(full.text(), {}).value().text() == some_key);
}

TEST_CASE("a key of format v1.2 becomes one of v1.3, which alone knows times", "[key_file]") {
  std::string old = some_key;
  old.replace(old.find("v1.3"), 4, "v1.2");
  CHECK(private_key_file(old, {}).value().text() == some_key);
}

TEST_CASE("what a crash may leave of a private key is refused", "[key_file]") {
  CHECK_FALSE(times_of_private_key_file(""));
  CHECK_FALSE(times_of_private_key_file(some_key.substr(0, some_key.size() - 1)));
  CHECK_FALSE(times_of_private_key_file(std::string(100, '\0')));
  CHECK_FALSE(times_of_private_key_file(some_key + "Publish: soon\n"));
  CHECK_FALSE(times_of_private_key_file(some_key + "Publish: 20261301000000\n"));
  CHECK_FALSE(private_key_file("Private-key-format: v2.0\n", {}));
}

TEST_CASE("we read the key files that dnssec-keygen writes", "[key_file]") {
  ZoneMaker maker;
  const auto made = maker.key("-a 13 -L 60 -P 20260601080000 -A none");
  const KeyTimes times = times_of_private_key_file(maker.file(made.base + ".private")).value();
  CHECK(times.publish == t0);
  CHECK(times.activate == std::nullopt);
  CHECK(to_string(KeyFileName{"example.test.", 13, key_tag(made.rdata).value()}) == made.base);
}

TEST_CASE("a public file carries the TTL and says whose it is", "[key_file]") {
  ZoneMaker maker;
  const auto made = maker.key("-a 13 -L 60 -f KSK");
  KeyTimes times;
  times.publish = t0;
  const std::string text = public_key_file("example.test.", made.rdata, Seconds{77}, times).value();
  CHECK(text.rfind(written_by_rollcall, 0) == 0);
  CHECK_THAT(text, Catch::Contains("This is a key-signing key, keyid ") &&
                       Catch::Contains("\n; Publish: 20260601080000 (2026-06-01T08:00:00Z)\n"));
  const std::string record = text.substr(text.find("\nexample.test.") + 1);
  CHECK(dnskey_from(record).value().ttl == Seconds{77});
  CHECK(dnskey_from(record).value().rdata == made.rdata);
  CHECK_FALSE(public_key_file("example.test.", Bytes(3), Seconds{1}, {}));
}

TEST_CASE("a private key proves itself for its own DNSKEY only, in each algorithm", "[key_file]") {
  for (const char* const algorithm : {"-a 8 -b 2048", "-a 13", "-a 14", "-a 15"}) {
    INFO(algorithm);
    ZoneMaker maker;
    const auto mine = maker.key(algorithm);
    const auto other = maker.key(algorithm);
    const std::string text = maker.file(mine.base + ".private");
    CHECK(prove_private_key(text, "example.test.", mine.rdata));
    CHECK_FALSE(prove_private_key(text, "example.test.", other.rdata));
    CHECK_FALSE(prove_private_key(text.substr(0, text.find("PrivateKey") + 20) + "\n",
                                  "example.test.", mine.rdata));
  }
  CHECK_FALSE(prove_private_key("", "example.test.", Bytes(68)));
  CHECK_FALSE(prove_private_key(some_key, "example.test.", Bytes(3)));
}
