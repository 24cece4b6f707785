// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace rollcall::control {
namespace {

using Clock = std::chrono::steady_clock;
constexpr const char* start_hint =
    "systemctl start rollcalld (why it is down: journalctl -u rollcalld)";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Problem no_connection(const std::string& path, int error) {
  if (error == EACCES || error == EPERM) {
    return {Errc::denied, "no access to socket " + path, "run it as root, or join group rollcall"};
  }
  if (error == ENOENT || error == ECONNREFUSED) {
    return {Errc::unavailable, "rollcalld does not run: nobody listens on " + path, start_hint};
  }
  return {Errc::unavailable, "socket " + path + ": " + std::strerror(error), start_hint};
}

Problem lost(const std::string& why) {
  return {Errc::unavailable, why, "what was asked for may have been done: rollcall status"};
}

// False: the time is over.
bool wait_for(int socket, short what, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd watched{socket, what, 0};
    const int ready =
        ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;
  }
}

Answer connect(int socket, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return refuse(Errc::malformed, "socket path " + path + " is longer than 107 bytes");
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return tl::unexpected(no_connection(path, errno));
  }
  return Json{};
}

bool send_all(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty() && wait_for(socket, POLLOUT, deadline)) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return bytes.empty();
}

// A peer that is turned away may be told so before it has asked; so reading comes even if sending
// failed.
Answer receive(int socket, Clock::time_point deadline) {
  std::string line;
  std::array<char, 16384> chunk{};
  while (wait_for(socket, POLLIN, deadline)) {
    const ssize_t size = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return tl::unexpected(lost("rollcalld closed the connection without an answer"));
    line.append(chunk.data(), static_cast<std::size_t>(size));
    if (!line.ends_with('\n')) continue;
    line.pop_back();
    auto answer = decode_answer(line);
    if (!answer)
      return refuse(Errc::malformed, "not a rollcalld of this version: " + answer.error().what);
    return std::move(*answer);
  }
  return tl::unexpected(lost("rollcalld did not answer in time"));
}

}  // namespace

Answer call(const std::string& socket_path, std::string_view verb, const Json& args,
            std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (socket.number() < 0)
    return refuse(Errc::unavailable, std::string{"socket: "} + std::strerror(errno));
  if (auto connected = connect(socket.number(), socket_path); !connected) return connected;
  send_all(socket.number(), encode_question(verb, args) + '\n', deadline);
  return receive(socket.number(), deadline);
}

}  // namespace rollcall::control
