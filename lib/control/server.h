// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon's end of the control socket: who may ask what, and no peer can hold up another.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "lib/control/message.h"

namespace rollcall::control {

struct ServerOptions {
  std::string path = default_socket;  ///< At most 107 bytes. Its directory exists.
  std::string read_group = "rollcall";
  std::string change_group = "rollcall-admin";
  std::size_t most_clients = 64;  ///< Further ones are told so and cut off.
  std::chrono::milliseconds idle_timeout{
      60'000};  ///< Without a whole question, or without taking an answer.
};

/// Called in the event loop; answers now or later, exactly once. The function may be called after
/// the peer or the server has gone.
using Handler = std::function<void(const Request&, std::function<void(Answer)>)>;

/// Listens until destroyed. One question at a time of each peer; what a peer sends meanwhile waits.
///
/// Root and the daemon's own user may do everything, `change_group` too, `read_group` may use the
/// verbs that only read. Supplementary groups count. Anybody else is told which group to join.
class ControlServer {
 public:
  ControlServer(boost::asio::io_context& loop, ServerOptions options, Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Creates the socket. A socket at that path is replaced only if nobody listens there.
  ///
  /// Errors  conflict if another daemon listens or something else is in the way; denied;
  ///         malformed if the path is too long; not_found if its directory is missing.
  Result<> listen();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollcall::control
