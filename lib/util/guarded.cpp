// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/guarded.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "lib/util/must.h"

namespace rollcall::guarded {
namespace {

// libsodium puts 16 bytes of its own before a block, so this fills a page. Smaller secrets take a
// whole page there too.
constexpr std::size_t block_size = 4096 - 16;
constexpr std::size_t canary_size = 16;

using Canary = std::array<std::byte, canary_size>;

// Unknown to who would write it back after an underrun.
const Canary& canary() {
  static const Canary value = [] {
    Canary random;
    randombytes_buf(random.data(), random.size());
    return random;
  }();
  return value;
}

// Never destroyed, so that secrets in static objects can be released as late as they like.
class Kept {
 public:
  std::byte* take() {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? nullptr : blocks_[--count_];
  }

  bool put(std::byte* block) {
    const std::lock_guard lock(mutex_);
    if (count_ == blocks_.size()) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<std::byte*, most_kept> blocks_{};
  std::size_t count_ = 0;
};
constinit Kept kept;

std::byte* fresh(std::size_t size) {
  MUST(sodium_init() >= 0);
  auto* block = static_cast<std::byte*>(sodium_malloc(size));
  MUST(block != nullptr);
  std::fill_n(block, size, std::byte{0});
  return block;
}

// What is larger is rare, and taken from libsodium and given back each time.
bool fits_block(std::size_t size) { return size + canary_size <= block_size; }

}  // namespace

// The secret ends where the block ends, at the guard; the canary stands right before it.
std::byte* allocate(std::size_t size) {
  if (!fits_block(size)) return fresh(size);
  std::byte* block = kept.take();
  if (block == nullptr) block = fresh(block_size);
  std::byte* data = block + block_size - size;
  std::ranges::copy(canary(), data - canary_size);
  return data;
}

void release(std::byte* data, std::size_t size) noexcept {
  if (!fits_block(size)) return sodium_free(data);
  MUST(sodium_memcmp(data - canary_size, canary().data(), canary_size) == 0);
  sodium_memzero(data - canary_size, canary_size + size);
  std::byte* block = data + size - block_size;
  if (!kept.put(block)) sodium_free(block);
}

}  // namespace rollcall::guarded
