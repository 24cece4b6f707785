// SPDX-License-Identifier: GPL-3.0-or-later
// The password file of a simple bind.
#pragma once

#include <string>

#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::directory {

/// Reads a password, without the line feed that editors leave at the end.
///
/// Errors  denied if the file cannot be read, is empty (that would be an anonymous bind), or if
///         anybody but its owner can open it; always naming the file and the cure.
Result<Secret> read_password(const std::string& file);

}  // namespace rollcall::directory
