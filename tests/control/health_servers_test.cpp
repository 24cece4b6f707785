// SPDX-License-Identifier: GPL-3.0-or-later
// What another member's DNS server gives.
#include "lib/control/health_servers.h"

#include "tests/control/health_sample.h"

using namespace rollcall;
using namespace rollcall::control;
using namespace rollcall::sample;
using namespace std::chrono_literals;

namespace {

/// What a server of the quiet zone of the sample gives when all is well.
ServedApex served() {
  return {{{ksk().fingerprint, 20013, false}, {old_zsk().fingerprint, 11742, false}},
          {{true, 20013, now + 96h}, {false, 11742, now + 96h}}};
}

Json served_by_bob(const Result<ServedApex>& apex) {
  HealthLooks looks = well();
  looks.servers = {{bob, "192.0.2.2@53", "example.net.", apex}};
  return judged(calm(), looks);
}

}  // namespace

TEST_CASE("what another member's server gives is compared with what all have acked", "[health]") {
  ServedApex apex = served();
  SECTION("the same") { CHECK(served_by_bob(apex).at("findings").empty()); }
  SECTION("a key is missing") {
    apex.keys.erase(apex.keys.begin());
    const Json health = served_by_bob(apex);
    CHECK(health.at("code") == 2);
    CHECK(only(health).at("about") == "b.example.com");
    CHECK(only(health).at("key") == "served:b.example.com:example.net.:KSK 20013");
  }
  SECTION("a key that is none of ours") {
    apex.keys.push_back({Fingerprint{}, 4711, false});
    CHECK(served_by_bob(apex).at("code") == 1);
    CHECK(what_of(only(served_by_bob(apex))) ==
          "example.net. at 192.0.2.2@53: it gives DNSKEY 4711, which is none of ours");
  }
  SECTION("a key as revoked that is not") {
    apex.keys[1].revoked = true;
    CHECK(only(served_by_bob(apex)).at("level") == "warning");
  }
  SECTION("no signature of ours over the SOA") {
    apex.signatures[1].key_tag = 4711;
    CHECK(what_of(only(served_by_bob(apex))) ==
          "example.net. at 192.0.2.2@53: no key of ours signs the SOA");
    CHECK(served_by_bob(apex).at("code") == 2);
  }
  SECTION("signatures that expire") {
    apex.signatures[0].expires = now + 72h - 1s;
    CHECK(served_by_bob(apex).at("code") == 1);
    apex.signatures[0].expires = now + 24h - 1s;
    CHECK(served_by_bob(apex).at("code") == 2);
    apex.signatures[0].expires = now - 1h;
    CHECK(what_of(only(served_by_bob(apex))) ==
          "example.net. at 192.0.2.2@53: the signature over the DNSKEY RRset expired 60m ago");
  }
  SECTION("no answer") {
    const Json finding = only(served_by_bob(fail(Errc::unavailable, "SERVFAIL")));
    CHECK(what_of(finding) ==
          "example.net. at 192.0.2.2@53: its DNS server does not give it: SERVFAIL");
    CHECK(finding.at("level") == "warning");
  }
  SECTION("of a key that comes or goes either is right") {
    HealthLooks looks = well();
    looks.servers = {{bob, "192.0.2.2@53", "example.org.", apex}};
    CHECK(judged(calm(), looks).at("findings").empty());
    apex.keys.push_back({new_zsk().fingerprint, 41211, false});
    looks.servers.front().apex = apex;
    CHECK(judged(calm(), looks).at("findings").empty());
  }
}
