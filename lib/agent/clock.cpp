// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/clock.h"

#include <ctime>
#include <fstream>

#include "lib/util/must.h"

namespace rollcall::agent {
namespace {

Nanoseconds read(clockid_t clock) {
  timespec time{};
  MUST(clock_gettime(clock, &time) == 0);
  return Seconds{time.tv_sec} + Nanoseconds{time.tv_nsec};
}

}  // namespace

Moment now() { return {Time{read(CLOCK_REALTIME)}, BootTime{read(CLOCK_BOOTTIME)}}; }

Result<std::string> boot_id() {
  constexpr const char* file = "/proc/sys/kernel/random/boot_id";
  std::string id;
  if (std::ifstream in(file); std::getline(in, id) && !id.empty()) return id;
  return fail(Errc::unavailable, std::string(file) + ": cannot be read");
}

}  // namespace rollcall::agent
