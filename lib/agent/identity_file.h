// SPDX-License-Identifier: GPL-3.0-or-later
// The file that holds this member's private keys: there is one, on this machine, for its user only.
#pragma once

#include <filesystem>

#include "lib/crypto/identity.h"
#include "lib/util/result.h"

namespace rollcall::agent {

/// Errors  not_found if there is none; denied if others could read it, or we cannot; malformed if
///         it is damaged.
Result<crypto::Identity> load_identity(const std::filesystem::path& file);

/// Makes an identity and its file, durably and all at once, unless there is one already.
///
/// Errors  as load_identity(), and denied if the directory is not writable.
Result<crypto::Identity> load_or_make_identity(const std::filesystem::path& file);

}  // namespace rollcall::agent
