// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/served_ledger.h"

#include <algorithm>

namespace rollcall {

ServedLedger::ServedLedger(std::vector<ServedEntry> entries) : entries_(std::move(entries)) {
  std::ranges::stable_sort(entries_, {}, &ServedEntry::server);
}

ServedLedger::Entries::iterator ServedLedger::first_of(const MemberId& server) {
  return std::ranges::lower_bound(entries_, server, {}, &ServedEntry::server);
}

void ServedLedger::add(ServedEntry entry) {
  const auto at = std::ranges::upper_bound(entries_, entry.server, {}, &ServedEntry::server);
  entries_.insert(at, std::move(entry));
  ++changes_;
}

void ServedLedger::may_serve(const MemberId& server, const ServedSet& set, Seconds ttl) {
  for (auto entry = first_of(server); entry != entries_.end() && entry->server == server; ++entry) {
    if (entry->current && entry->set == set && entry->ttl == ttl) return;
  }
  add({server, set, ttl, std::nullopt, true});
}

void ServedLedger::serves(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime last) {
  for (auto entry = first_of(server); entry != entries_.end() && entry->server == server; ++entry) {
    if (!entry->current || entry->set.kind != set.kind) continue;
    if (entry->ttl == ttl && entry->set == set) continue;
    entry->until = last;
    entry->current = false;
    ++changes_;
  }
  may_serve(server, set, ttl);
}

void ServedLedger::served(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime then) {
  for (auto entry = first_of(server); entry != entries_.end() && entry->server == server; ++entry) {
    if (entry->current || entry->set != set || entry->ttl != ttl) continue;
    if (*entry->until >= then) return;
    entry->until = then;
    ++changes_;
    return;
  }
  add({server, set, ttl, then, false});
}

void ServedLedger::said(const MemberId& server, BootTime then) {
  for (auto entry = first_of(server); entry != entries_.end() && entry->server == server; ++entry) {
    if (entry->current) entry->until = then;
  }
}

void ServedLedger::stop(const MemberId& server, BootTime last) {
  for (auto entry = first_of(server); entry != entries_.end() && entry->server == server; ++entry) {
    if (!entry->current) continue;
    entry->until = last;
    entry->current = false;
    ++changes_;
  }
}

void ServedLedger::trim(BootTime now) {
  std::erase_if(entries_, [now](const ServedEntry& entry) { return !entry.current && !entry.alive(now); });
}

bool ServedLedger::is_served(const ServedSet& set) const {
  return std::ranges::any_of(entries_, [&](const ServedEntry& entry) { return entry.current && entry.set == set; });
}

}  // namespace rollcall
