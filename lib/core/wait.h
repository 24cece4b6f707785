// SPDX-License-Identifier: GPL-3.0-or-later
// Waits run on the member's own boot clock, from when it saw the last ack; no clock of another
// machine is ever compared. A wait that was not finished before a reboot starts again.
#pragma once

#include <compare>

#include "lib/core/types.h"

namespace rollcall {

enum class Change : std::uint8_t { introduced, withdrawn };

/// One change of one record that caches have to follow.
struct WaitKey {
  ZoneRef zone;
  Fingerprint key{};
  Record record = Record::dnskey;
  Change change = Change::introduced;
  auto operator<=>(const WaitKey&) const = default;
};

}  // namespace rollcall
