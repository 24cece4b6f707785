// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/verbs.h"

#include <algorithm>

namespace rollcall::control {

const Verb* find_verb(std::string_view name) {
  const auto* found = std::ranges::find(verbs, name, &Verb::name);
  return found == std::end(verbs) ? nullptr : found;
}

bool knows(const Verb& verb, std::string_view arg) {
  return !arg.empty() && std::ranges::find(verb.args, arg) != verb.args.end();
}

}  // namespace rollcall::control
