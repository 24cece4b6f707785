// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to one authoritative server, over TCP, with one deadline for the whole exchange.
//
// The functions block: they are made for worker threads. An answer is what this one server says;
// what several servers say together is for the caller.
#pragma once

#include <chrono>
#include <vector>

#include "lib/dns/address.h"
#include "lib/dns/ds.h"
#include "lib/dns/zone.h"

namespace rollcall::dns {

using Timeout = std::chrono::milliseconds;

/// What a server of the parent says about the DS of a zone. Empty: there is none, and that is an
/// answer.
struct DsAnswer {
  std::vector<Ds> ds;  ///< Sorted.
  Seconds ttl{0};      ///< Of the DS RRset; of the negative answer (RFC 2308, 5) if there is none.
  bool delegated = true;  ///< False: NXDOMAIN, the parent does not know the name at all.
};

/// Asks a server of the parent zone for the DS of `zone`.
///
/// Errors  unavailable: no connection, no answer in time, SERVFAIL; denied: REFUSED; not_found: the
///         server is not authoritative for the parent (lame, or it answers as the child);
///         malformed: not DNS. All of them mean *unknown*, never "no DS".
/// Source  RFC 4035, 3.1.4.1; RFC 7766.
Result<DsAnswer> query_ds(const Address& server, const ZoneName& zone, Timeout timeout);

struct DnskeyAnswer {
  std::vector<Bytes> dnskeys;  ///< RDATA, sorted. Empty: the zone is not signed.
  Seconds ttl{0};
};

/// Asks a server of the zone for its DNSKEY RRset.
///
/// Errors  as query_ds(); not_found if the server is not authoritative for the zone.
Result<DnskeyAnswer> query_dnskey(const Address& server, const ZoneName& zone, Timeout timeout);

/// What a server gives of a zone's apex to a resolver that validates.
struct ApexAnswer {
  struct Signature {
    bool over_keys = false;  ///< Over the DNSKEY RRset; else over the SOA.
    std::uint16_t key_tag = 0;
    Time expires;
  };
  std::vector<Bytes> dnskeys;         ///< RDATA, sorted. Empty: the zone is not signed.
  std::vector<Signature> signatures;  ///< As they stand: not checked.
};

/// Asks a server of the zone for its SOA and its DNSKEY RRset with the signatures over both.
///
/// timeout  For each of the two.
/// now      Which era the times of signatures are of.
/// Errors   as query_dnskey().
/// Source   RFC 4035, 3.1; RFC 3225.
Result<ApexAnswer> query_apex(const Address& server, const ZoneName& zone, Timeout timeout, Time now);

/// Transfers a whole zone.
///
/// Errors  unavailable: no connection, not in time, SERVFAIL (the zone is not loaded); denied:
/// REFUSED
///         (allow-transfer); not_found: NOTAUTH, the server has no such zone; malformed: not DNS.
/// Source  RFC 5936.
Result<Zone> transfer(const Address& server, const ZoneName& zone, Timeout timeout);

}  // namespace rollcall::dns
