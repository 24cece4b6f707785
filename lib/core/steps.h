// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that are wanted next for a zone, before anybody asks whether they are allowed.
//
// Each key enters by the stages of its rollover (rollover.h), then leaves by them once it is
// replaced. What differs between the types of rollover is which records go together, and nothing
// else: the guards (guards.h) and rules (rules.h) are the same for all.
#pragma once

#include <vector>

#include "lib/core/decide.h"
#include "lib/core/rollover.h"
#include "lib/core/succession.h"

namespace rollcall {

enum class Verb : std::uint8_t {
  enter,    ///< The next stage of keys on their way in.
  admit,    ///< A DS that the parent shows although nobody knows who announced it.
  leave,    ///< The next stage of keys that were replaced.
  drop,     ///< All of a key that was abandoned before its use.
  unchain,  ///< Every DS, of a zone that is to be insecure.
  unsign,   ///< Everything, of a zone that is insecure.
};

/// A step with what the guards need to know about it.
struct WantedStep {
  Verb verb;
  std::vector<const KeyView*> keys;  ///< Those that enter or leave together.
  Entry entry = Entry::successor;    ///< Of those that enter.
  bool first = false;                ///< The first stage of their way in.
  bool last = false;                 ///< The one that puts them in use.
  bool lacks_partner = false;        ///< A chain takes a key of the other role, too, which is not there.
  Step step;

  const KeyView& key() const { return *keys.front(); }
};

std::vector<WantedStep> wanted_steps(const ZoneView& view);

const KeyView* find_key(const ZoneView& view, const Fingerprint& key);
/// `ZSK 41211`
std::string name_of(const KeyView& key);

}  // namespace rollcall
