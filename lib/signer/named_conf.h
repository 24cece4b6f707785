// SPDX-License-Identifier: GPL-3.0-or-later
// Answers about named's configuration, from the canonical text that `named-checkconf -p` prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/types.h"

namespace rollcall::signer {

/// Whether the configuration has the zone, in any view.
bool has_zone(std::string_view configuration, const ZoneName& zone);

/// The value of an option for a zone: its own, or else that of the global options; without quotes.
/// Empty if neither has it.
std::optional<std::string> zone_option(std::string_view configuration, const ZoneName& zone,
                                       std::string_view option);

}  // namespace rollcall::signer
