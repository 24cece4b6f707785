// SPDX-License-Identifier: GPL-3.0-or-later
// The attributes of what administrators write: 389-ds merges two writes of one entry attribute by attribute.
#pragma once

#include "tests/sim/directory.h"

namespace rollcall::sim {

/// How many attributes an entry has that change on their own; 0: it is written once, or as a whole.
std::size_t attributes(const Content& content);
/// Both are of one kind.
bool equal_in(std::size_t attribute, const Content& a, const Content& b);
/// Puts one attribute of `from` in the place of that of `into`.
void take(std::size_t attribute, Content& into, const Content& from);

}  // namespace rollcall::sim
