// SPDX-License-Identifier: GPL-3.0-or-later
// The secrets that stay in memory: this member's identity and the master keys it has opened.
#pragma once

#include <map>
#include <memory>
#include <optional>

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

  /// Opens a master key that is sealed to us, and keeps it.
  ///
  /// Errors  malformed if it does not open, does not fit its check value, or another key of this
  ///         epoch was opened before.
  Result<> open(const Epoch& epoch);

  /// Null if this epoch was not opened.
  MasterKey master_key(std::uint32_t epoch) const;

  /// A new master key of this epoch, kept, and sealed to `recipient`.
  Result<Epoch> found(std::uint32_t epoch, const MemberKeys& recipient);

  /// The newest master key, sealed to `recipient`.
  ///
  /// Errors  not_found if none was opened.
  Result<Epoch> seal_newest(const MemberKeys& recipient) const;

 private:
  crypto::Identity identity_;
  std::map<std::uint32_t, MasterKey> epochs_;
};

}  // namespace rollcall::agent
