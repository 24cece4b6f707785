// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/pace.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::agent {
namespace {

bool has(const KeyTarget& target, Record record) {
  switch (record) {
    case Record::dnskey:
      return target.dnskey;
    case Record::krrsig:
      return target.krrsig;
    case Record::zrrsig:
      return target.zrrsig;
    case Record::ds:
      return target.ds;
    case Record::revoked:
      return target.revoked;
  }
  return false;
}

bool is_ordered(const std::vector<KeyTarget>& keys, const KeyRecord& what) {
  return std::ranges::any_of(keys, [&what](const KeyTarget& target) {
    return target.key == what.key && has(target, what.record);
  });
}

bool is_carried_out_by(const std::vector<KeyTarget>& keys, const Decision& decision) {
  const auto ordered = [&keys](const KeyRecord& what) { return is_ordered(keys, what); };
  return std::ranges::all_of(decision.introduces, ordered) &&
         std::ranges::none_of(decision.withdraws, ordered);
}

}  // namespace

void Pace::heard(const Decision& decision, Moment now) {
  const auto last = ordered_.find(decision.zone);
  if (last != ordered_.end() && is_carried_out_by(last->second, decision)) return;
  heard_.try_emplace(decision.zone, now);
}

std::optional<Pace::Moment> Pace::ordered(const Export& order) {
  ordered_[order.zone] = order.keys;
  const auto found = heard_.extract(order.zone);
  if (found.empty()) return std::nullopt;
  return found.mapped();
}

std::string pace_text(Pace::Moment heard, Pace::Moment now, const signer::Seen& seen) {
  const auto since_heard = [heard](Pace::Moment moment) {
    return std::chrono::duration<double, std::milli>(moment - heard).count();
  };
  const std::string seen_text = fmt::format("seen_ms={:.3f}", since_heard(now));
  if (!seen.told_at) return seen_text;
  return fmt::format("told_ms={:.3f} {}", since_heard(*seen.told_at), seen_text);
}

}  // namespace rollcall::agent
