// SPDX-License-Identifier: GPL-3.0-or-later
// Small files that only their owner may read.
#pragma once

#include <string>

#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::cli {

/// Errors  not_found; denied if it cannot be read, or others than its owner may read it; malformed
///         if it is larger than 1 MiB.
Result<Secret> read_secret_file(const std::string& path);

/// Writes a new file, mode 0600, and has it on the disk before it returns.
///
/// Errors  conflict if something is there; denied; unavailable if the disk is full.
Result<> write_secret_file(const std::string& path, const Secret& secret);

}  // namespace rollcall::cli
