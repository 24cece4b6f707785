// SPDX-License-Identifier: GPL-3.0-or-later
// The durations of a policy by their names, as people write and read them.
#pragma once

#include <span>
#include <string_view>

#include "lib/core/policy.h"
#include "lib/util/result.h"

namespace rollcall::agent {

struct PolicyField {
  std::string_view name;
  Seconds Policy::*field;
};

std::span<const PolicyField> policy_fields();

/// Sets one value of a policy: `algorithm` by number or mnemonic, every other one in seconds.
///
/// Errors  malformed, with the names or values that are allowed.
Result<> set_policy_value(Policy& policy, std::string_view name, std::string_view value);

}  // namespace rollcall::agent
