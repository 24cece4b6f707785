// SPDX-License-Identifier: GPL-3.0-or-later
// What of each key a zone really serves: looked up in its records and checked with the keys
// themselves, so that a server's own opinion, its log and its files count for nothing.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lib/dns/zone.h"

namespace rollcall::dns {

/// Signatures checked cryptographically for one view. All are checked for presence, names and
/// times; above this number every n-th of a key is verified as well. A P-256 verification takes
/// about 0.1 ms.
inline constexpr std::size_t verified_signatures = 4000;

/// What one key was found to have.
struct KeyView {
  bool published = false;         ///< In the DNSKEY RRset.
  bool signs_keys = false;        ///< A valid RRSIG of it over the DNSKEY RRset.
  bool signs_whole_zone = false;  ///< A valid RRSIG of it over every RRset that needs one.
  bool signs_anything =
      false;               ///< Any RRSIG with its tag and algorithm over zone data, valid or not.
  bool announced = false;  ///< In the CDS RRset.
};

/// *Zone data* is every authoritative RRset, NSEC and NSEC3 included, but DNSKEY, CDS and CDNSKEY
/// at the apex, which the KSK may sign alone. Not authoritative: NS and glue of delegations, and
/// names below a delegation or a DNAME.
struct ZoneView {
  std::vector<KeyView> keys;         ///< One for each key asked about, in that order.
  std::vector<Bytes> foreign_keys;   ///< DNSKEY RDATA that nobody asked about.
  Seconds dnskey_ttl{0};             ///< 0 if there is no DNSKEY.
  Seconds max_zone_ttl{0};           ///< The largest TTL of any RRset, SOA minimum included.
  std::optional<Time> first_expiry;  ///< The earliest expiration of any RRSIG; empty: unsigned.
  std::uint32_t serial = 0;
};

/// Looks what a zone has of each key.
///
/// dnskeys  RDATA in wire form of the keys asked about.
/// now      For the validity of signatures, whole seconds count.
/// Errors   malformed: no SOA at the apex, or a key is no DNSKEY.
/// Source   RFC 4035, 2.2 and 5.3; RFC 7344, 4.1.
Result<ZoneView> view_zone(const Zone& zone, std::span<const Bytes> dnskeys, Time now);

}  // namespace rollcall::dns
