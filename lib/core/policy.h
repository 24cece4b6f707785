// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators want. Nothing here is relied on for safety.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

constexpr Seconds operator""_days(unsigned long long n) { return Seconds{n * 86400}; }

/// How keys of a role are replaced. RFC 7583, 2.1 and 2.2.
enum class ZskRollover : std::uint8_t { pre_publication, double_signature };
enum class KskRollover : std::uint8_t { double_ksk, double_ds, double_rrset };
/// How a zone comes to another algorithm. RFC 6781, 4.1.4.
enum class AlgorithmRollover : std::uint8_t {
  conservative,  ///< Signatures before the DNSKEY; any validator follows.
  liberal,       ///< Together; some old validators insist on more, for as long as caches take.
};
/// Which keys a zone is signed with.
enum class Scheme : std::uint8_t { ksk_zsk, csk };

/// As in the directory and on the command line: `pre-publication`, `ksk+zsk`.
std::string_view to_string(ZskRollover rollover);
std::string_view to_string(KskRollover rollover);
std::string_view to_string(AlgorithmRollover rollover);
std::string_view to_string(Scheme scheme);
constexpr Scheme scheme_of(Role role) { return role == Role::csk ? Scheme::csk : Scheme::ksk_zsk; }
constexpr Scheme other_than(Scheme scheme) { return scheme == Scheme::csk ? Scheme::ksk_zsk : Scheme::csk; }
std::optional<ZskRollover> zsk_rollover_from(std::string_view text);
std::optional<KskRollover> ksk_rollover_from(std::string_view text);
std::optional<AlgorithmRollover> algorithm_rollover_from(std::string_view text);
std::optional<Scheme> scheme_from(std::string_view text);

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
  Scheme scheme = Scheme::ksk_zsk;
  ZskRollover zsk_rollover = ZskRollover::pre_publication;
  KskRollover ksk_rollover = KskRollover::double_ksk;
  AlgorithmRollover algorithm_rollover = AlgorithmRollover::conservative;
  bool standby_ksk = false;       ///< One more key, published and not used until it is needed.
  bool standby_zsk = false;
  bool trust_anchor = false;      ///< Resolvers follow the KSK by RFC 5011.
  Seconds hold_down = 60_days;    ///< Of those resolvers: before they trust a new key.
  bool manual = false;            ///< Each step waits for an administrator's `step`.
  bool operator==(const Policy&) const = default;

  Seconds lifetime(Role role) const { return role == Role::zsk ? zsk_lifetime : ksk_lifetime; }
  bool standby(Role role) const { return role == Role::zsk ? standby_zsk : standby_ksk; }
  bool wants(Role role) const { return scheme_of(role) == scheme; }
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
  bool insecure = false;   ///< To be without DNSSEC: goes there in stages.
  bool suspended = false;  ///< Nothing is made or decided; what is served stays.
  bool removed = false;    ///< Not managed any more; its entry stays, so that its number is not used again.
  bool operator==(const ZoneConfig&) const = default;
};

}  // namespace rollcall
