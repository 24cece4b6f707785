// SPDX-License-Identifier: GPL-3.0-or-later
// DNS messages over one TCP connection, every step of it under the same deadline.
#pragma once

#include <chrono>

#include "lib/dns/address.h"
#include "lib/util/bytes.h"
#include "lib/util/result.h"

namespace rollcall::dns {

using Deadline = std::chrono::steady_clock::time_point;

/// Blocks, never longer than until the deadline. Move-only. All errors are unavailable and name the
/// server.
class TcpStream {
 public:
  static Result<TcpStream> connect(const Address& server, Deadline deadline);
  ~TcpStream();
  TcpStream(TcpStream&& other) noexcept;
  TcpStream& operator=(TcpStream&&) = delete;

  /// message  1..65535 bytes; its length goes before it. RFC 1035, 4.2.2.
  Result<> send(ByteView message);
  Result<Bytes> receive();

 private:
  TcpStream(int socket, Address server, Deadline deadline);
  Result<> wait_for(short events);
  Result<Bytes> read_exactly(std::size_t size_bytes);
  tl::unexpected<Error> broken(const std::string& why) const;

  int socket_;
  Address server_;
  Deadline deadline_;
};

}  // namespace rollcall::dns
