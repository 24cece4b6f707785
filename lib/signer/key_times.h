// SPDX-License-Identifier: GPL-3.0-or-later
// From orders to the times in key files, and from what is seen to whether an order is carried out.
//
// Times are what named acts upon by itself, so they only ever say what is true now: none lies in
// the future, and a key that merely stops signing is never set inactive - its signatures would run
// out one by one while it is still needed.
#pragma once

#include <span>

#include "lib/dns/key_file.h"
#include "lib/signer/signer.h"

namespace rollcall::signer {

/// Nothing of the key is to be served any more.
bool leaves(const KeyOrder& order);

/// The times that make named do what is ordered. What was so before keeps its time, so equal orders
/// give equal files; a time after `now` is one of a clock that was set back, and becomes `now`.
///
/// before  Of the files as they are; empty if there are none.
dns::KeyTimes times_for(const KeyOrder& order, const dns::KeyTimes& before, Time now);

/// All that is ordered is seen, and nothing else of the key; a KSK may sign more while it stays.
bool is_carried_out(const KeyOrder& order, const SeenKey& seen);
bool are_carried_out(std::span<const KeyOrder> orders, const Seen& seen);

}  // namespace rollcall::signer
