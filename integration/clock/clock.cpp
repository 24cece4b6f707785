// SPDX-License-Identifier: GPL-3.0-or-later
// A wrong wall clock for one process, to be preloaded: LD_PRELOAD=…/librollcall-lab-clock.so
//
// The file that LAB_CLOCK names says how many seconds the clock is off, as `+12.500`; it is read at
// each look, so a clock can be set while the process runs. CLOCK_MONOTONIC and CLOCK_BOOTTIME stay
// true, as on a machine whose clock is set. libfaketime cannot do this to named and rndc, whose
// jemalloc asks for the time while libfaketime is still asking for memory; so here nothing asks for
// memory.
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t billion = 1'000'000'000;

std::int64_t offset_nanoseconds() {
  const char* path = std::getenv("LAB_CLOCK");
  if (path == nullptr) return 0;
  const auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
  if (file < 0) return 0;
  char text[64] = {};
  const long size = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  return size <= 0 ? 0 : static_cast<std::int64_t>(std::strtod(text, nullptr) * 1e9);
}

// LAB_BOOT_RATE makes the clock of waits run so many times too fast: nothing that a machine does,
// but what a soak must notice.
std::int64_t boot_rate() {
  const char* rate = std::getenv("LAB_BOOT_RATE");
  return rate == nullptr ? 1 : std::strtol(rate, nullptr, 10);
}

bool is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

timespec shifted(const timespec& time, std::int64_t by) {
  const std::int64_t sum = time.tv_sec * billion + time.tv_nsec + by;
  return {sum / billion, sum % billion};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto outcome = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (outcome == 0 && is_wall(clock)) *time = shifted(*time, offset_nanoseconds());
  if (outcome == 0 && clock == CLOCK_BOOTTIME) {
    *time = shifted({}, (time->tv_sec * billion + time->tv_nsec) * boot_rate());
  }
  return outcome;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

// Until a moment of the wrong clock, for the kernel in its own time. Small numbers are of the
// monotonic clock.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  if (until->tv_sec < billion)
    return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, until);
  const timespec real = shifted(*until, -offset_nanoseconds());
  return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &real);
}

}  // extern "C"
