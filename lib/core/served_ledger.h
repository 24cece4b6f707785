// SPDX-License-Identifier: GPL-3.0-or-later
// The served ledger: what each server of a zone, and its parent, is known to have served until when. It knows
// nothing of the rules and their waits, so it cannot share their mistakes.
//
// The own server's part is what it was ordered and seen to serve, by the own clock, and survives restarts. Of
// the others it is what they answered when they were heard last. All of it is evidence: what arrives late or
// all at once, after a long absence, is none against anybody.
#pragma once

#include <cstddef>
#include <optional>
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
  bool current = true;            ///< By the last that is known of the server; it may serve another one, too.
  bool operator==(const ServedEntry&) const = default;

  bool alive(BootTime now) const { return !until || now < *until + ttl; }
};

class ServedLedger {
 public:
  ServedLedger() = default;
  explicit ServedLedger(std::vector<ServedEntry> entries);

  /// From now on the server may serve this, too.
  void may_serve(const MemberId& server, const ServedSet& set, Seconds ttl);
  /// The server serves this, and nothing else of the kind.
  ///
  /// last  When what it serves no longer was last known to be served.
  void serves(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime last);
  /// It served this then, whatever it does now.
  void served(const MemberId& server, const ServedSet& set, Seconds ttl, BootTime then);
  /// What it serves is not known by oneself, but was said by it then.
  void said(const MemberId& server, BootTime then);
  /// It answers nothing any more.
  void stop(const MemberId& server, BootTime last);

  /// Forgets what no cache can hold any more.
  void trim(BootTime now);

  const std::vector<ServedEntry>& entries() const { return entries_; }
  /// Whether a server serves this already, by the last that is known of it, so that one more adds nothing.
  bool is_served(const ServedSet& set) const;
  /// Grows whenever there is more, or less, than there was; not by time, nor by saying it again.
  std::size_t changes() const { return changes_; }

 private:
  using Entries = std::vector<ServedEntry>;
  Entries::iterator first_of(const MemberId& server);
  void add(ServedEntry entry);

  Entries entries_;  // by server; those of one in the order in which they came
  std::size_t changes_ = 0;
};

}  // namespace rollcall
