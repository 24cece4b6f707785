// SPDX-License-Identifier: GPL-3.0-or-later
// What to do about an alarm of a member. Internal to health_*.cpp.
#pragma once

#include <string>

namespace rollcall::control {

/// alarm  As a member raises it, of itself or of a zone.
/// where  The host of that member.
std::string cure_of(const std::string& alarm, const std::string& where);

}  // namespace rollcall::control
