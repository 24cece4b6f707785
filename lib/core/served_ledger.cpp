// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/served_ledger.h"

#include <algorithm>

namespace rollcall {

void ServedLedger::may_serve(const MemberId& server, const ServedSet& set, Seconds ttl) {
  const bool known = std::ranges::any_of(entries_, [&](const ServedEntry& entry) {
    return entry.current && entry.server == server && entry.set == set && entry.ttl == ttl;
  });
  if (known) return;
  entries_.push_back({server, set, ttl, std::nullopt, true});
  ++changes_;
}

void ServedLedger::serves(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime last) {
  for (ServedEntry& entry : entries_) {
    if (!entry.current || entry.server != server || entry.set.kind != set.kind) continue;
    if (entry.ttl == ttl && entry.set == set) continue;
    entry.until = last;
    entry.current = false;
    ++changes_;
  }
  may_serve(server, set, ttl);
}

void ServedLedger::served(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime then) {
  for (ServedEntry& entry : entries_) {
    if (entry.current || entry.server != server || entry.set != set || entry.ttl != ttl) continue;
    if (*entry.until >= then) return;
    entry.until = then;
    ++changes_;
    return;
  }
  entries_.push_back({server, set, ttl, then, false});
  ++changes_;
}

void ServedLedger::said(const MemberId& server, BootTime then) {
  for (ServedEntry& entry : entries_) {
    if (entry.current && entry.server == server) entry.until = then;
  }
}

void ServedLedger::stop(const MemberId& server, BootTime last) {
  for (ServedEntry& entry : entries_) {
    if (!entry.current || entry.server != server) continue;
    entry.until = last;
    entry.current = false;
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
