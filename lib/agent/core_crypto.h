// SPDX-License-Identifier: GPL-3.0-or-later
// The core's Crypto port with real keys.
#pragma once

#include "lib/agent/keyring.h"
#include "lib/core/member.h"

namespace rollcall::agent {

class CoreCrypto final : public Crypto {
 public:
  /// `keyring` must outlive this.
  CoreCrypto(const Uuid& cluster, const Keyring& keyring) : cluster_(cluster), keyring_(keyring) {}

  Signature sign(const FactId& id, Time created, const FactContent& content) const override;
  Digest chain(const Digest& before, const Signature& signature) const override;
  std::uint64_t rank(const MemberId& member, const ZoneName& zone) const override;

 private:
  Uuid cluster_;
  const Keyring& keyring_;
};

}  // namespace rollcall::agent
