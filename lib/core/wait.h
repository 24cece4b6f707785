// SPDX-License-Identifier: GPL-3.0-or-later
// Waits run on the member's own boot clock, from when it saw the last ack; no clock of another
// machine is ever compared. A wait that was not finished before a reboot starts again.
#pragma once

#include <compare>
#include <tuple>

#include "lib/core/types.h"

namespace rollcall {

enum class Change : std::uint8_t { introduced, withdrawn };

/// One change of one record that caches have to follow.
struct WaitKey {
  ZoneRef zone;
  Fingerprint key{};
  Record record = Record::dnskey;
  Change change = Change::introduced;
  bool operator==(const WaitKey&) const = default;
  /// The key first: it differs where the name of the zone does not.
  auto operator<=>(const WaitKey& other) const {
    return std::tie(key, record, change, zone) <=> std::tie(other.key, other.record, other.change, other.zone);
  }
};

}  // namespace rollcall
