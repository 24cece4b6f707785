// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/parent.h"

#include <catch2/catch.hpp>

#include "lib/crypto/zone_key.h"
#include "tests/agent/embedded_directory.h"

using namespace rollcall;
using namespace rollcall::agent;

namespace {

const ZoneName zone = "example.test.";

Bytes new_dnskey() {
  return crypto::generate(Role::ksk, Algorithm::ecdsap256sha256).value().dnskey;
}

dns::Ds ds_of(const Bytes& dnskey, dns::DigestType type = dns::DigestType::sha256) {
  return dns::ds_of(zone, dnskey, type).value();
}

dns::DsAnswer answer(std::vector<dns::Ds> ds, Seconds ttl = Seconds{60}) {
  return {std::move(ds), ttl};
}

using Fingerprints = std::vector<Fingerprint>;

struct TwoKeys {
  Bytes old_key = new_dnskey(), new_key = new_dnskey();
  Fingerprint old_id = dns::fingerprint(old_key), new_id = dns::fingerprint(new_key);

  ParentAnswer combined(const std::vector<dns::DsAnswer>& answers) const {
    return combine(answers, zone, {old_key, new_key});
  }
};

}  // namespace

TEST_CASE_METHOD(TwoKeys, "a DS counts when every address of the parent shows it", "[parent]") {
  const auto all = combined({answer({ds_of(old_key), ds_of(new_key)}), answer({ds_of(new_key)})});
  CHECK(all.ds == Fingerprints{new_id});
  CHECK(all.ds_somewhere == Fingerprints{old_id});
  CHECK(all.unknown == 0);

  const auto none = combined({answer({}), answer({})});
  CHECK(none.ds.empty());
  CHECK(none.ds_somewhere.empty());
}

TEST_CASE_METHOD(TwoKeys, "a DS counts with any digest, another one at each address too",
                 "[parent]") {
  const auto both = combined({answer({ds_of(new_key, dns::DigestType::sha256)}),
                              answer({ds_of(new_key, dns::DigestType::sha384)})});
  CHECK(both.ds == Fingerprints{new_id});
  CHECK(both.unknown == 0);
}

TEST_CASE_METHOD(TwoKeys, "a DS of nobody's key is counted once, wherever it stands", "[parent]") {
  const Bytes stranger = new_dnskey();
  const auto one = combined({answer({ds_of(stranger)}), answer({ds_of(stranger), ds_of(new_key)})});
  CHECK(one.unknown == 1);
  CHECK(one.ds.empty());
  CHECK(one.ds_somewhere == Fingerprints{new_id});

  dns::Ds other_digest = ds_of(new_key);
  other_digest.digest[0] ^= std::byte{1};
  CHECK(combined({answer({other_digest})}).unknown == 1);
  CHECK(combined({answer({other_digest})}).ds.empty());
}

TEST_CASE_METHOD(TwoKeys, "caches may have the largest TTL that any address gave", "[parent]") {
  CHECK(
      combined({answer({}, Seconds{60}), answer({}, Seconds{3600}), answer({}, Seconds{5})}).ttl ==
      Seconds{3600});
}

TEST_CASE_METHOD(TwoKeys, "a silent address is named, and nothing is said of the others",
                 "[parent]") {
  const dns::Address nobody{"127.0.0.1", test::free_port()};
  const auto asked = ask_parent({nobody}, zone, {new_key}, dns::Timeout{2000});
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Errc::unavailable);
  CHECK_THAT(asked.error().what, Catch::StartsWith("parent server " + to_string(nobody) + ": "));
}

TEST_CASE("the closest parent is asked", "[parent]") {
  const std::vector<ParentServers> parents{{"test.", {}}, {".", {}}};
  CHECK(parent_of(parents, "example.test.")->zone == "test.");
  CHECK(parent_of(parents, "a.example.test.")->zone == "test.");
  CHECK(parent_of(parents, "test.")->zone == ".");
  CHECK(parent_of(parents, "contest.")->zone == ".");  // not below test.
  CHECK(parent_of({}, "example.test.") == nullptr);
}
