// SPDX-License-Identifier: GPL-3.0-or-later
// named's remote control, and its complaints in words that say what to do.
#pragma once

#include <string>
#include <vector>

#include "lib/core/types.h"
#include "lib/util/result.h"

namespace rollcall::signer {

/// What `rndc VERB ZONE` printed when it failed, as an error.
///
/// Codes  not_found: named has no such zone; unavailable: it does not answer, or has not loaded the
///        zone; denied: it refuses our key or address, or the zone is not set up for `auto-dnssec`.
Error rndc_error(std::string_view verb, const ZoneName& zone, std::string_view output);

class Rndc {
 public:
  /// command  The program and its options.
  Rndc(std::vector<std::string> command, Seconds timeout);

  /// Blocks. `zone` may be empty for verbs without one. What it printed.
  Result<std::string> run(std::string_view verb, const ZoneName& zone) const;

 private:
  std::vector<std::string> command_;
  Seconds timeout_;
};

}  // namespace rollcall::signer
