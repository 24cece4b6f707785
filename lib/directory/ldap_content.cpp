// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_content.h"

#include <cstring>
#include <functional>
#include <utility>

namespace rollcall::directory {

// entryUUIDs of one server can share their last bytes (time-based ones do), so all of them count.
std::size_t LdapContent::Hash::operator()(const Uuid& uuid) const {
  return std::hash<std::string_view>{}(as_text(uuid.bytes));
}

// Two hashes of eight bytes: the DN and the DN with something before it.
Uuid uuid_for(std::string_view dn) {
  const std::size_t halves[] = {std::hash<std::string_view>{}(dn), std::hash<std::string>{}("dn:" + std::string{dn})};
  static_assert(sizeof halves == sizeof Uuid{}.bytes);
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), halves, sizeof halves);
  return uuid;
}

std::size_t digest_of(const Attributes& attributes) {
  std::string all;
  for (const auto& [name, values] : attributes) {
    all += name + ' ' + std::to_string(values.size()) + ' ';
    for (const Bytes& value : values) (all += std::to_string(value.size()) + ' ') += as_text(value);
  }
  return std::hash<std::string>{}(all);
}

void LdapContent::begin_refresh() { ++refresh_; }

std::optional<std::string> LdapContent::seen(const Uuid& uuid, const std::string& dn) {
  if (const auto holder = holders_.find(dn); holder != holders_.end() && holder->second != uuid) {
    forget(entries_.find(holder->second));  // deleted and made anew, or moved away, which we hear of by itself
  }
  auto known = entries_.find(uuid);
  std::optional<std::string> former;
  if (known != entries_.end() && known->second.dn != dn) {
    former = known->second.dn;
    forget(known);
    known = entries_.end();
  }
  if (known == entries_.end()) {
    known = entries_.emplace(uuid, Known{dn, 0, std::nullopt}).first;
    holders_.emplace(known->second.dn, uuid);
  }
  known->second.refresh = refresh_;
  return former;
}

bool LdapContent::seen(const Uuid& uuid) {
  const auto known = entries_.find(uuid);
  if (known == entries_.end()) return false;
  known->second.refresh = refresh_;
  return true;
}

bool LdapContent::is_news(const Uuid& uuid, std::size_t digest) {
  const auto known = entries_.find(uuid);
  if (known == entries_.end()) return true;
  return std::exchange(known->second.digest, digest) != digest;
}

std::optional<std::string> LdapContent::removed(const Uuid& uuid) {
  const auto known = entries_.find(uuid);
  if (known == entries_.end()) return std::nullopt;
  std::string dn = known->second.dn;
  forget(known);
  return dn;
}

std::vector<std::string> LdapContent::end_refresh() {
  std::vector<std::string> gone;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->second.refresh != refresh_) {
      gone.push_back(entry->second.dn);
      forget(entry);
    }
    entry = next;
  }
  return gone;
}

void LdapContent::forget(Entries::iterator entry) {
  holders_.erase(entry->second.dn);
  entries_.erase(entry);
}

}  // namespace rollcall::directory
