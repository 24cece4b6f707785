// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/stage.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace rollcall::signer;

namespace {

// A key whose DNSKEY has these flags; one byte is its material.
KeyOrder ksk(unsigned char material, bool revoked = false) {
  KeyOrder order;
  order.role = Role::ksk;
  order.dnskey = {std::byte{1}, revoked ? std::byte{0x81} : std::byte{1}, std::byte{3},
                  std::byte{13}, std::byte{material}};
  return order;
}

KeyOrder in_use(KeyOrder order, bool announce) {
  order.publish = order.sign_keys = true;
  order.announce = announce;
  return order;
}

SeenKey as_ordered(const KeyOrder& order) {
  SeenKey seen;
  seen.published = order.publish;
  seen.signs_keys = order.sign_keys;
  seen.announced = order.announce;
  return seen;
}

Stage stage_of(const std::vector<KeyOrder>& orders, const std::vector<KeyOrder>& served,
               bool have_files = true) {
  Seen seen;
  for (const KeyOrder& key : served) seen.keys.push_back(as_ordered(key));
  return next_stage(orders, seen, [have_files](const KeyOrder&) { return have_files; });
}

}  // namespace

TEST_CASE("what stays or enters is one stage", "[stage]") {
  const std::vector<KeyOrder> orders{in_use(ksk(1), true), in_use(ksk(2), false)};
  const Stage stage = stage_of(orders, {orders[0], ksk(2)}, false);
  CHECK(stage.last);
  CHECK(stage.write.size() == 2);
  CHECK(stage.remove.empty());
}

TEST_CASE("a key that leaves with its CDS loses that first", "[stage]") {
  const Stage first = stage_of({ksk(1)}, {in_use(ksk(1), true)});
  CHECK_FALSE(first.last);
  REQUIRE(first.write.size() == 1);
  CHECK(first.write[0].publish);
  CHECK(first.write[0].sign_keys);
  CHECK_FALSE(first.write[0].announce);

  const Stage then = stage_of({ksk(1)}, {in_use(ksk(1), false)});
  CHECK(then.last);
  REQUIRE(then.write.size() == 1);
  CHECK_FALSE(then.write[0].publish);
}

TEST_CASE("a CDS without a DNSKEY leaves at once", "[stage]") {
  KeyOrder announced = ksk(1);
  announced.announce = true;
  CHECK(stage_of({ksk(1)}, {announced}).last);
}

TEST_CASE("a key that left has no files, and gets none", "[stage]") {
  CHECK(stage_of({ksk(1)}, {ksk(1)}, false).write.empty());
  CHECK(stage_of({ksk(1)}, {ksk(1)}, true).write.size() == 1);
  CHECK(stage_of({ksk(1)}, {in_use(ksk(1), false)}, false).write.size() == 1);
}

TEST_CASE("only the file of the revoked form takes the plain one away", "[stage]") {
  const std::vector<KeyOrder> orders{ksk(1), in_use(ksk(1, true), false)};

  SECTION("when the CDS has left") {
    const Stage stage = stage_of(orders, {in_use(ksk(1), false), ksk(1, true)});
    CHECK(stage.last);
    REQUIRE(stage.write.size() == 1);
    CHECK(stage.write[0].dnskey == ksk(1, true).dnskey);
    REQUIRE(stage.remove.size() == 1);
    CHECK(stage.remove[0].dnskey == ksk(1).dnskey);
  }
  SECTION("which comes first, while the revoked form waits") {
    const Stage stage = stage_of(orders, {in_use(ksk(1), true), ksk(1, true)});
    CHECK_FALSE(stage.last);
    REQUIRE(stage.write.size() == 1);
    CHECK(stage.write[0].dnskey == ksk(1).dnskey);
    CHECK(stage.remove.empty());
  }
  SECTION("later there is nothing of it") {
    const Stage stage = stage_of(orders, {ksk(1), in_use(ksk(1, true), false)}, false);
    CHECK(stage.remove.empty());
    CHECK(stage.write.size() == 1);
  }
  SECTION("and a revoked key of other material is another matter") {
    const Stage stage =
        stage_of({ksk(1), in_use(ksk(2, true), false)}, {in_use(ksk(1), false), ksk(2, true)});
    CHECK(stage.write.size() == 2);
    CHECK(stage.remove.empty());
  }
}

TEST_CASE("what is served matters first only where a CDS may have to go", "[stage]") {
  const auto files = [](const KeyOrder&) { return true; };
  const auto no_files = [](const KeyOrder&) { return false; };
  KeyOrder zsk = ksk(1);
  zsk.role = Role::zsk;
  CHECK(depends_on_served(std::vector{ksk(1)}, files));
  CHECK_FALSE(depends_on_served(std::vector{ksk(1)}, no_files));
  CHECK_FALSE(depends_on_served(std::vector{zsk}, files));
  CHECK_FALSE(depends_on_served(std::vector{in_use(ksk(1), true)}, files));
}
