// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/served_ledger.h"

#include <algorithm>

namespace rollcall {

bool ServedLedger::may_serve(const MemberId& server, const ServedSet& set, Seconds ttl) {
  const bool open = std::ranges::any_of(entries_, [&](const ServedEntry& entry) {
    return entry.server == server && !entry.until && entry.set == set && entry.ttl == ttl;
  });
  if (!open) entries_.push_back({server, set, ttl, std::nullopt});
  return !open;
}

bool ServedLedger::serves_one_of(const MemberId& server, ServedSet::Kind kind,
                                 const std::vector<ServedSet>& sets, Seconds ttl, BootTime last) {
  bool news = false;
  for (ServedEntry& entry : entries_) {
    if (entry.server != server || entry.set.kind != kind || entry.until) continue;
    const bool still = entry.ttl == ttl && std::ranges::find(sets, entry.set) != sets.end();
    if (!still) entry.until = last;
    news = news || !still;
  }
  for (const ServedSet& set : sets) news = may_serve(server, set, ttl) || news;
  return news;
}

void ServedLedger::stop(const MemberId& server, BootTime last) {
  for (ServedEntry& entry : entries_) {
    if (entry.server == server && !entry.until) entry.until = last;
  }
}

void ServedLedger::trim(BootTime now) {
  std::erase_if(entries_, [now](const ServedEntry& entry) { return !entry.alive(now); });
}

bool ServedLedger::certain(const ServedSet& set) const {
  std::map<MemberId, bool> only;  // by server: whether all that it may serve is this
  for (const ServedEntry& entry : entries_) {
    if (entry.until || entry.set.kind != set.kind) continue;
    const auto [at, first] = only.try_emplace(entry.server, true);
    at->second = at->second && entry.set == set;
  }
  return std::ranges::any_of(only, [](const auto& server) { return server.second; });
}

}  // namespace rollcall
