// SPDX-License-Identifier: GPL-3.0-or-later
// Where things stand in the directory: building DNs and telling what a DN is.
//
//   base
//   ├── cn=config
//   ├── cn=policies   cn=<name>
//   ├── cn=zones      cn=<zone name>
//   ├── cn=members    cn=<member uuid>
//   ├── cn=facts      cn=<member uuid>   cn=<incarnation>.<seq>, or cn=<fact id> for a copy
//   ├── cn=requests   cn=<request uuid>
//   └── cn=reports    cn=<member uuid>   cn=<zone name>, or cn=<request uuid> for an answer
//
// `base` is in lower case without spaces after commas, as everything that is built here.
#pragma once

#include <string>
#include <string_view>

#include "lib/core/types.h"

namespace rollcall::directory {

std::string config_dn(const std::string& base);
std::string policies_dn(const std::string& base);
std::string zones_dn(const std::string& base);
std::string members_dn(const std::string& base);
std::string facts_dn(const std::string& base);
std::string requests_dn(const std::string& base);
std::string reports_dn(const std::string& base);

std::string policy_dn(const std::string& base, std::string_view name);
std::string zone_dn(const std::string& base, const ZoneName& zone);
std::string member_dn(const std::string& base, const MemberId& member);
std::string container_dn(const std::string& base, const MemberId& member);

/// Where the author of a fact puts it.
std::string fact_dn(const std::string& base, const FactId& id);
/// Where another member puts a copy of it.
std::string copy_dn(const std::string& base, const MemberId& copier, const FactId& id);

std::string request_dn(const std::string& base, const Uuid& request);
/// What a member says about the cluster; below it what it says about zones, and its answers.
std::string report_dn(const std::string& base, const MemberId& member);
std::string report_dn(const std::string& base, const MemberId& member, const ZoneName& zone);
std::string answer_dn(const std::string& base, const MemberId& member, const Uuid& request);

/// The first RDN's value of a fact where its author puts it: `<incarnation>.<seq>`.
std::string fact_name(const FactId& id);

/// Escapes a value for use in a DN.
///
/// Source  RFC 4514, 2.4.
std::string escape_rdn_value(std::string_view value);

enum class Place {
  config,
  policy,     ///< `name` is the policy's.
  zone,       ///< `name` is the zone's.
  member,     ///< `owner` is the member.
  container,  ///< Of the facts of `owner`.
  fact,       ///< `name` is the first RDN's value, `owner` the member in whose container it stands.
  request,    ///< `owner` is its own UUID.
  answer,     ///< To the request `owner`.
  other,      ///< The base, its other children, or nothing of ours.
};

struct Located {
  Place place = Place::other;
  std::string name;  ///< The first RDN's value, unescaped.
  MemberId owner;
};

/// Tells what stands at a DN, from the DN alone.
Located classify(const std::string& base, std::string_view dn);

}  // namespace rollcall::directory
