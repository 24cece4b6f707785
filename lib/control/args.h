// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments of a verb, strictly: the right type or an error that says what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/control/message.h"

namespace rollcall::control {

// Errors of all: malformed, naming the argument and what it should be. An argument that is null
// counts as left out.

Result<std::string> text_arg(const Json& args, const std::string& name);  ///< Must be there.
Result<std::optional<std::string>> optional_text_arg(const Json& args, const std::string& name);
Result<bool> flag_arg(const Json& args, const std::string& name);  ///< Must be there.
Result<bool> optional_flag_arg(const Json& args, const std::string& name);  ///< False if left out.

struct NumberRange {
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
};
Result<std::optional<std::int64_t>> optional_number_arg(const Json& args, const std::string& name,
                                                        NumberRange allowed);
Result<std::optional<std::vector<std::string>>> optional_texts_arg(const Json& args,
                                                                   const std::string& name);

}  // namespace rollcall::control
