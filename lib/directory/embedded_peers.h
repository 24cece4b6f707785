// SPDX-License-Identifier: GPL-3.0-or-later
// Talking to the embedded directory of a peer as a peer: which others does it know? Blocking, with
// time limits; only the command line calls it. Internal to the embedded directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/directory/embedded.h"

namespace rollcall::directory {

struct Introduction {
  std::string authority_file;  ///< PEM, with which the server must prove itself.
  const Secret& secret;
};

/// A connection to one server, open until destroyed.
class PeerConnection {
 public:
  /// Errors  unavailable: it does not answer, or cannot prove that it is one of us; denied.
  static Result<PeerConnection> open(const std::string& uri, const Introduction& introduction);

  PeerConnection(PeerConnection&&) noexcept;
  PeerConnection& operator=(PeerConnection&&) noexcept;
  ~PeerConnection();

  /// Whom the server replicates with: all but itself.
  Result<std::vector<Peer>> peers();
  /// Adds a peer; does nothing if one with this id is there.
  Result<> add(const Peer& peer);
  /// Adds a peer, or changes the URI of the one with this id.
  Result<> set(const Peer& peer);

 private:
  struct Handle;
  explicit PeerConnection(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace rollcall::directory
