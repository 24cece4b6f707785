// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/core_crypto.h"

#include <catch2/catch.hpp>

#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/dns/names.h"

using namespace rollcall;
using namespace rollcall::agent;

TEST_CASE("a rank is that of the zone in wire form, and names that are no zones have one too",
          "[core_crypto]") {
  const Keyring keyring{crypto::Identity::make()};
  const CoreCrypto ours{crypto::random_uuid(), keyring};
  const MemberId member = crypto::random_uuid();
  CHECK(ours.rank(member, "example.test.") ==
        crypto::rendezvous(member, dns::zone_wire("example.test.")));
  const std::string name_of_member = to_string(crypto::random_uuid());
  const std::string id_of_fact = to_string(FactId{{member, 3}, 4711});
  for (const std::string& name : {name_of_member, id_of_fact, std::string{}}) {
    CHECK(ours.rank(member, name) == crypto::rendezvous(member, to_bytes(name)));
    CHECK(ours.rank(member, name) != ours.rank(crypto::random_uuid(), name));
  }
}
