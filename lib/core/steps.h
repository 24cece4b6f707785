// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that a zone's policy wants next, before anybody asks whether they are allowed.
//
// Every rollover consists of the same three for each key: publish it, use it, remove it. What
// differs between ZSK pre-publication and KSK double-KSK are the records that go together, and the
// guards (guards.h).
#pragma once

#include <vector>

#include "lib/core/decide.h"

namespace rollcall {

enum class Verb : std::uint8_t {
  start,    ///< Publish and use the first KSK and ZSK of a zone as one change.
  publish,  ///< Introduce DNSKEY (of a KSK with KRRSIG).
  use,      ///< Introduce ZRRSIG or DS, and withdraw the predecessor's if the signer can.
  remove,   ///< Withdraw what is left of a key that was replaced.
};

/// A step with what the guards need to know about it.
struct WantedStep {
  Verb verb;
  const KeyView* key = nullptr;          ///< That is published, used or removed.
  const KeyView* predecessor = nullptr;  ///< That `key` replaces.
  const KeyView* successor = nullptr;    ///< That replaces `key`.
  Step step;
};

std::vector<WantedStep> wanted_steps(const ZoneView& view);

const KeyView* find_key(const ZoneView& view, const Fingerprint& key);
const KeyView* predecessor_of(const ZoneView& view, const KeyView& key);
const KeyView* successor_of(const ZoneView& view, const KeyView& key);

/// `ZSK 41211`
std::string name_of(const KeyView& key);

}  // namespace rollcall
