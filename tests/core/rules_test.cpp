// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/rules.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using enum State;

namespace {

constexpr Algorithm alg = Algorithm::ecdsap256sha256;
constexpr std::size_t none = KeyStates::no_successor;

// (DNSKEY, KRRSIG, DS) of a KSK, and who replaces it.
KeyStates ksk(State dnskey, State krrsig, State ds, std::size_t successor = none) {
  return {alg, dnskey, krrsig, hidden, ds, successor};
}
// (DNSKEY, ZRRSIG) of a ZSK, and who replaces it.
KeyStates zsk(State dnskey, State zrrsig, std::size_t successor = none) {
  return {alg, dnskey, hidden, zrrsig, hidden, successor};
}
const KeyStates trusted = ksk(omnipresent, omnipresent, omnipresent);

using Keys = std::vector<KeyStates>;

}  // namespace

TEST_CASE("a chain holds with one whole key", "[rules]") {
  CHECK(chain_holds(Keys{trusted}));
  CHECK(chain_holds(Keys{ksk(omnipresent, omnipresent, hidden)}));  // nobody asks for it
  CHECK_FALSE(chain_holds(Keys{ksk(rumoured, omnipresent, omnipresent)}));
  CHECK_FALSE(chain_holds(Keys{ksk(omnipresent, rumoured, omnipresent)}));
  CHECK_FALSE(chain_holds(Keys{ksk(omnipresent, unretentive, omnipresent)}));
}

TEST_CASE("a DS swap holds only between a key and its successor", "[rules]") {
  const KeyStates old_key = ksk(omnipresent, omnipresent, unretentive, 1);
  CHECK(chain_holds(Keys{old_key, ksk(omnipresent, omnipresent, rumoured)}));
  CHECK_FALSE(chain_holds(Keys{old_key, ksk(rumoured, omnipresent, rumoured)}));
}

TEST_CASE("a DNSKEY swap under two DS holds between a key and its successor", "[rules]") {
  CHECK(chain_holds(Keys{ksk(unretentive, unretentive, omnipresent, 1), ksk(rumoured, rumoured, omnipresent)}));
  CHECK_FALSE(chain_holds(Keys{ksk(unretentive, unretentive, omnipresent), ksk(rumoured, rumoured, omnipresent)}));
  CHECK_FALSE(chain_holds(Keys{ksk(unretentive, unretentive, omnipresent, 1), ksk(rumoured, rumoured, rumoured)}));
}

TEST_CASE("data holds with one key that is everywhere in both records", "[rules]") {
  CHECK(data_holds(Keys{trusted, zsk(omnipresent, omnipresent)}));
  CHECK_FALSE(data_holds(Keys{trusted, zsk(omnipresent, rumoured)}));
  CHECK_FALSE(data_holds(Keys{trusted, zsk(rumoured, omnipresent)}));
  CHECK(data_holds(Keys{ksk(omnipresent, omnipresent, hidden), zsk(rumoured, rumoured)}));  // no DS yet
}

TEST_CASE("a signature swap needs both DNSKEYs everywhere", "[rules]") {
  CHECK(data_holds(Keys{trusted, zsk(omnipresent, unretentive, 2), zsk(omnipresent, rumoured)}));
  CHECK_FALSE(data_holds(Keys{trusted, zsk(omnipresent, unretentive, 2), zsk(rumoured, rumoured)}));
  CHECK_FALSE(data_holds(Keys{trusted, zsk(omnipresent, unretentive), zsk(omnipresent, rumoured)}));
}

TEST_CASE("a change may not break a rule that held", "[rules]") {
  const Keys before{trusted, zsk(omnipresent, omnipresent, 2), zsk(rumoured, hidden)};
  Keys early = before;
  early[1].zrrsig = unretentive;
  early[2].zrrsig = rumoured;
  CHECK_FALSE(forbidden(before, early, true).empty());

  Keys ready = before;
  ready[2].dnskey = omnipresent;
  Keys swapped = ready;
  swapped[1].zrrsig = unretentive;
  swapped[2].zrrsig = rumoured;
  CHECK(forbidden(ready, swapped, true).empty());
}

TEST_CASE("where a rule is broken already, repairs are allowed and withdrawals are not", "[rules]") {
  const Keys broken{trusted, zsk(rumoured, rumoured), zsk(hidden, hidden)};
  Keys repaired = broken;
  repaired[2].dnskey = rumoured;
  CHECK(forbidden(broken, repaired, false).empty());
  Keys worse = broken;
  worse[1].dnskey = unretentive;
  CHECK_FALSE(forbidden(broken, worse, true).empty());
}

TEST_CASE("the last DS is not withdrawn", "[rules]") {
  const Keys before{trusted, zsk(omnipresent, omnipresent)};
  Keys after = before;
  after[0].ds = unretentive;
  CHECK(forbidden(before, after, true) == "the last DS would be withdrawn");
}

// Rolling again before the first roll was over: K1 may lean on K3 through K2 only while K2 and K3
// are in the same states. Without this BIND lost chains (GL#2375).
TEST_CASE("three is a crowd", "[rules]") {
  const KeyStates first = ksk(omnipresent, omnipresent, unretentive, 1);
  SECTION("K2 and K3 alike: K3 stands in") {
    const Keys keys{first, ksk(omnipresent, omnipresent, rumoured, 2), ksk(omnipresent, omnipresent, rumoured)};
    CHECK(succeeds(keys, 0, 1));
    CHECK(succeeds(keys, 0, 2));
  }
  SECTION("K2 and K3 differ: it does not") {
    const Keys keys{first, ksk(omnipresent, omnipresent, unretentive, 2), ksk(omnipresent, omnipresent, rumoured)};
    CHECK(succeeds(keys, 0, 1));
    CHECK_FALSE(succeeds(keys, 0, 2));
  }
  SECTION("K2 leans on nobody while K1 still leans on it") {
    const Keys keys{first, ksk(omnipresent, omnipresent, unretentive, 2), ksk(omnipresent, omnipresent, rumoured)};
    CHECK_FALSE(succeeds(keys, 1, 2));
    CHECK(succeeds(Keys{ksk(hidden, hidden, hidden, 1), keys[1], keys[2]}, 1, 2));
  }
  SECTION("a ring of links is not followed for ever") {
    const Keys keys{ksk(omnipresent, omnipresent, rumoured, 1), ksk(omnipresent, omnipresent, rumoured, 0)};
    CHECK_FALSE(succeeds(keys, 0, 1));
  }
}
