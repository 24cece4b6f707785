// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/secret.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "lib/util/guarded.h"
#include "lib/util/must.h"

namespace rollcall {

Secret::Secret(std::size_t size) : size_(size) {
  if (size != 0) data_ = guarded::allocate(size);
}

Secret Secret::copy_of(ByteView bytes) {
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.data_);
  return secret;
}

Secret::~Secret() {
  if (data_ != nullptr) guarded::release(data_, size_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

bool operator==(const Secret& a, const Secret& b) {
  return a.size_ == b.size_ && (a.size_ == 0 || sodium_memcmp(a.data_, b.data_, a.size_) == 0);
}

Secret Secret::first(std::size_t size) const {
  MUST(size <= size_);
  return copy_of({data_, size});
}

}  // namespace rollcall
