// SPDX-License-Identifier: GPL-3.0-or-later
// What must survive: every promise of this member, and every live fact of everybody with its
// wrapped key, since absence in the directory is not an instruction.
//
// One SQLite file, `store.db`, mode 0600, in the state directory. Write-ahead log with
// synchronous=FULL: a pass costs one fsync, where a rollback journal costs three, and a crash
// leaves whole transactions only; there is one process on one local disk, so the shared memory
// that the log needs is no burden. Sync cookies are not kept: a full refresh is cheap.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/agent/sqlite.h"
#include "lib/core/member.h"
#include "lib/directory/directory.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::agent {

/// Increased when the tables change.
inline constexpr int store_version = 1;

/// Whose signatures are believed from the start, before any `admit` is read.
struct Anchor {
  Incarnation member;
  std::array<std::byte, 32> signing{};
};

/// Who this agent is, and in which cluster.
struct Membership {
  Uuid cluster;
  MemberKeys self;
  Anchor anchor;       ///< The inviter; oneself in the first member.
  bool founder = false;
};

/// A token that was handed out. The secret itself is needed to check the joiner's HMAC.
struct Invite {
  Uuid id;
  Secret secret;
  Time expires;
  std::optional<MemberId> used_by;
};

/// A fact as it is in the store.
struct StoredFact {
  Fact fact;
  directory::Attributes attributes;  ///< As its author added them, signature included, but for the wrapped key.
  std::optional<Bytes> wrapped_key;
};

/// What belongs to facts that the core is about to save, and that the core never sees.
struct Staging {
  std::map<FactId, directory::Attributes> unknown;  ///< Of kinds that cannot be printed again.
  std::map<FactId, Bytes> received;                 ///< Wrapped keys that came with candidates and rewraps.
  std::map<Fingerprint, Bytes> made;                ///< Wrapped keys made here.
  std::map<Digest, Bytes> rewrapped;                ///< Wrapped again here, by what a rewrap calls them.
};

class Store {
 public:
  /// Opens or creates the store, and locks its directory for this process.
  ///
  /// Errors  conflict: another agent runs here; denied, malformed (damaged, or of another
  ///         version): the text says what to do.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory);
  ~Store();

  Result<std::optional<Membership>> membership();
  /// Replaces the membership.
  Result<> set_membership(const Membership& membership);
  /// The same, for another incarnation: it serves only when others have taken it in.
  Result<> begin_life(const Membership& membership);
  Result<> forget_membership();

  /// Carries out all saves of a pass, or none of them; and takes from `staging` what belongs to them.
  ///
  /// boot    Waits are worth something until the next boot only.
  Result<> save(std::span<const Save> saves, const std::string& boot, Staging& staging);

  /// Everything that a Member needs to go on.
  Result<Restored> restore(const Membership& self, const std::string& boot);

  Result<bool> has_no_facts();

  /// Errors  not_found.
  Result<StoredFact> fact(const Membership& self, const FactId& id);
  Result<> set_wrapped_key(const FactId& id, const Bytes& wrapped_key);
  /// Removes a wrapped key so that no page of the file holds it any more.
  Result<> wipe_wrapped_key(const FactId& id);

  Result<> add_invite(const Invite& invite);
  Result<std::vector<Invite>> invites();
  Result<> use_invite(const Uuid& id, const MemberId& by);
  /// Errors  not_found, also if it was used or has expired.
  Result<> revoke_invite(const Uuid& id, Time now);

 private:
  struct Lock;
  Store(std::unique_ptr<Lock> lock, Database db);

  std::unique_ptr<Lock> lock_;
  Database db_;
};

}  // namespace rollcall::agent
