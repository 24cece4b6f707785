// SPDX-License-Identifier: GPL-3.0-or-later
// Orders for keys that BIND's own dnssec-keygen made.
#pragma once

#include "lib/dns/key_file.h"
#include "lib/signer/signer.h"
#include "tests/dns/signed_zone.h"

namespace rollcall::signer::test {

inline KeyOrder order_for(const dns::test::ZoneMaker& maker,
                          const dns::test::ZoneMaker::MadeKey& key, Role role) {
  KeyOrder order;
  order.fingerprint = dns::fingerprint(key.rdata);
  order.role = role;
  order.algorithm = algorithm_from(std::to_integer<std::uint8_t>(key.rdata.at(3))).value();
  order.key_tag = dns::key_tag(key.rdata).value();
  order.dnskey = key.rdata;
  order.dnskey_ttl = Seconds{60};
  order.created = from_iso("2026-06-01T08:00:00Z").value();
  const std::string text = maker.file(key.base + ".private");
  order.private_key = [text] { return dns::private_key_file(text, {}); };
  return order;
}

}  // namespace rollcall::signer::test
