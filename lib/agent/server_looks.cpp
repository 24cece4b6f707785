// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/server_looks.h"

#include <set>

#include "lib/agent/clock.h"
#include "lib/dns/ds.h"
#include "lib/dns/query.h"

namespace rollcall::agent {
namespace {

constexpr dns::Timeout server_timeout{1000};
constexpr std::byte revoke_flag{0x80};  // of the second byte of the flags. RFC 5011, 7

control::ServedApex::Key key_from(Bytes dnskey) {
  control::ServedApex::Key key;
  key.key_tag = dns::key_tag(dnskey).value_or(0);
  if (dnskey.size() > 1) {
    key.revoked = (dnskey[1] & revoke_flag) != std::byte{0};
    dnskey[1] &= ~revoke_flag;
  }
  key.fingerprint = dns::fingerprint(dnskey);
  return key;
}

control::ServedApex apex_from(const dns::ApexAnswer& answer) {
  control::ServedApex apex;
  for (const Bytes& dnskey : answer.dnskeys) apex.keys.push_back(key_from(dnskey));
  for (const auto& one : answer.signatures)
    apex.signatures.push_back({one.over_keys, one.key_tag, one.expires});
  return apex;
}

control::ServerLook look_at(const MemberServer& server, const ZoneName& zone) {
  control::ServerLook look{server.member, server.address, zone, control::ServedApex{}};
  const auto address = dns::address_from(server.address);
  const auto answer = address ? dns::query_apex(*address, zone, server_timeout, now().wall)
                              : tl::unexpected(address.error());
  if (!answer) {
    look.apex = tl::unexpected(answer.error());
  } else {
    look.apex = apex_from(*answer);
  }
  return look;
}

}  // namespace

std::vector<MemberServer> servers_of(const MemberStatus& status) {
  std::vector<MemberServer> servers;
  for (const MemberLine& line : status.members) {
    if (line.self || !line.in_roster) continue;
    for (const std::string& address : line.addresses) servers.push_back({line.member, address});
  }
  return servers;
}

std::vector<control::ServerLook> ask_servers(const std::vector<MemberServer>& servers,
                                             const std::vector<ZoneName>& zones,
                                             Nanoseconds patience) {
  std::vector<control::ServerLook> looks;
  std::set<std::string> dumb;
  const BootTime end = now().boot + patience;
  for (const ZoneName& zone : zones) {
    for (const MemberServer& server : servers) {
      if (dumb.contains(server.address)) continue;
      if (now().boot >= end) return looks;
      looks.push_back(look_at(server, zone));
      const auto& apex = looks.back().apex;
      if (!apex && apex.error().code == Errc::unavailable) dumb.insert(server.address);
    }
  }
  return looks;
}

}  // namespace rollcall::agent
