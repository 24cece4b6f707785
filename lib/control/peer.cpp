// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/peer.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rollcall::control {
namespace {

// Of the process itself, so a change by usermod counts from the next login, as everywhere else.
Result<std::vector<gid_t>> supplementary_groups(int socket) {
  socklen_t size = 0;
  std::vector<gid_t> groups;
  while (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    if (errno != ERANGE) {
      return fail(Errc::unavailable, std::string{"groups of the peer: "} + std::strerror(errno));
    }
    groups.resize(size / sizeof(gid_t));  // the kernel says how much room it needs
  }
  groups.resize(size / sizeof(gid_t));
  return groups;
}

bool is_in(const Peer& peer, const std::optional<gid_t>& group) {
  return group && std::ranges::find(peer.groups, *group) != peer.groups.end();
}

constexpr std::size_t name_space = 16384;  // what getpwuid_r(3) asks for on glibc is a hint of 1024

}  // namespace

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail(Errc::unavailable, std::string{"credentials of the peer: "} + std::strerror(errno));
  }
  auto groups = supplementary_groups(socket);
  if (!groups) return tl::unexpected(groups.error());
  groups->push_back(credentials.gid);
  return Peer{credentials.uid, std::move(*groups)};
}

Access access_of(const Peer& peer, const Circle& circle) {
  const bool is_daemon_or_root = peer.user == 0 || peer.user == circle.own_user;
  if (is_daemon_or_root || is_in(peer, circle.change_group)) return Access::change;
  return is_in(peer, circle.read_group) ? Access::read : Access::none;
}

std::optional<gid_t> group_named(const std::string& name) {
  std::array<char, name_space> space{};
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, space.data(), space.size(), &found);
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

std::string user_name(uid_t user) {
  std::array<char, name_space> space{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(user, &entry, space.data(), space.size(), &found);
  return found != nullptr ? std::string{found->pw_name} : "uid " + std::to_string(user);
}

}  // namespace rollcall::control
