// SPDX-License-Identifier: GPL-3.0-or-later
// The programmer's own mistakes: they print where and abort, in every build.
#pragma once

namespace rollcall {

[[noreturn]] void must_failed(const char* condition, const char* file, int line);

}  // namespace rollcall

#define MUST(condition) \
  ((condition) ? static_cast<void>(0) : ::rollcall::must_failed(#condition, __FILE__, __LINE__))
