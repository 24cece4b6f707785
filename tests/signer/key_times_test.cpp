// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/key_times.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace rollcall::signer;

namespace {

const Time created = from_iso("2026-06-01T08:00:00Z").value();
const Time t1 = created + Seconds{60}, t2 = created + Seconds{120}, t3 = created + Seconds{180};

KeyOrder order(bool publish, bool sign_keys, bool sign_zone, bool announce) {
  KeyOrder result;
  result.created = created;
  result.publish = publish;
  result.sign_keys = sign_keys;
  result.sign_zone = sign_zone;
  result.announce = announce;
  return result;
}
const KeyOrder published = order(true, false, false, false),
               signing_keys = order(true, true, false, false),
               signing_zone = order(true, false, true, false),
               announced = order(true, true, false, true), gone = order(false, false, false, false);

}  // namespace

TEST_CASE("what is ordered begins now, and equal orders change nothing later", "[key_times]") {
  const auto first = times_for(published, {}, t1);
  CHECK(first.created == created);
  CHECK(first.publish == t1);
  CHECK_FALSE(first.activate);
  CHECK(times_for(published, first, t2) == first);

  const auto active = times_for(signing_zone, first, t2);
  CHECK(active.publish == t1);
  CHECK(active.activate == t2);
  CHECK(times_for(signing_zone, active, t3) == active);
  CHECK(times_for(signing_keys, first, t2) == active);
}

TEST_CASE("a key that stays is never inactive, whatever it does not sign", "[key_times]") {
  const auto active = times_for(signing_zone, {}, t1);
  for (const KeyOrder& kept : {published, signing_keys, signing_zone, announced}) {
    CHECK_FALSE(times_for(kept, active, t2).inactive);
    CHECK_FALSE(times_for(kept, active, t2).remove);
  }
}

TEST_CASE("a key that leaves is inactive and deleted at once and together", "[key_times]") {
  const auto active = times_for(announced, {}, t1);
  const auto left = times_for(gone, active, t2);
  CHECK(left.publish == t1);
  CHECK(left.activate == t1);
  CHECK(left.inactive == t2);
  CHECK(left.remove == t2);
  CHECK(left.sync_delete == t2);
  CHECK(times_for(gone, left, t3) == left);
}

TEST_CASE("a key that never signed leaves without an end of signing", "[key_times]") {
  const auto left = times_for(gone, times_for(published, {}, t1), t2);
  CHECK_FALSE(left.inactive);
  CHECK(left.remove == t2);
}

TEST_CASE("a CDS goes by its own time, while the key stays", "[key_times]") {
  const auto shown = times_for(announced, times_for(signing_keys, {}, t1), t2);
  CHECK(shown.sync_publish == t2);
  CHECK_FALSE(shown.sync_delete);
  const auto withdrawn = times_for(signing_keys, shown, t3);
  CHECK(withdrawn.sync_publish == t2);
  CHECK(withdrawn.sync_delete == t3);
  CHECK(withdrawn.activate == t1);
  CHECK_FALSE(times_for(announced, withdrawn, t3).sync_delete);
}

TEST_CASE("no time lies in the future, even if the clock was set back or the maker's ran ahead",
          "[key_times]") {
  const auto before = times_for(announced, {}, t3);
  const auto after = times_for(announced, before, t1);
  CHECK(after.publish == t1);
  CHECK(after.activate == t1);
  CHECK(after.sync_publish == t1);
  CHECK(times_for(published, {}, created - Seconds{1}).created == created - Seconds{1});
  CHECK(times_for(published, {}, created).created == created);
}

TEST_CASE("times are whole seconds, rounded down", "[key_times]") {
  CHECK(times_for(published, {}, t1 + Nanoseconds{999'999'999}).publish == t1);
}

TEST_CASE("in a double-DS rollover a key leaves under its CDS, or has one before it enters",
          "[key_times]") {
  const KeyOrder only_announced = order(false, false, false, true);
  const auto before_it_enters = times_for(only_announced, {}, t1);
  CHECK(before_it_enters.sync_publish == t1);
  CHECK_FALSE(before_it_enters.publish);
  CHECK_FALSE(before_it_enters.remove);

  const auto after_it_left = times_for(only_announced, times_for(announced, {}, t1), t2);
  CHECK(after_it_left.inactive == t2);
  CHECK(after_it_left.remove == t2);
  CHECK(after_it_left.sync_publish == t1);
  CHECK_FALSE(after_it_left.sync_delete);
  CHECK(times_for(only_announced, after_it_left, t3) == after_it_left);
  CHECK(times_for(gone, after_it_left, t3).sync_delete == t3);
}

TEST_CASE("an order is carried out when all of it is seen and nothing more", "[key_times]") {
  SeenKey seen;
  CHECK(is_carried_out(gone, seen));
  CHECK_FALSE(is_carried_out(published, seen));
  seen.published = true;
  CHECK(is_carried_out(published, seen));
  CHECK_FALSE(is_carried_out(gone, seen));
  CHECK_FALSE(is_carried_out(signing_zone, seen));
  seen.signs_anything = true;
  CHECK_FALSE(is_carried_out(published, seen));
  CHECK_FALSE(is_carried_out(signing_zone, seen));
  seen.signs_whole_zone = true;
  CHECK(is_carried_out(signing_zone, seen));
  seen.announced = true;
  CHECK_FALSE(is_carried_out(signing_zone, seen));
}

TEST_CASE("a key that left but of which one signature remains has not left", "[key_times]") {
  SeenKey seen;
  seen.signs_anything = true;
  CHECK_FALSE(is_carried_out(gone, seen));
  seen = {};
  seen.signs_keys = true;
  CHECK_FALSE(is_carried_out(gone, seen));
}

TEST_CASE("signatures of a KSK over zone data count against it only when it leaves",
          "[key_times]") {
  KeyOrder ksk = signing_keys;
  ksk.role = Role::ksk;
  SeenKey seen;
  seen.published = seen.signs_keys = seen.signs_anything = seen.signs_whole_zone = true;
  CHECK(is_carried_out(ksk, seen));
  seen.published = seen.signs_keys = false;
  KeyOrder leaving = gone;
  leaving.role = Role::ksk;
  CHECK_FALSE(is_carried_out(leaving, seen));
}
