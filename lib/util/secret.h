// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes that must not leak: guarded, locked, excluded from core dumps, wiped.
//
// There is no operator<< and no formatter on purpose: logging one does not compile.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "lib/util/bytes.h"

namespace rollcall {

/// Owns `size` secret bytes in guarded memory (lib/util/guarded.h). Move-only.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size);  ///< All zero. Aborts if no guarded memory is left.
  static Secret copy_of(ByteView bytes);
  ~Secret();

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// Constant time for equal sizes.
  friend bool operator==(const Secret& a, const Secret& b);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  ByteView view() const { return {data_, size_}; }
  std::string_view text() const { return as_text(view()); }

  /// The first `size` bytes in a new Secret. `size` is at most size().
  Secret first(std::size_t size) const;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace rollcall
