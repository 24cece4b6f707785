// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/records.h"

#include <algorithm>

#include "lib/dns/names.h"

namespace rollcall::dns {
namespace {

constexpr std::byte dnssec_protocol{3};  // RFC 4034, 2.1.2
constexpr std::byte rsamd5{1};           // RFC 4034, B.1

bool is_dnskey(ByteView rdata) {
  return rdata.size() > 4 && rdata.size() <= 0xffff && rdata[2] == dnssec_protocol &&
         rdata[3] != rsamd5;
}

void put(Bytes& wire, std::uint32_t number, int size_bytes) {
  for (int shift = 8 * (size_bytes - 1); shift >= 0; shift -= 8) {
    wire.push_back(static_cast<std::byte>(number >> shift));
  }
}

}  // namespace

std::string wire_of(const ldns_rdf* name) {
  std::string wire(as_text(bytes_of(name)));
  // Length bytes are below 64 and so no letters.
  std::transform(wire.begin(), wire.end(), wire.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return wire;
}

Bytes rdata_of(const ldns_rr* record) {
  Bytes rdata;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    const ByteView field = bytes_of(ldns_rr_rdf(record, i));
    rdata.insert(rdata.end(), field.begin(), field.end());
  }
  return rdata;
}

Time expiration_of(const ldns_rr* signature, Time now) {
  const auto distance =
      static_cast<std::int32_t>(ldns_rdf2native_int32(ldns_rr_rrsig_expiration(signature)) -
                                static_cast<std::uint32_t>(now.time_since_epoch() / Seconds{1}));
  return std::chrono::floor<Seconds>(now) + Seconds{distance};
}

RrPtr dnskey_rr(const ZoneName& zone, ByteView rdata, Seconds ttl) {
  if (!is_dnskey(rdata)) return nullptr;
  Bytes wire = zone_wire(zone);
  put(wire, LDNS_RR_TYPE_DNSKEY, 2);
  put(wire, LDNS_RR_CLASS_IN, 2);
  put(wire, static_cast<std::uint32_t>(ttl.count()), 4);
  put(wire, static_cast<std::uint32_t>(rdata.size()), 2);
  wire.insert(wire.end(), rdata.begin(), rdata.end());

  ldns_rr* record = nullptr;
  std::size_t at = 0;
  const auto* data = reinterpret_cast<const std::uint8_t*>(wire.data());
  if (ldns_wire2rr(&record, data, wire.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) {
    return nullptr;
  }
  return RrPtr(record);
}

}  // namespace rollcall::dns
