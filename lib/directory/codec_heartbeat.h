// SPDX-License-Identifier: GPL-3.0-or-later
// A heartbeat as one octet string, signature included. Pure.
//
//   "rollcall-heartbeat-1" | cluster UUID | count | (name, value) ... | signature
//
// in the encoding of facts (codec.h): everything length-prefixed, pairs sorted and distinct. Names
// that this software does not know are skipped, but the signature covers them, so that newer
// members can say more.
#pragma once

#include <string>
#include <vector>

#include "lib/core/heartbeat.h"
#include "lib/util/result.h"

namespace rollcall::directory {

inline constexpr std::size_t max_heartbeat_bytes = 1024 * 1024;

/// What the member signs: everything but the signature. Lists are sorted, equal alarms said once.
Bytes signed_part(const Uuid& cluster, const Heartbeat& heartbeat);

/// The value for the member's entry.
Bytes encode(const Uuid& cluster, const Heartbeat& heartbeat, const Signature& signature);

struct ReadHeartbeat {
  Heartbeat heartbeat;  ///< Lists in sorted order.
  Signature signature{};
  Bytes signed_bytes;                ///< What `signature` must verify over.
  std::vector<std::string> unknown;  ///< Names that were skipped.
};

/// Reads a heartbeat, or says what is wrong with it.
///
/// Errors  malformed if it is of another cluster or format, cut off, or not in its canonical form.
Result<ReadHeartbeat> decode(const Uuid& cluster, ByteView value);

}  // namespace rollcall::directory
