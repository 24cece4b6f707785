// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/stage.h"

#include <algorithm>

#include "lib/signer/key_times.h"
#include "lib/util/must.h"

namespace rollcall::signer {
namespace {

constexpr std::byte revoke_flag{0x80};  // In the low byte of the flags. RFC 5011, 7.

bool is_revoked_form(const KeyOrder& revoked, const KeyOrder& plain) {
  Bytes dnskey = plain.dnskey;
  dnskey.at(1) |= revoke_flag;
  return dnskey != plain.dnskey && dnskey == revoked.dnskey;
}

const KeyOrder* plain_form(const KeyOrder& revoked, std::span<const KeyOrder> orders) {
  const auto found = std::find_if(orders.begin(), orders.end(), [&](const KeyOrder& order) {
    return is_revoked_form(revoked, order);
  });
  return found == orders.end() ? nullptr : &*found;
}

bool is_replaced_by_revoked(const KeyOrder& order, std::span<const KeyOrder> orders) {
  return leaves(order) && std::any_of(orders.begin(), orders.end(), [&](const KeyOrder& other) {
           return other.publish && is_revoked_form(other, order);
         });
}

bool loses_cds_first(const KeyOrder& order, const SeenKey& seen) {
  return leaves(order) && seen.published && seen.announced;
}

KeyOrder without_cds(KeyOrder order, const SeenKey& seen) {
  order.publish = true;
  order.sign_keys = seen.signs_keys;
  order.sign_zone = seen.signs_anything;
  return order;
}

}  // namespace

bool depends_on_served(std::span<const KeyOrder> orders, const HasFiles& has_files) {
  return std::any_of(orders.begin(), orders.end(), [&](const KeyOrder& order) {
    return leaves(order) && rollcall::signs_keys(order.role) && has_files(order);
  });
}

Stage next_stage(std::span<const KeyOrder> orders, const Seen& seen, const HasFiles& has_files) {
  MUST(orders.size() == seen.keys.size());
  const auto waits_for_cds = [&](const KeyOrder& order) {
    return loses_cds_first(order, seen.keys[static_cast<std::size_t>(&order - orders.data())]);
  };
  Stage stage;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const KeyOrder& order = orders[i];
    const KeyOrder* const plain = plain_form(order, orders);
    if (waits_for_cds(order)) {
      stage.write.push_back(without_cds(order, seen.keys[i]));
      stage.last = false;
    } else if (plain != nullptr && waits_for_cds(*plain)) {
      stage.last = false;
    } else if (is_replaced_by_revoked(order, orders)) {
      if (has_files(order)) stage.remove.push_back(order);
    } else if (!leaves(order) || has_files(order) || !is_carried_out(order, seen.keys[i])) {
      stage.write.push_back(order);
    }
  }
  return stage;
}

}  // namespace rollcall::signer
