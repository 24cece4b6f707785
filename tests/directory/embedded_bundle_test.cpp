// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of the embedded directory: bundle, settings, URIs, peers in slapd's configuration.
#include "lib/directory/embedded_bundle.h"

#include <catch2/catch.hpp>

#include "lib/directory/embedded_config.h"

using namespace rollcall;
using namespace rollcall::directory;

namespace {

const std::vector<Peer> peers{{1, "ldap://a.example.test:389"}, {12, "ldap://[2001:db8::1]:1389"}};

Secret sample() {
  return print_bundle({*make_authority(), make_replication_secret(), peers});
}

}  // namespace

TEST_CASE("a bundle comes back as it went out", "[embedded]") {
  const Secret text = sample();
  const auto bundle = parse_bundle(text);
  REQUIRE(bundle);
  CHECK(bundle->peers == peers);
  CHECK(print_bundle(*bundle) == text);
  CHECK(issue_certificate(bundle->authority, "127.0.0.1"));
}

TEST_CASE("a bundle cut off before its end makes no server", "[embedded]") {
  const Secret text = sample();
  const std::size_t last_line = text.text().rfind("\n-----END");
  for (std::size_t size = 0; size <= last_line; ++size) {
    INFO(size << " bytes");
    const auto bundle = parse_bundle(text.first(size));
    REQUIRE_FALSE((bundle && issue_certificate(bundle->authority, "127.0.0.1")));
  }
}

TEST_CASE("settings come back, and damaged ones are refused", "[embedded]") {
  const EmbeddedSettings settings{peers[0], "ldap://:389", "ldapi://%2frun%2fldapi", make_uuid()};
  const std::string text = print_settings(settings);
  const auto back = parse_settings(text);
  REQUIRE(back);
  CHECK(print_settings(*back) == text);
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(parse_settings(text.substr(0, size)));
}

TEST_CASE("a server's URI is ldap, a host, and perhaps a port", "[embedded]") {
  CHECK(host_of("ldap://a.example.test") == "a.example.test");
  CHECK(host_of("ldap://127.0.0.1:65535") == "127.0.0.1");
  CHECK(host_of("ldap://[::1]:389") == "::1");
  for (const char* uri : {"", "ldap://", "ldaps://a", "ldap://a:65536", "ldap://a:", "ldap://a b", "ldap://a\"b",
                          "ldap://a:389/x", "ldap://:389"}) {
    INFO(uri);
    CHECK_FALSE(host_of(uri));
  }
}

TEST_CASE("a peer is found in what slapd makes of its line", "[embedded]") {
  const Secret secret = make_replication_secret();
  for (const Peer& peer : peers) CHECK(peer_in(syncrepl_value(peer, secret)) == peer);
  CHECK(peer_in("{3}rid=012 provider=\"ldap://[2001:db8::1]:1389\" bindmethod=simple") == peers[1]);
  CHECK_FALSE(peer_in("searchbase=\"cn=rollcall\""));
}
