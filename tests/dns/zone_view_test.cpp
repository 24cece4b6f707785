// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/zone_view.h"

#include "tests/dns/signed_zone.h"

using namespace rollcall;
using namespace rollcall::dns;
using rollcall::dns::test::ZoneMaker;

namespace {

const Time inception = from_iso("2026-06-01T00:00:00Z").value();
const Time middle = from_iso("2026-06-15T00:00:00Z").value();
const Time expiration = from_iso("2026-07-01T00:00:00Z").value();

ZoneView view(const std::string& text, const std::vector<Bytes>& keys, Time now = middle) {
  return view_zone(zone_from_text("example.test.", text).value(), keys, now).value();
}

// All lines but those in which both words stand.
std::string without(const std::string& text, const std::string& one, const std::string& other) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(one) == std::string::npos || line.find(other) == std::string::npos)
      kept += line + '\n';
  }
  REQUIRE(kept.size() < text.size());
  return kept;
}

// Another last digit in the signature of the only line that has both words.
std::string spoilt(std::string text, const std::string& one, const std::string& other) {
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos;
       start = end + 1, end = text.find('\n', start)) {
    const std::string line = text.substr(start, end - start);
    if (line.find(one) == std::string::npos || line.find(other) == std::string::npos) continue;
    char& digit = text[text.rfind(' ', end) + 1];
    digit = digit == 'A' ? 'B' : 'A';
    return text;
  }
  FAIL("no such line");
  return text;
}

struct OneSigned {
  ZoneMaker maker;
  ZoneMaker::MadeKey ksk = maker.key("-a 13 -f KSK -L 60");
  ZoneMaker::MadeKey zsk = maker.key("-a 13 -L 60");
  std::string text = maker.signed_by({ksk, zsk}, "-x");
  std::vector<Bytes> keys{ksk.rdata, zsk.rdata};
};

}  // namespace

TEST_CASE_METHOD(OneSigned, "the KSK signs the keys and the ZSK every RRset that needs it",
                 "[zone_view]") {
  const ZoneView seen = view(text, keys);
  CHECK(seen.keys[0].published);
  CHECK(seen.keys[0].signs_keys);
  CHECK_FALSE(seen.keys[0].signs_anything);
  CHECK_FALSE(seen.keys[0].signs_whole_zone);
  CHECK_FALSE(seen.keys[0].announced);
  CHECK(seen.keys[1].published);
  CHECK_FALSE(seen.keys[1].signs_keys);
  CHECK(seen.keys[1].signs_anything);
  CHECK(seen.keys[1].signs_whole_zone);
}

TEST_CASE_METHOD(OneSigned, "a view has the zone's own figures", "[zone_view]") {
  const ZoneView seen = view(text, keys);
  CHECK(seen.serial == 7);
  CHECK(seen.dnskey_ttl == Seconds{60});
  CHECK(seen.max_zone_ttl == Seconds{900});
  CHECK(seen.first_expiry == expiration);
  CHECK(seen.foreign_keys.empty());
  CHECK(view(text, {ksk.rdata}).foreign_keys == std::vector<Bytes>{zsk.rdata});
  CHECK(view(text, {}).foreign_keys.size() == 2);
}

TEST_CASE("the SOA's minimum counts as a TTL", "[zone_view]") {
  const std::string soa = "example.test. 10 IN SOA ns.example.test. h.example.test. 1 1 1 1 77\n";
  CHECK(view(soa, {}).max_zone_ttl == Seconds{77});
}

TEST_CASE_METHOD(OneSigned, "one signature less, and the zone is not wholly signed",
                 "[zone_view]") {
  for (const char* const which : {"SOA 13", "NS 13", "NSEC 13", "DS 13", "TXT 13"}) {
    INFO(which);
    const auto lost = view(without(text, "RRSIG", which), keys).keys[1];
    CHECK_FALSE(lost.signs_whole_zone);
    CHECK(lost.signs_anything);
  }
  CHECK_FALSE(view(without(text, "RRSIG", "DNSKEY 13"), keys).keys[0].signs_keys);
}

TEST_CASE_METHOD(OneSigned, "a signature counts only if it verifies", "[zone_view]") {
  CHECK_FALSE(
      view(spoilt(text, "long.example.test.", "RRSIG\tTXT"), keys).keys[1].signs_whole_zone);
  CHECK_FALSE(view(spoilt(text, "RRSIG", "DNSKEY 13"), keys).keys[0].signs_keys);
}

