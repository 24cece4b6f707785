// SPDX-License-Identifier: GPL-3.0-or-later
// Is named set up so that keys can be handed to it? Each fault comes with the line that cures it.
#pragma once

#include <vector>

#include "lib/signer/bind_signer.h"
#include "lib/signer/rndc.h"

namespace rollcall::signer {

/// Blocks. Changes nothing.
///
/// zone     Empty: only what no zone is needed for.
/// foreign  Key tags of DNSKEYs that are to be taken out.
std::vector<Finding> check_bind(const BindConfig& config, const Rndc& rndc, const ZoneName& zone,
                                const std::vector<std::uint16_t>& foreign);

}  // namespace rollcall::signer
