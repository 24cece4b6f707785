// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/status.h"

#include "lib/util/must.h"

namespace rollcall {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::policy: return "policy";
    case Reason::rules: return "rules";
    case Reason::time: return "time";
    case Reason::member: return "member";
    case Reason::parent: return "parent";
    case Reason::operator_: return "operator";
    case Reason::signer: return "signer";
  }
  MUST(false);
}

}  // namespace rollcall
