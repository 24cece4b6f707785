// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs about the master key, under which the private keys stand in the directory.
#include "lib/agent/agent.h"

namespace rollcall::agent {

void Agent::master_key_show(const control::Request&, Reply reply) {
  reply(control::master_key_json(shell_->status()));
}

void Agent::master_key_rotate(const control::Request& request, Reply reply) {
  const control::Json before = control::master_key_json(shell_->status());
  if (const auto why_not = shell_->member().rotate_master_key(request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall master-key show"));
  }
  shell_->wake();
  tell(notify::Level::notice, "master key rotation asked for", "by=" + request.who);
  reply(before);
}

}  // namespace rollcall::agent
