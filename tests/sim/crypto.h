// SPDX-License-Identifier: GPL-3.0-or-later
// Crypto as a model: cheap mixing functions. Nobody forges in here, so all that a signature has to
// do is to differ where facts differ.
#pragma once

#include "lib/core/member.h"

namespace rollcall::sim {

class ModelledCrypto : public Crypto {
 public:
  Signature sign(const FactId& id, Time created, const FactContent& content) const override;
  Digest chain(const Digest& before, const Signature& signature) const override;
  std::uint64_t rank(const MemberId& member, const ZoneName& zone) const override;
};

}  // namespace rollcall::sim
