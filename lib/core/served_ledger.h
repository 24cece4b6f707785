// SPDX-License-Identifier: GPL-3.0-or-later
// The served ledger: what each server of a zone, and its parent, served from when to when, as one
// member knows it. It knows nothing of the rules and their waits, so it cannot share their mistakes.
//
// The own server's part is what it was ordered and seen to serve, by the own clock, and survives
// restarts. Of the others it is what their answers say: who has answered a decision has carried it
// out; who has not may have. It is only ever told what was known to be served, so that what arrives
// late or all at once, after a long absence, is no evidence against anybody.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "lib/core/fact.h"

namespace rollcall {

using KeyList = std::vector<Fingerprint>;  ///< Sorted.

/// The RRsets of one kind that a cache can have: the keys of a DNSKEY RRset and who signed it; the
/// signers of data; or the keys of a DS RRset.
struct ServedSet {
  enum class Kind : std::uint8_t { ds, dnskey, data } kind = Kind::dnskey;
  KeyList keys;     ///< Of DS and DNSKEY; the signers of data.
  KeyList signers;  ///< Of the DNSKEY RRset.
  auto operator<=>(const ServedSet&) const = default;
};

struct ServedEntry {
  MemberId server;  ///< Nil: the parent.
  ServedSet set;
  Seconds ttl{0};
  std::optional<BootTime> until;  ///< When it was last known to be served; empty: it is, or may be.
  bool operator==(const ServedEntry&) const = default;

  bool alive(BootTime now) const { return !until || now < *until + ttl; }
};

class ServedLedger {
 public:
  ServedLedger() = default;
  explicit ServedLedger(std::vector<ServedEntry> entries) : entries_(std::move(entries)) {}

  /// From now on the server may serve this, too.
  ///
  /// Returns  Whether that is news.
  bool may_serve(const MemberId& server, const ServedSet& set, Seconds ttl);
  /// It serves one of these, and nothing else of the kind.
  ///
  /// last     When what it serves no longer was last known to be served.
  /// Returns  Whether that is news.
  bool serves_one_of(const MemberId& server, ServedSet::Kind kind, const std::vector<ServedSet>& sets,
                     Seconds ttl, BootTime last);
  /// It answers nothing any more.
  void stop(const MemberId& server, BootTime last);

  /// Forgets what no cache can hold any more.
  void trim(BootTime now);

  const std::vector<ServedEntry>& entries() const { return entries_; }
  /// Whether a server serves exactly this, for certain.
  bool certain(const ServedSet& set) const;

 private:
  std::vector<ServedEntry> entries_;
};

}  // namespace rollcall
