// SPDX-License-Identifier: GPL-3.0-or-later
// Random bytes from the kernel.
#pragma once

#include <cstddef>
#include <span>

#include "lib/core/types.h"
#include "lib/util/secret.h"

namespace rollcall::crypto {

/// Source  RFC 9562, 5.4 (version 4).
Uuid random_uuid();

/// Fills `out`.
void random_bytes(std::span<std::byte> out);

Secret random_secret(std::size_t size);

}  // namespace rollcall::crypto
