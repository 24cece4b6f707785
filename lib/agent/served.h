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

/// One order; a second one for the revoked form of the key, if it ever had one: to a DNS server that
/// is another key.
std::vector<signer::KeyOrder> orders_for(const KeyTarget& target, HeldKey held, Seconds dnskey_ttl);

/// targets  Those that were ordered or asked about.
ServedZone served_zone(const signer::Seen& seen, const std::vector<KeyTarget>& targets);

}  // namespace rollcall::agent
