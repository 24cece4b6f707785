// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/views.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace std::chrono_literals;

namespace {

constexpr KeySet ksk = 1, zsk = 2, new_ksk = 4, new_zsk = 8;
constexpr Time t0{};
constexpr Seconds ttl = 1h;

Ledger signed_zone(std::size_t servers) {
  Ledger ledger;
  ledger.serve_ds(100, ksk, ttl, t0);
  for (std::size_t server = 0; server < servers; ++server) {
    ledger.serve_dnskey(server, {ksk | zsk, ksk}, ttl, t0);
    ledger.serve_data(server, zsk, ttl, t0);
  }
  return ledger;
}

}  // namespace

TEST_CASE("a zone without DS is never bogus, whatever it serves", "[views]") {
  Ledger ledger;
  ledger.serve_ds(100, 0, ttl, t0);
  ledger.serve_dnskey(0, {zsk, zsk}, ttl, t0);
  ledger.serve_data(0, 0, ttl, t0);
  CHECK_FALSE(find_bogus(ledger.views(t0)));
}

TEST_CASE("a new ZSK may sign one TTL after its DNSKEY was published, and not a second earlier", "[views]") {
  Ledger ledger = signed_zone(1);
  ledger.serve_dnskey(0, {ksk | zsk | new_zsk, ksk}, ttl, t0 + 10h);

  SECTION("a second early: a cache pairs the new signature with the old DNSKEY RRset") {
    ledger.serve_data(0, new_zsk, ttl, t0 + 10h + ttl - 1s);
    const auto bogus = find_bogus(ledger.views(t0 + 10h + ttl - 1s));
    REQUIRE(bogus);
    CHECK(bogus->pair == Bogus::Pair::dnskey_data);
    CHECK(bogus->data == new_zsk);
  }
  SECTION("at the second") {
    ledger.serve_data(0, new_zsk, ttl, t0 + 10h + ttl);
    CHECK_FALSE(find_bogus(ledger.views(t0 + 10h + ttl)));
  }
}

TEST_CASE("one replica of three that lags is enough to be bogus", "[views]") {
  Ledger ledger = signed_zone(3);
  ledger.serve_dnskey(0, {ksk | zsk | new_zsk, ksk}, ttl, t0);
  ledger.serve_dnskey(1, {ksk | zsk | new_zsk, ksk}, ttl, t0);
  ledger.serve_data(0, new_zsk, ttl, t0 + 100h);
  CHECK(find_bogus(ledger.views(t0 + 100h)));

  SECTION("a server that stopped answering stays in caches for a TTL") {
    ledger.stop(2, t0 + 100h);
    CHECK(find_bogus(ledger.views(t0 + 100h + ttl - 1s)));
    CHECK_FALSE(find_bogus(ledger.views(t0 + 100h + ttl)));
  }
}

TEST_CASE("a DS must lead to a key that is published and signs, in every pair", "[views]") {
  Ledger ledger = signed_zone(1);
  SECTION("published but not signing") {
    ledger.serve_dnskey(0, {ksk | zsk | new_ksk, ksk}, ttl, t0 + 1h);
    ledger.serve_ds(100, new_ksk, ttl, t0 + 9h);
    CHECK(find_bogus(ledger.views(t0 + 9h)));
  }
  SECTION("published and signing everywhere") {
    ledger.serve_dnskey(0, {ksk | zsk | new_ksk, ksk | new_ksk}, ttl, t0 + 1h);
    ledger.serve_ds(100, new_ksk, ttl, t0 + 9h);
    CHECK_FALSE(find_bogus(ledger.views(t0 + 9h)));
  }
  SECTION("the old KSK leaves before its DS left the caches") {
    ledger.serve_dnskey(0, {ksk | zsk | new_ksk, ksk | new_ksk}, ttl, t0 + 1h);
    ledger.serve_ds(100, new_ksk, ttl, t0 + 9h);
    ledger.serve_dnskey(0, {zsk | new_ksk, new_ksk}, ttl, t0 + 9h + ttl - 1s);
    CHECK(find_bogus(ledger.views(t0 + 9h + ttl - 1s)));
    CHECK_FALSE(find_bogus(ledger.views(t0 + 9h + ttl)));
  }
}

TEST_CASE("trimming forgets only what no cache can hold", "[views]") {
  Ledger ledger = signed_zone(1);
  ledger.serve_data(0, zsk | new_zsk, ttl, t0 + 1h);
  ledger.trim(t0 + 2h - 1s);
  CHECK(ledger.views(t0 + 2h - 1s).data.size() == 2);
  ledger.trim(t0 + 2h);
  CHECK(ledger.views(t0 + 2h).data == std::vector<KeySet>{zsk | new_zsk});
}

TEST_CASE("resolvers may insist on every algorithm: of the DS, or of the DNSKEY", "[views]") {
  constexpr KeySet old_ksk = ksk, old_zsk = zsk;
  const std::vector<KeySet> algorithms{old_ksk | old_zsk, new_ksk | new_zsk};
  const auto bogus = [&](const Views& views, Insists insists) { return find_bogus(views, insists, algorithms).has_value(); };
  const KeySet all = old_ksk | old_zsk | new_ksk | new_zsk;

  SECTION("two algorithms in the DS, one signs the DNSKEY RRset") {
    const Views views{{old_ksk | new_ksk}, {{all, old_ksk}}, {old_zsk | new_zsk}};
    CHECK_FALSE(bogus(views, Insists::any));
    CHECK(bogus(views, Insists::every_in_ds));
    CHECK_FALSE(bogus(views, Insists::every_in_dnskey));
  }
  SECTION("two algorithms in the DNSKEY RRset, one signs the data") {
    const Views views{{old_ksk}, {{all, old_ksk | new_ksk}}, {old_zsk}};
    CHECK_FALSE(bogus(views, Insists::any));
    CHECK_FALSE(bogus(views, Insists::every_in_ds));
    CHECK(bogus(views, Insists::every_in_dnskey));
  }
  SECTION("both sign everything") {
    const Views views{{old_ksk | new_ksk}, {{all, old_ksk | new_ksk}}, {old_zsk | new_zsk}};
    for (const Insists insists : {Insists::any, Insists::every_in_ds, Insists::every_in_dnskey}) CHECK_FALSE(bogus(views, insists));
  }
  SECTION("no DS, nobody validates") {
    const Views views{{0}, {{all, 0}}, {old_zsk}};
    for (const Insists insists : {Insists::any, Insists::every_in_ds, Insists::every_in_dnskey}) CHECK_FALSE(bogus(views, insists));
  }
}
