// SPDX-License-Identifier: GPL-3.0-or-later
// ldns with owners: for the source files of this folder only.
#pragma once

#include <stdbool.h>  // First: otherwise ldns 1.8 makes macros of `bool`, `true` and `false`.

#include <ldns/ldns.h>

#include <memory>

#include "lib/dns/zone.h"

namespace rollcall::dns {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using RrPtr = std::unique_ptr<ldns_rr, Release<ldns_rr_free>>;
using RrListPtr = std::unique_ptr<ldns_rr_list, Release<ldns_rr_list_deep_free>>;
using RdfPtr = std::unique_ptr<ldns_rdf, Release<ldns_rdf_deep_free>>;
using PacketPtr = std::unique_ptr<ldns_pkt, Release<ldns_pkt_free>>;

/// Frees the list and leaves the records to those who own them.
using RrRefsPtr = std::unique_ptr<ldns_rr_list, Release<ldns_rr_list_free>>;

struct Zone::Records {
  RrListPtr list;  ///< The SOA once.
};

inline ByteView bytes_of(const ldns_rdf* field) {
  return {reinterpret_cast<const std::byte*>(ldns_rdf_data(field)), ldns_rdf_size(field)};
}

/// The name in wire form, lower case.
std::string wire_of(const ldns_rdf* name);

/// The RDATA in wire form, names in it as they stand.
Bytes rdata_of(const ldns_rr* record);

/// When an RRSIG expires. Its time is a serial number: good for 68 years around `now`.
///
/// Source  RFC 4034, 3.1.5.
Time expiration_of(const ldns_rr* signature, Time now);

/// A DNSKEY record. Null if `rdata` is none, or of an algorithm (1) whose key tag is another sum.
RrPtr dnskey_rr(const ZoneName& zone, ByteView rdata, Seconds ttl = Seconds{0});

}  // namespace rollcall::dns
