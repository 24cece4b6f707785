// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/attributes.h"

#include <tuple>
#include <type_traits>

namespace rollcall::sim {
namespace {

// What `rollcall policy set`, an LDAP editor or IPA write one by one.
auto parts(PolicyEntry& entry) {
  Policy& p = entry.policy;
  return std::tie(p.algorithm, p.ksk_lifetime, p.zsk_lifetime, p.dnskey_ttl, p.max_zone_ttl, p.ds_ttl, p.propagation,
                  p.parent_propagation, p.publish_safety, p.retire_safety, p.lead, p.window, p.window_first, p.interval,
                  p.purge, p.scheme, p.zsk_rollover, p.ksk_rollover, p.algorithm_rollover, p.standby_ksk,
                  p.standby_zsk, p.trust_anchor, p.hold_down, p.manual);
}
auto parts(ClusterConfig& config) { return std::tie(config.mode, config.appointed); }
auto parts(ZoneConfig& zone) { return std::tie(zone.policy, zone.insecure, zone.suspended, zone.removed); }
template <class Other>
std::tuple<> parts(Other&) {
  return {};
}

// Calls visit(part of a, part of b) for the one attribute.
template <class Visit>
void at(std::size_t attribute, Content& a, Content& b, const Visit& visit) {
  std::visit(
      [&]<class Kind>(Kind& first) {
        auto mine = parts(first);
        auto others = parts(std::get<Kind>(b));
        std::size_t place = 0;
        std::apply(
            [&](auto&... part) {
              std::apply([&](auto&... other) { ((place++ == attribute ? visit(part, other) : void()), ...); }, others);
            },
            mine);
      },
      a);
}

}  // namespace

std::size_t attributes(const Content& content) {
  return std::visit(
      []<class Kind>(const Kind&) {
        return std::tuple_size_v<decltype(parts(std::declval<Kind&>()))>;
      },
      content);
}

bool equal_in(std::size_t attribute, const Content& a, const Content& b) {
  Content mine = a, other = b;
  bool equal = true;
  at(attribute, mine, other, [&equal](const auto& part, const auto& others) { equal = part == others; });
  return equal;
}

void take(std::size_t attribute, Content& into, const Content& from) {
  Content other = from;
  at(attribute, into, other, [](auto& part, const auto& others) { part = others; });
}

}  // namespace rollcall::sim
