// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/must.h"

#include <cstdio>
#include <cstdlib>

namespace rollcall {

void must_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "fatal: %s:%d: MUST(%s) does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace rollcall
