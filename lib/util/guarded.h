// SPDX-License-Identifier: GPL-3.0-or-later
// Guarded memory for secrets, as sodium_malloc() gives it, and kept for the next one.
//
// A block of libsodium is a mapping of its own between two that nobody can touch, locked and left
// out of core dumps. To set one up and take it down again was measured to cost 19 us, as much as
// making a P-256 key. So a few blocks are kept: guarded all the time and zero while nobody has
// them. Whoever writes beyond the end of what he has dies at once, in a block that is used again
// as well; whoever wrote before its beginning dies when he gives it back.
#pragma once

#include <cstddef>

namespace rollcall::guarded {

/// At most that many unused blocks are kept, each of one page.
inline constexpr std::size_t most_kept = 32;

/// `size` bytes, all zero, not aligned for anything but bytes. Aborts if none are left.
std::byte* allocate(std::size_t size);

/// Wipes. Takes what allocate() gave for this very `size`; on any thread.
void release(std::byte* data, std::size_t size) noexcept;

}  // namespace rollcall::guarded
