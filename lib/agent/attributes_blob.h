// SPDX-License-Identifier: GPL-3.0-or-later
// The attributes of an entry as one blob for the local store. Pure.
//
//   count | (name, count of values, value …)…
//
// Numbers are 32 bits, big endian; names and values are preceded by their length.
#pragma once

#include <optional>

#include "lib/directory/directory.h"
#include "lib/util/bytes.h"

namespace rollcall::agent {

Bytes to_blob(const directory::Attributes& attributes);

/// Strict: what parses prints to the same bytes.
std::optional<directory::Attributes> attributes_from(ByteView blob);

}  // namespace rollcall::agent
