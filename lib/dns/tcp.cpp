// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/util/must.h"

namespace rollcall::dns {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const Address& address) {
  SocketAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    result.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    result.size = sizeof *v6;
  }
  return result;
}

// Whole milliseconds, rounded up so that poll() does not spin before the deadline; 0 after it.
int milliseconds_until(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(
      std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1'000'000'000));
}

int pending_error(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

TcpStream::TcpStream(int socket, Address server, Deadline deadline)
    : socket_(socket), server_(std::move(server)), deadline_(deadline) {}

TcpStream::~TcpStream() {
  if (socket_ >= 0) close(socket_);
}

TcpStream::TcpStream(TcpStream&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      server_(std::move(other.server_)),
      deadline_(other.deadline_) {}

tl::unexpected<Error> TcpStream::broken(const std::string& why) const {
  return fail(Errc::unavailable, fmt::format("no answer from {}: {}", to_string(server_), why));
}

Result<TcpStream> TcpStream::connect(const Address& server, Deadline deadline) {
  const SocketAddress to = socket_address(server);
  if (to.size == 0)
    return fail(Errc::malformed, fmt::format("not an address: \"{}\"", server.host));
  TcpStream stream(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                   server, deadline);
  if (stream.socket_ < 0) return stream.broken(std::strerror(errno));
  if (::connect(stream.socket_, reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0)
    return stream;
  if (errno != EINPROGRESS) return stream.broken(std::strerror(errno));
  if (auto ready = stream.wait_for(POLLOUT); !ready) return tl::unexpected(ready.error());
  if (const int error = pending_error(stream.socket_); error != 0)
    return stream.broken(std::strerror(error));
  return stream;
}

Result<> TcpStream::wait_for(short events) {
  pollfd watched{socket_, events, 0};
  for (;;) {
    const int ready = poll(&watched, 1, milliseconds_until(deadline_));
    if (ready > 0) return {};
    if (ready == 0) return broken("not in time");
    if (errno != EINTR) return broken(std::strerror(errno));
  }
}

Result<> TcpStream::send(ByteView message) {
  MUST(!message.empty() && message.size() <= 0xffff);
  Bytes framed{static_cast<std::byte>(message.size() >> 8),
               static_cast<std::byte>(message.size() & 0xff)};
  framed.insert(framed.end(), message.begin(), message.end());
  for (ByteView left = framed; !left.empty();) {
    const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      left = left.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return broken(std::strerror(errno));
    } else if (auto ready = wait_for(POLLOUT); !ready) {
      return ready;
    }
  }
  return {};
}

Result<Bytes> TcpStream::read_exactly(std::size_t size_bytes) {
  Bytes bytes(size_bytes);
  for (std::size_t have = 0; have < size_bytes;) {
    if (auto ready = wait_for(POLLIN); !ready) return tl::unexpected(ready.error());
    const ssize_t got = recv(socket_, bytes.data() + have, size_bytes - have, 0);
    if (got == 0) return broken("it closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return broken(std::strerror(errno));
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<Bytes> TcpStream::receive() {
  const auto size = read_exactly(2);
  if (!size) return size;
  return read_exactly(std::to_integer<std::size_t>((*size)[0]) << 8 |
                      std::to_integer<std::size_t>((*size)[1]));
}

}  // namespace rollcall::dns
