// SPDX-License-Identifier: GPL-3.0-or-later
// Who is at the other end of a Unix socket, and what may they do?
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/util/result.h"

namespace rollcall::control {

/// A process as it was when it connected.
struct Peer {
  uid_t user = 0;
  std::vector<gid_t> groups;  ///< The primary one and the supplementary ones.
};

/// Errors  unavailable if the kernel does not tell.
Result<Peer> peer_of(int socket);

enum class Access { none, read, change };

/// Whom the socket serves. A group that does not exist on this machine is empty.
struct Circle {
  uid_t own_user = 0;
  std::optional<gid_t> read_group;
  std::optional<gid_t> change_group;
};
Access access_of(const Peer& peer, const Circle& circle);

std::optional<gid_t> group_named(const std::string& name);
std::string user_name(uid_t user);  ///< `uid 1234` if it has no name.

}  // namespace rollcall::control
