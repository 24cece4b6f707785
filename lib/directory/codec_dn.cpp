// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_dn.h"

#include <optional>

#include "lib/util/bytes.h"

namespace rollcall::directory {
namespace {

// The first RDN, if it is a single `cn=`, and what follows its comma.
struct Split {
  std::string name;
  std::string_view parent;
};

// One character of an RDN value, escaped or not; empty if an escape is wrong. RFC 4514, 3.
std::optional<char> take_character(std::string_view& text) {
  const char c = text[0];
  text.remove_prefix(1);
  if (c != '\\') return c;
  if (const auto byte = from_hex(text.substr(0, 2)); byte && byte->size() == 1) {
    text.remove_prefix(2);
    return static_cast<char>(byte->front());
  }
  if (text.empty()) return std::nullopt;
  const char escaped = text[0];
  text.remove_prefix(1);
  return escaped;
}

std::optional<Split> split(std::string_view dn) {
  if (!dn.starts_with("cn=")) return std::nullopt;
  dn.remove_prefix(3);
  Split result;
  while (!dn.empty() && dn[0] != ',') {
    if (dn[0] == '+') return std::nullopt;
    const auto c = take_character(dn);
    if (!c) return std::nullopt;
    result.name += *c;
  }
  if (dn.empty()) return std::nullopt;
  result.parent = dn.substr(1);
  return result;
}

bool needs_escape(std::string_view value, std::size_t i) {
  const char c = value[i];
  if (c == '\0' || std::string_view{"\"+,;<>\\="}.find(c) != std::string_view::npos) return true;
  if (c == '#') return i == 0;
  return c == ' ' && (i == 0 || i + 1 == value.size());
}

Located owned(Place place, std::string name, std::string_view uuid) {
  const auto owner = uuid_from(uuid);
  if (!owner) return {};
  return {place, std::move(name), *owner};
}

}  // namespace

std::string config_dn(const std::string& base) { return "cn=config," + base; }
std::string policies_dn(const std::string& base) { return "cn=policies," + base; }
std::string zones_dn(const std::string& base) { return "cn=zones," + base; }
std::string members_dn(const std::string& base) { return "cn=members," + base; }
std::string facts_dn(const std::string& base) { return "cn=facts," + base; }
std::string requests_dn(const std::string& base) { return "cn=requests," + base; }
std::string reports_dn(const std::string& base) { return "cn=reports," + base; }

std::string policy_dn(const std::string& base, std::string_view name) {
  return "cn=" + escape_rdn_value(name) + ',' + policies_dn(base);
}

std::string zone_dn(const std::string& base, const ZoneName& zone) {
  return "cn=" + escape_rdn_value(zone) + ',' + zones_dn(base);
}

std::string member_dn(const std::string& base, const MemberId& member) {
  return "cn=" + to_string(member) + ',' + members_dn(base);
}

std::string container_dn(const std::string& base, const MemberId& member) {
  return "cn=" + to_string(member) + ',' + facts_dn(base);
}

std::string fact_dn(const std::string& base, const FactId& id) {
  return "cn=" + fact_name(id) + ',' + container_dn(base, id.author.member);
}

std::string copy_dn(const std::string& base, const MemberId& copier, const FactId& id) {
  return "cn=" + to_string(id) + ',' + container_dn(base, copier);
}

std::string request_dn(const std::string& base, const Uuid& request) {
  return "cn=" + to_string(request) + ',' + requests_dn(base);
}

std::string report_dn(const std::string& base, const MemberId& member) {
  return "cn=" + to_string(member) + ',' + reports_dn(base);
}

std::string report_dn(const std::string& base, const MemberId& member, const ZoneName& zone) {
  return "cn=" + escape_rdn_value(zone) + ',' + report_dn(base, member);
}

std::string answer_dn(const std::string& base, const MemberId& member, const Uuid& request) {
  return "cn=" + to_string(request) + ',' + report_dn(base, member);
}

std::string fact_name(const FactId& id) {
  return std::to_string(id.author.number) + '.' + std::to_string(id.seq);
}

std::string escape_rdn_value(std::string_view value) {
  std::string escaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (needs_escape(value, i)) {
      escaped += '\\' + to_hex(as_bytes(value.substr(i, 1)));
    } else {
      escaped += value[i];
    }
  }
  return escaped;
}

Located classify(const std::string& base, std::string_view dn) {
  if (dn == config_dn(base)) return {Place::config, "config", {}};
  const auto entry = split(dn);
  if (!entry) return {};
  if (entry->parent == policies_dn(base)) return {Place::policy, entry->name, {}};
  if (entry->parent == zones_dn(base)) return {Place::zone, entry->name, {}};
  if (entry->parent == members_dn(base)) return owned(Place::member, entry->name, entry->name);
  if (entry->parent == facts_dn(base)) return owned(Place::container, entry->name, entry->name);

  if (entry->parent == requests_dn(base)) return owned(Place::request, entry->name, entry->name);

  const auto container = split(entry->parent);
  if (!container) return {};
  if (container->parent == reports_dn(base)) return owned(Place::answer, entry->name, entry->name);
  if (container->parent != facts_dn(base)) return {};
  return owned(Place::fact, entry->name, container->name);
}

}  // namespace rollcall::directory
