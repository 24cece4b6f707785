// SPDX-License-Identifier: GPL-3.0-or-later
// DNSKEY, DS, CDS and CDNSKEY: what an administrator pastes and what the parent shows.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "lib/core/types.h"
#include "lib/util/result.h"

namespace rollcall::dns {

/// IANA numbers of the digests of a DS that are in use. RFC 8624, 3.3.
enum class DigestType : std::uint8_t { sha256 = 2, sha384 = 4 };

/// The RDATA of a DS or CDS.
struct Ds {
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t digest_type = 0;
  Bytes digest;
  auto operator<=>(const Ds&) const = default;
};

/// Computes the key tag.
///
/// rdata   DNSKEY RDATA in wire form.
/// Errors  malformed if it is no DNSKEY.
/// Source  RFC 4034, appendix B.
Result<std::uint16_t> key_tag(ByteView rdata);

/// The identity of a key: SHA-256 of the DNSKEY RDATA, whatever the zone.
Fingerprint fingerprint(ByteView dnskey);

/// Computes the DS of a key.
///
/// Errors  malformed if `dnskey` is no DNSKEY.
/// Source  RFC 4034, 5.1.4; RFC 4509; RFC 6605.
Result<Ds> ds_of(const ZoneName& zone, ByteView dnskey, DigestType type);

/// Whether a DS points to this key. False for digest types that we cannot compute.
bool matches(const Ds& ds, const ZoneName& zone, ByteView dnskey);

/// Lines in master-file form, ready to paste, without a line end; upper-case digest as dig prints
/// it.
Result<std::string> ds_record(const ZoneName& zone, ByteView dnskey, DigestType type);
Result<std::string> cds_record(const ZoneName& zone, ByteView dnskey, DigestType type);
Result<std::string> dnskey_record(const ZoneName& zone, ByteView dnskey);
Result<std::string> cdnskey_record(const ZoneName& zone, ByteView dnskey);

/// One DNSKEY line in master-file form, with or without TTL and class.
struct DnskeyRecord {
  ZoneName zone;
  Seconds ttl{0};
  Bytes rdata;
};
Result<DnskeyRecord> dnskey_from(std::string_view line);

}  // namespace rollcall::dns
