// SPDX-License-Identifier: GPL-3.0-or-later
// Could any cache have been bogus, given what real servers served? Asked of the view checker of the
// core, the one that judges the simulator and guards every step.
#pragma once

#include <string>
#include <vector>

#include "lib/core/views.h"
#include "tests/history/history.h"

namespace rollcall::history {

/// The first pair of answers that do not fit, to resolvers that insist on `mode`.
struct Finding {
  std::string zone;
  Insists mode = Insists::any;
  Time since;
  bool certain = false;  ///< False: only if a change between two looks was at the worst moment.
  /// Nobody but a parent that looks for a new DS asks for CDS and CDNSKEY, and without them all
  /// fits. In a double-DS rollover named signs them with the new KSK alone from the swap of the
  /// keys on, so whoever has the DNSKEY RRset of before cannot validate them for a TTL.
  bool only_for_parents = false;
  std::string what;  ///< Both answers, who served them, and when; for people.
};

/// Judges every zone by itself. Empty: no cache was bogus, whatever it got from whom.
/// Of each zone and mode one finding at most, one `only_for_parents` if there is no other.
///
/// Errors  malformed: more than 64 keys of a zone in caches at once, which the checker cannot
/// count.
Result<std::vector<Finding>> judge(const History& history);

/// `any`, `strict-ds`, `strict-dnskey`
std::string_view short_name(Insists mode);

}  // namespace rollcall::history
