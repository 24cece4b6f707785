// SPDX-License-Identifier: GPL-3.0-or-later
// How long a decision of another member takes from the directory to the own server, for the log.
// Two members may decide the same: the copy changes nothing at the own server and is not timed.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/member.h"
#include "lib/signer/signer.h"

namespace rollcall::agent {

class Pace {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// A decision of another member arrived. Of several before one export the first counts.
  void heard(const Decision& decision, Moment now);

  /// The server is about to be told. Since when there was something to tell it; empty if no other
  /// member's decision is behind this.
  std::optional<Moment> ordered(const Export& order);

 private:
  std::map<ZoneRef, Moment> heard_;
  std::map<ZoneRef, std::vector<KeyTarget>> ordered_;  ///< What the server was told last.
};

/// `told_ms=… seen_ms=…`: until the key files were durable and rndc was started, if it was; and
/// until the server was seen to serve what was decided.
std::string pace_text(Pace::Moment heard, Pace::Moment now, const signer::Seen& seen);

}  // namespace rollcall::agent
