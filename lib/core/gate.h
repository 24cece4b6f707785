// SPDX-License-Identifier: GPL-3.0-or-later
// The last gate: before the own server is told to serve something else, the view checker looks at the
// served ledger with the change added. Whatever rules and waits led to the change, it is refused if a
// cache could then hold two answers that do not fit, by what is known to have been served.
//
// Only what the change adds counts: a pair that caches can hold already, since another server serves
// the same, is not made worse by it, and ends the sooner.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/served_ledger.h"
#include "lib/core/views.h"

namespace rollcall {

/// What a server would serve.
struct ServedChange {
  ServedSet dnskey{ServedSet::Kind::dnskey, {}, {}};
  ServedSet data{ServedSet::Kind::data, {}, {}};
};

/// A pair of answers that a cache could hold, and that would be bogus.
struct Misfit {
  Bogus::Pair pair;
  ServedSet first;         ///< DS or DNSKEY.
  ServedSet second;        ///< DNSKEY or data.
  ServedEntry cached;      ///< Which of them is in caches already.
  bool within = false;     ///< None is: the change does not even fit itself.
};

/// All that the change would break, up to the horizon where everything that is served now has expired:
/// caches only ever forget, so what fits now fits then.
std::vector<Misfit> misfits(const ServedLedger& ledger, const ServedChange& change, BootTime now);

/// `a cache could hold the DS of KSK 1 and the DNSKEY RRset of …`
std::string describe(const Misfit& misfit, const std::function<std::string(const Fingerprint&)>& name);

/// When the change fits by itself; empty: as long as somebody goes on serving what it does not fit.
std::optional<BootTime> fits_from(const std::vector<Misfit>& misfits);

}  // namespace rollcall
