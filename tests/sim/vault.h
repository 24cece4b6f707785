// SPDX-License-Identifier: GPL-3.0-or-later
// What modelled cryptography hides, as the world knows it: with which master key a private key was
// wrapped, and which wrapped copies are not in the directory any more.
#pragma once

#include <map>
#include <set>

#include "lib/core/fact.h"

namespace rollcall::sim {

struct Vault {
  std::map<Digest, MasterKeyId> wrapped_with;  ///< By the digest of the wrapped copy.
  std::set<FactId> wiped;                      ///< By their authors: candidates and rewraps.
};

}  // namespace rollcall::sim
