// SPDX-License-Identifier: GPL-3.0-or-later
// Secrets live in guarded memory, also in memory that another secret had before.
#include "lib/util/secret.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "lib/util/guarded.h"

using namespace rollcall;

namespace {

constexpr std::size_t sizes[] = {1, 31, 32, 138, 4063, 4064, 4065, 4096, 65536};

bool is_zero(const Secret& secret) {
  return std::all_of(secret.data(), secret.data() + secret.size(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

// So many that the next secrets get memory that was used.
void use_and_give_back(std::size_t size) {
  std::vector<Secret> many;
  for (std::size_t i = 0; i < 2 * guarded::most_kept; ++i) {
    many.emplace_back(size);
    std::fill_n(many.back().data(), size, std::byte{0xa5});
  }
}

// In a process of its own, since it may die of it: quietly, and not by the handlers of the tests.
template <class Deed>
bool survives(Deed deed) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    deed();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void write_at(Secret& secret, std::ptrdiff_t offset) {
  volatile std::byte* data = secret.data();
  data[offset] = std::byte{0x5a};
}

// What the kernel says of the mapping that an address is in; see proc(5), smaps.
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0, to = 0;
    char dash = 0;
    if (std::istringstream in(line); in >> std::hex >> from >> dash >> to && dash == '-') {
      inside = from <= wanted && wanted < to;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      return line + " ";
    }
  }
  return {};
}

std::size_t count_mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

}  // namespace

TEST_CASE("a secret begins as zeros, whatever its memory held before", "[secret]") {
  for (const std::size_t before : sizes) {
    use_and_give_back(before);
    for (const std::size_t size : sizes) {
      CAPTURE(before, size);
      CHECK(is_zero(Secret(size)));
    }
  }
}

TEST_CASE("who writes beside a secret does not live on with it", "[secret]") {
  for (const bool used_before : {false, true}) {
    for (const std::size_t size : sizes) {
      CAPTURE(used_before, size);
      if (used_before) use_and_give_back(size);
      CHECK(survives([size] { write_at(*std::make_unique<Secret>(size), 0); }));
      CHECK(survives([size] {
        write_at(*std::make_unique<Secret>(size), static_cast<std::ptrdiff_t>(size) - 1);
      }));
      CHECK_FALSE(survives([size] {
        write_at(*std::make_unique<Secret>(size), static_cast<std::ptrdiff_t>(size));
      }));
      CHECK_FALSE(survives([size] { write_at(*std::make_unique<Secret>(size), -1); }));
    }
  }
}

TEST_CASE("no secret gets into a core dump, in memory that was used before either", "[secret]") {
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    use_and_give_back(size);
    CHECK(flags_of(Secret(size).data()).find(" dd ") != std::string::npos);
  }
}

TEST_CASE("a thousand secrets of one moment do not keep their memory", "[secret]") {
  use_and_give_back(32);  // as much as is kept
  const std::size_t before = count_mappings();
  {
    std::vector<Secret> many;
    for (int i = 0; i < 1000; ++i) many.emplace_back(32);
    REQUIRE(count_mappings() > before + 1000);
  }
  CHECK(count_mappings() < before + 100);  // not exactly: a sanitizer maps memory of its own
}

TEST_CASE("threads do not get each other's secrets", "[secret]") {
  std::vector<std::thread> threads;
  std::vector<int> mixed_up(4, 0);
  for (std::size_t thread = 0; thread < mixed_up.size(); ++thread) {
    threads.emplace_back([thread, &mixed = mixed_up[thread]] {
      const auto own = static_cast<std::byte>(thread + 1);
      for (std::size_t turn = 0; turn < 5000; ++turn) {
        Secret a(1 + turn % 200), b(32);
        if (!is_zero(a) || !is_zero(b)) ++mixed;
        std::fill_n(a.data(), a.size(), own);
        std::fill_n(b.data(), b.size(), own);
        Secret kept = std::move(a);
        std::this_thread::yield();
        if (std::count(kept.data(), kept.data() + kept.size(), own) !=
                static_cast<std::ptrdiff_t>(kept.size()) ||
            std::count(b.data(), b.data() + b.size(), own) != 32) {
          ++mixed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(mixed_up == std::vector<int>(4, 0));
}

TEST_CASE("secrets are equal by size and content", "[secret]") {
  CHECK(Secret::copy_of(as_bytes("ab")) == Secret::copy_of(as_bytes("ab")));
  CHECK_FALSE(Secret::copy_of(as_bytes("ab")) == Secret::copy_of(as_bytes("ac")));
  CHECK_FALSE(Secret::copy_of(as_bytes("ab")) == Secret::copy_of(as_bytes("abc")));
  CHECK(Secret() == Secret(0));
  CHECK(Secret::copy_of(as_bytes("abc")).first(2) == Secret::copy_of(as_bytes("ab")));
}
