// SPDX-License-Identifier: GPL-3.0-or-later
// The view checker as a gate: what could caches hold if this step were decided now?
#pragma once

#include "lib/core/decide.h"
#include "lib/core/views.h"

namespace rollcall {

/// Everything that caches could hold from now on: any server may have carried out any of the
/// changes that are not settled, in any order, the new one included. Empty if there are more of
/// them than can be looked through, which itself is a reason to wait.
std::optional<Views> views_after(const ZoneView& view, const Step& step);

}  // namespace rollcall
