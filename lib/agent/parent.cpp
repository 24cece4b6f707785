// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/parent.h"

#include <algorithm>
#include <set>

namespace rollcall::agent {
namespace {

bool is_below(const ZoneName& zone, const ZoneName& parent) {
  return parent == "." || (zone.size() > parent.size() && zone.ends_with("." + parent));
}

bool shows(const dns::DsAnswer& answer, const ZoneName& zone, const Bytes& dnskey) {
  return std::ranges::any_of(answer.ds,
                             [&](const dns::Ds& ds) { return dns::matches(ds, zone, dnskey); });
}

std::uint32_t count_unknown(const std::vector<dns::DsAnswer>& answers, const ZoneName& zone,
                            const std::vector<Bytes>& dnskeys) {
  std::set<dns::Ds> unknown;
  for (const dns::DsAnswer& answer : answers) {
    for (const dns::Ds& ds : answer.ds) {
      const bool known = std::ranges::any_of(
          dnskeys, [&](const Bytes& dnskey) { return dns::matches(ds, zone, dnskey); });
      if (!known) unknown.insert(ds);
    }
  }
  return static_cast<std::uint32_t>(unknown.size());
}

}  // namespace

const ParentServers* parent_of(const std::vector<ParentServers>& parents, const ZoneName& zone) {
  const ParentServers* closest = nullptr;
  for (const ParentServers& parent : parents) {
    const bool closer = closest == nullptr || parent.zone.size() > closest->zone.size();
    if (is_below(zone, parent.zone) && closer) closest = &parent;
  }
  return closest;
}

ParentAnswer combine(const std::vector<dns::DsAnswer>& answers, const ZoneName& zone,
                     const std::vector<Bytes>& dnskeys) {
  ParentAnswer out;
  for (const Bytes& dnskey : dnskeys) {
    const auto shown = std::ranges::count_if(
        answers, [&](const dns::DsAnswer& answer) { return shows(answer, zone, dnskey); });
    if (shown == 0) continue;
    const bool everywhere = static_cast<std::size_t>(shown) == answers.size();
    (everywhere ? out.ds : out.ds_somewhere).push_back(dns::fingerprint(dnskey));
  }
  std::ranges::sort(out.ds);
  std::ranges::sort(out.ds_somewhere);
  out.unknown = count_unknown(answers, zone, dnskeys);
  for (const dns::DsAnswer& answer : answers) out.ttl = std::max(out.ttl, answer.ttl);
  return out;
}

Result<ParentAnswer> ask_parent(const std::vector<dns::Address>& addresses, const ZoneName& zone,
                                const std::vector<Bytes>& dnskeys, dns::Timeout timeout) {
  std::vector<dns::DsAnswer> answers;
  for (const dns::Address& address : addresses) {
    auto answer = dns::query_ds(address, zone, timeout);
    if (!answer) {
      return fail(answer.error().code,
                  "parent server " + to_string(address) + ": " + answer.error().what);
    }
    answers.push_back(std::move(*answer));
  }
  return combine(answers, zone, dnskeys);
}

}  // namespace rollcall::agent
