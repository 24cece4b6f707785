// SPDX-License-Identifier: GPL-3.0-or-later
// Files with secrets of ours: a password, the key of a client certificate.
#pragma once

#include <string>
#include <string_view>

#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::directory {

/// Reads a file that only its owner can open.
///
/// kind    For errors: `password file`.
/// Errors  denied if it cannot be read, is longer than `max_size_bytes`, or if anybody but its owner can
///         open it; always naming the file and the cure.
Result<Secret> read_private_file(std::string_view kind, const std::string& file, std::size_t max_size_bytes);

}  // namespace rollcall::directory
