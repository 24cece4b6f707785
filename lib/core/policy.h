// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators want. Nothing here is relied on for safety.
#pragma once

#include <string>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

constexpr Seconds operator""_days(unsigned long long n) { return Seconds{n * 86400}; }

/// One policy, as in its directory entry. All durations in whole seconds, minimum 0.
struct Policy {
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  Seconds ksk_lifetime = 365_days;  ///< 0: unlimited
  Seconds zsk_lifetime = 90_days;   ///< 0: unlimited
  Seconds dnskey_ttl{3600};
  Seconds max_zone_ttl{86400};
  Seconds ds_ttl{3600};  ///< Until one is observed.
  Seconds signature_validity = 14_days;
  Seconds signature_refresh = 7_days;
  Seconds propagation{300};
  Seconds parent_propagation{3600};
  Seconds publish_safety{3600};
  Seconds retire_safety{3600};
  Seconds lead = 30_days;               ///< How long before its need a generation is due.
  Seconds window = 7_days;              ///< Over which the members spread a scheduled generation.
  Seconds window_first{60};             ///< The same for a first or forced one.
  Seconds interval{3600};               ///< Between appointed manager, fail-over, next fail-over.
  Seconds missing_keys_alarm = 3_days;  ///< After the latest turn to make the keys.
  Seconds purge = 90_days;              ///< From hidden until the private key is wiped.
  bool operator==(const Policy&) const = default;

  Seconds lifetime(Role role) const { return role == Role::ksk ? ksk_lifetime : zsk_lifetime; }
};

enum class Mode : std::uint8_t { random, appointed };

/// `cn=config`: last writer wins, so an appointment is a priority and never a lock.
struct ClusterConfig {
  Uuid cluster;
  Mode mode = Mode::random;
  std::vector<MemberId> appointed;  ///< The manager first, then its fail-over members in order.
  bool operator==(const ClusterConfig&) const = default;
};

/// One entry of `cn=zones`.
struct ZoneConfig {
  ZoneRef zone;
  std::string policy = "default";
  bool operator==(const ZoneConfig&) const = default;
};

}  // namespace rollcall
