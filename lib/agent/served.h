// SPDX-License-Identifier: GPL-3.0-or-later
// Between the words of the core and those of the signer. Pure, but for the key that is unwrapped
// when the signer asks for it.
#pragma once

#include <vector>

#include "lib/agent/key_work.h"
#include "lib/core/member.h"
#include "lib/signer/signer.h"

namespace rollcall::agent {

/// A candidate with all that is needed to unwrap its key on another thread.
struct HeldKey {
  KeyOwner owner;
  Candidate candidate;
  std::optional<Bytes> wrapped;  ///< Empty: wiped.
  MasterKey master_key;          ///< Null: its epoch was not opened.
};

signer::KeyOrder order_for(const KeyTarget& target, HeldKey held, Seconds dnskey_ttl);

ServedZone served_zone(const signer::Seen& seen);

}  // namespace rollcall::agent
