// SPDX-License-Identifier: GPL-3.0-or-later
// The values of a policy by their names, as people write and read them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "lib/control/message.h"
#include "lib/core/policy.h"
#include "lib/util/result.h"

namespace rollcall::agent {

struct PolicyField {
  std::string_view name;
  std::string_view allowed;  ///< For people: `a number of seconds from 0 to 2147483647`.
  std::string (*text)(const Policy& policy);
  bool (*set)(Policy& policy, std::string_view text);  ///< False: not one of those allowed.
  bool seconds = false;                                ///< Its text is a number.
};

std::span<const PolicyField> policy_fields();

/// Sets one value of a policy: durations in seconds, `algorithm` by number or mnemonic.
///
/// Errors  malformed, with the names or values that are allowed.
Result<> set_policy_value(Policy& policy, std::string_view name, std::string_view value);

/// `{"name":TEXT, "algorithm":TEXT, …}`, durations in seconds.
control::Json policy_json(const std::string& name, const Policy& policy);

}  // namespace rollcall::agent
