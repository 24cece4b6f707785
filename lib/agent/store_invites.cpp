// SPDX-License-Identifier: GPL-3.0-or-later
// Invitations in the local store: handed out, used once, revoked.
#include "lib/agent/store.h"

namespace rollcall::agent {

Result<> Store::add_invite(const Invite& invite) {
  auto query = db_.prepare("INSERT INTO invites (id, secret, expires) VALUES (?, ?, ?)");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{invite.id.bytes})
      .bind(invite.secret.view())
      .bind(invite.expires.time_since_epoch().count());
  return query->run();
}

Result<std::vector<Invite>> Store::invites() {
  auto query = db_.prepare("SELECT id, secret, expires, used_by FROM invites ORDER BY expires");
  if (!query) return tl::unexpected(query.error());
  std::vector<Invite> out;
  while (true) {
    const auto row = query->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    Invite invite;
    invite.id.bytes = query->array<16>();
    invite.secret = Secret::copy_of(query->blob());
    invite.expires = Time{Nanoseconds{query->number()}};
    if (const auto by = query->blob_or_null(); by && by->size() == 16) {
      invite.used_by.emplace();
      std::copy(by->begin(), by->end(), invite.used_by->bytes.begin());
    }
    out.push_back(std::move(invite));
  }
}

Result<> Store::use_invite(const Uuid& id, const MemberId& by) {
  auto query = db_.prepare("UPDATE invites SET used_by = ? WHERE id = ?");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{by.bytes}).bind(ByteView{id.bytes});
  return query->run();
}

Result<> Store::revoke_invite(const Uuid& id, Time now) {
  auto query = db_.prepare(
      "DELETE FROM invites WHERE id = ? AND used_by IS NULL AND expires > ? RETURNING id");
  if (!query) return tl::unexpected(query.error());
  query->bind(ByteView{id.bytes}).bind(now.time_since_epoch().count());
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  if (*row) return query->run();
  return fail(Errc::not_found, "invitation " + to_string(id) + ": unknown, used or expired");
}

}  // namespace rollcall::agent
