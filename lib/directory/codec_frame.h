// SPDX-License-Identifier: GPL-3.0-or-later
// Names and values as one string of bytes: what signatures cover, and how a heartbeat travels.
//
//   label | cluster UUID | count | (name, value) ...
//
// Label, UUID, names and values are preceded by their length; lengths and the count are 32 bits,
// big endian. Pairs are sorted by bytes, first by name, then by value, and no pair comes twice.
#pragma once

#include <string>
#include <string_view>

#include "lib/core/types.h"
#include "lib/directory/directory.h"
#include "lib/util/result.h"

namespace rollcall::directory {

/// Values of one name may come in any order.
Bytes frame(std::string_view label, const Uuid& cluster, const Attributes& pairs);

struct Unframed {
  Attributes pairs;
  std::size_t size = 0;  ///< How many bytes of the input the frame takes; the rest is not its own.
};

/// Reads what frame() makes, and nothing else.
///
/// Errors  malformed: another label or cluster, cut off, not sorted, a pair that comes twice.
Result<Unframed> unframe(std::string_view label, const Uuid& cluster, ByteView bytes);

void append_string(Bytes& bytes, ByteView string);  ///< Length and content.

/// Takes a length and that many bytes from the front of `bytes`; nothing if they are not there.
std::optional<ByteView> take_string(ByteView& bytes);

}  // namespace rollcall::directory