TEST_CASE_METHOD(OneSigned, "a signature counts from its inception to its expiration",
                 "[zone_view]") {
  CHECK_FALSE(view(text, keys, inception - Seconds{1}).keys[1].signs_whole_zone);
  CHECK(view(text, keys, inception).keys[1].signs_whole_zone);
  CHECK(view(text, keys, expiration).keys[1].signs_whole_zone);
  CHECK_FALSE(view(text, keys, expiration + Seconds{1}).keys[1].signs_whole_zone);
  CHECK(view(text, keys, expiration + Seconds{1}).keys[1].signs_anything);
}

TEST_CASE_METHOD(OneSigned, "a key that nobody published has nothing", "[zone_view]") {
  const auto other = maker.key("-a 13 -L 60");
  const KeyView seen = view(text, {other.rdata}).keys[0];
  CHECK_FALSE(seen.published);
  CHECK_FALSE(seen.signs_keys);
  CHECK_FALSE(seen.signs_anything);
}

TEST_CASE_METHOD(OneSigned, "during a swap both ZSKs sign everything", "[zone_view]") {
  const auto next = maker.key("-a 13 -L 60");
  const ZoneView seen = view(maker.signed_by({ksk, zsk, next}), {zsk.rdata, next.rdata});
  CHECK(seen.keys[0].signs_whole_zone);
  CHECK(seen.keys[1].signs_whole_zone);
}

TEST_CASE_METHOD(OneSigned, "opt-out leaves insecure delegations without a record of denial",
                 "[zone_view]") {
  CHECK(view(maker.signed_by({ksk, zsk}, "-x -3 - -A"), keys).keys[1].signs_whole_zone);
}

TEST_CASE_METHOD(OneSigned, "names below a DNAME need no signature", "[zone_view]") {
  const std::string occluded =
      "d.example.test. 60 IN DNAME example.org.\nx.d.example.test. 60 IN A 192.0.2.9\n";
  CHECK(view(maker.signed_by({ksk, zsk}, "-x", occluded), keys).keys[1].signs_whole_zone);
}

TEST_CASE_METHOD(OneSigned,
                 "a key is announced by its CDS, and needs none but the KSK's signature there",
                 "[zone_view]") {
  const std::string cds = cds_record("example.test.", ksk.rdata, DigestType::sha256).value() + "\n";
  const ZoneView seen = view(maker.signed_by({ksk, zsk}, "-x", cds), keys);
  CHECK(seen.keys[0].announced);
  CHECK_FALSE(seen.keys[1].announced);
  CHECK(seen.keys[1].signs_whole_zone);
}

TEST_CASE("each algorithm's signatures verify", "[zone_view]") {
  for (const char* const algorithm : {"-a 8 -b 2048", "-a 13", "-a 14", "-a 15"}) {
    INFO(algorithm);
    ZoneMaker maker;
    const auto csk = maker.key(std::string(algorithm) + " -f KSK -L 60");
    const KeyView seen = view(maker.signed_by({csk}, "-z"), {csk.rdata}).keys[0];
    CHECK(seen.signs_keys);
    CHECK(seen.signs_whole_zone);
  }
}

TEST_CASE("an unsigned zone has a view, a file without SOA has none", "[zone_view]") {
  const std::string soa = "example.test. 10 IN SOA ns.example.test. h.example.test. 1 1 1 1 1\n";
  CHECK(view(soa, {}).first_expiry == std::nullopt);
  CHECK(view(soa, {}).dnskey_ttl == Seconds{0});
  const auto none =
      zone_from_text("example.test.", "www.example.test. 10 IN A 192.0.2.1\n").value();
  CHECK(view_zone(none, {}, middle).error().what == "example.test. has no SOA");
  const auto zone = zone_from_text("example.test.", soa).value();
  CHECK_FALSE(view_zone(zone, std::vector<Bytes>{Bytes(4)}, middle));
}

TEST_CASE("a zone in text form names the bad line", "[zone]") {
  const auto bad = zone_from_text("example.test.", "; fine\n\nexample.test. 10 IN A 192.0.2.300\n");
  REQUIRE_FALSE(bad);
  CHECK_THAT(bad.error().what, Catch::Contains("example.test. line 3: "));
}
