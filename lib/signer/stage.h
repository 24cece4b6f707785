// SPDX-License-Identifier: GPL-3.0-or-later
// The way from what named serves to what is ordered, where key files cannot say all of it at once.
//
// Of a key that leaves named forgets the CDS, which stays: so that goes first. And the two forms of
// a key that is revoked (RFC 5011) are one key to it: a file that takes the plain form away takes
// the revoked one away too, or not, as the directory happens to be ordered; the file of the revoked
// form alone replaces the one by the other.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "lib/signer/signer.h"

namespace rollcall::signer {

struct Stage {
  std::vector<KeyOrder> write;   ///< Whose files are to say this.
  std::vector<KeyOrder> remove;  ///< Whose files must be gone before named reads the others.
  bool last = true;              ///< Nothing but the orders.
};

using HasFiles = std::function<bool(const KeyOrder&)>;  ///< Whether a key has files now.

/// Whether the first stage depends on what is served: a key with files that can have a CDS leaves.
bool depends_on_served(std::span<const KeyOrder> orders, const HasFiles& has_files);

/// The next stage. After one that was not the last, the next is due once it would be another.
///
/// seen       Has all keys of the orders. A key that left gets files again only if it is still served.
Stage next_stage(std::span<const KeyOrder> orders, const Seen& seen, const HasFiles& has_files);

}  // namespace rollcall::signer
