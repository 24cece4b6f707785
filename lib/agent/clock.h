// SPDX-License-Identifier: GPL-3.0-or-later
// The real clocks. Everything below the shell is told what time it is.
#pragma once

#include <string>

#include "lib/core/member.h"
#include "lib/util/result.h"

namespace rollcall::agent {

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
Moment now();

/// Tells this boot of the machine from every other one.
///
/// Errors  unavailable if the kernel does not say.
/// Source  random(4), /proc/sys/kernel/random/boot_id.
Result<std::string> boot_id();

}  // namespace rollcall::agent
