// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/key_times.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall::signer {
namespace {

using MaybeTime = std::optional<Time>;

MaybeTime since(bool is_so, const MaybeTime& before, Time now) {
  if (!is_so) return std::nullopt;
  return before && *before <= now ? *before : now;
}

// A key that was announced keeps saying so: named withdraws a CDS by its SyncDelete.
void set_announcement(dns::KeyTimes& times, bool announce, const dns::KeyTimes& before, Time now) {
  const bool was_announced = before.sync_publish.has_value();
  times.sync_publish = since(announce || was_announced, before.sync_publish, now);
  times.sync_delete = since(!announce && was_announced, before.sync_delete, now);
}

// Inactive and Delete together, so that no moment has the one without the other.
void set_departure(dns::KeyTimes& times, const dns::KeyTimes& before, Time now) {
  times.publish = since(true, before.publish, now);
  times.activate = since(before.activate.has_value(), before.activate, now);
  times.inactive = since(before.activate.has_value(), before.inactive, now);
  times.remove = since(true, before.remove, now);
}

}  // namespace

bool leaves(const KeyOrder& order) {
  return !order.publish && !order.sign_keys && !order.sign_zone && !order.announce;
}

dns::KeyTimes times_for(const KeyOrder& order, const dns::KeyTimes& before, Time now) {
  now = std::chrono::floor<Seconds>(now);
  dns::KeyTimes times;
  times.created = before.created && *before.created <= now
                      ? *before.created
                      : std::min<Time>(now, std::chrono::floor<Seconds>(order.created));
  set_announcement(times, order.announce, before, now);
  // In a double-DS rollover a KSK leaves, and its CDS stays for a while.
  const bool was_published = before.publish.has_value();
  if (leaves(order) || (was_published && !order.publish)) {
    set_departure(times, before, now);
    return times;
  }
  times.publish = since(order.publish, before.publish, now);
  times.activate = since(order.sign_keys || order.sign_zone, before.activate, now);
  return times;
}

bool is_carried_out(const KeyOrder& order, const SeenKey& seen) {
  // named lets a KSK sign the data of a zone while it has no ZSK, and later refreshes what is left
  // of that by the ZSK: more signatures than ordered by a key that stays do no harm.
  const bool may_sign_more = order.role == Role::ksk && order.publish;
  return seen.published == order.publish && seen.signs_keys == order.sign_keys &&
         (seen.signs_whole_zone || !order.sign_zone) &&
         (seen.signs_anything == order.sign_zone || may_sign_more) &&
         seen.announced == order.announce;
}

bool are_carried_out(std::span<const KeyOrder> orders, const Seen& seen) {
  MUST(orders.size() == seen.keys.size());
  return std::equal(orders.begin(), orders.end(), seen.keys.begin(), is_carried_out);
}

}  // namespace rollcall::signer
