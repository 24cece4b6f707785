// SPDX-License-Identifier: GPL-3.0-or-later
// The work on private keys that the pool does: making, wrapping, unwrapping, proving.
//
// A private key exists in the clear only inside these functions and in what private_key_text()
// returns for the signer.
#pragma once

#include <vector>

#include "lib/agent/keyring.h"
#include "lib/core/member.h"
#include "lib/util/result.h"

namespace rollcall::agent {

/// What a wrapped key is bound to, besides what its candidate says.
struct KeyOwner {
  Uuid cluster;
  MemberId member;  ///< Who made the key.
};

struct MadeKey {
  rollcall::NewKey key;
  Bytes wrapped;
};

/// Makes a key whose key tag, revoked or not, nobody has, and wraps it.
///
/// Errors  unavailable if that fails.
Result<MadeKey> make_key(const KeyOwner& owner, const MakeKey& order, const MasterKey& master_key);

/// Unwraps the key of a candidate, compares it with the DNSKEY and signs with it.
///
/// Errors  malformed, with what does not fit.
Result<> check_key(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                   const MasterKey& master_key);

/// Wraps the key of a candidate again, under another master key.
///
/// wrapped, master_key  The present copy, and what it is wrapped with; its epoch is in `candidate`.
/// Errors               as check_key().
Result<Bytes> rewrap_key(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                         const MasterKey& master_key, std::uint32_t next_epoch, const MasterKey& next);

/// The private key in the format that DNS servers read.
///
/// Errors  as check_key().
Result<Secret> private_key_text(const KeyOwner& owner, const Candidate& candidate, ByteView wrapped,
                                const MasterKey& master_key);

}  // namespace rollcall::agent
