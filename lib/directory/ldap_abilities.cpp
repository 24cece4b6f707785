// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_abilities.h"

#include <ldap.h>

#include <algorithm>

#include "lib/directory/ldap_dn.h"

namespace rollcall::directory {
namespace {

constexpr const char* contexts_attribute = "namingcontexts";
constexpr const char* controls_attribute = "supportedcontrol";

const std::vector<Bytes>& values_of(const Entry& entry, const char* name) {
  static const std::vector<Bytes> none;
  const auto found = entry.attributes.find(name);
  return found == entry.attributes.end() ? none : found->second;
}

// The longest, since a database can be glued into another.
std::optional<std::string> suffix_of(const std::string& base, const Entry& root) {
  std::optional<std::string> suffix;
  for (const Bytes& value : values_of(root, contexts_attribute)) {
    const auto context = normal_dn(as_text(value));
    if (!context || !is_within(base, *context)) continue;
    if (!suffix || context->size() > suffix->size()) suffix = context;
  }
  return suffix;
}

bool has_control(const Entry& root, const char* oid) {
  const auto& controls = values_of(root, controls_attribute);
  return std::any_of(controls.begin(), controls.end(),
                     [oid](const Bytes& value) { return as_text(value) == oid; });
}

}  // namespace

const std::vector<std::string> abilities_attributes{contexts_attribute, controls_attribute};

Abilities abilities_of(const std::string& base, const Entry& root) {
  const bool synchronises = has_control(root, LDAP_CONTROL_SYNC);
  const bool persists =
      has_control(root, LDAP_CONTROL_PERSIST_REQUEST);  // 389-ds always, slapd never
  Abilities abilities;
  abilities.suffix = suffix_of(base, root);
  abilities.way = synchronises ? Way::synchronised : persists ? Way::persistent : Way::polled;
  abilities.serves_parts = synchronises && !persists;
  abilities.hides_conflicts = persists;
  return abilities;
}

Way lesser(Way way) {
  switch (way) {
    case Way::synchronised:
      return Way::persistent;
    case Way::persistent:
      return Way::polled;
    case Way::polled:
      return Way::polled;
  }
  return Way::polled;
}

}  // namespace rollcall::directory
