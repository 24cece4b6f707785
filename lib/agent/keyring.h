// SPDX-License-Identifier: GPL-3.0-or-later
// The secrets that stay in memory: this member's identity and the master keys it has opened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "lib/core/fact.h"
#include "lib/crypto/identity.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::agent {

/// Shared with workers that are using it; never copied.
using MasterKey = std::shared_ptr<const Secret>;

/// Belongs to the event loop. What it hands out may be used on any thread.
class Keyring {
 public:
  explicit Keyring(crypto::Identity identity) : identity_(std::move(identity)) {}

  const crypto::Identity& identity() const { return identity_; }

  /// Opens a master key that is sealed to us, and keeps it. Of one number there can be two, made on two
  /// sides of a cut; which of them counts the core knows.
  ///
  /// Errors  malformed if it does not open, or does not fit its check value.
  Result<> open(const Epoch& epoch);

  /// Null if it was not opened.
  MasterKey master_key(const MasterKeyId& key) const;

  /// Forgets a master key; who is using it goes on with it.
  void drop(const MasterKeyId& key) { keys_.erase(key); }

  /// A master key that was opened, sealed to `recipient`.
  ///
  /// Errors  not_found if it was not opened.
  Result<Epoch> seal(const MasterKeyId& key, const MemberKeys& recipient) const;

 private:
  crypto::Identity identity_;
  std::map<MasterKeyId, MasterKey> keys_;
};

/// A new master key of this epoch, sealed to each of these and kept by nobody.
///
/// Errors  what the sealing says.
Result<std::vector<Epoch>> make_epoch(std::uint32_t number, const std::vector<MemberKeys>& recipients);

}  // namespace rollcall::agent
