// SPDX-License-Identifier: GPL-3.0-or-later
// One peer's conversation with the daemon: question, answer, question, answer, until somebody
// leaves.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "lib/control/peer.h"
#include "lib/control/server.h"

namespace rollcall::control {

/// Lives as long as it waits for its peer or for the handler.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  Session(Socket socket, std::shared_ptr<const ServerOptions> options,
          std::shared_ptr<const Handler> handler);

  void serve(uid_t user, Access access);
  void turn_away(const Problem& problem);  ///< Says why, then closes.
  void close();

 private:
  void read();
  void ask(const std::string& line);
  Answer permission(const Request& request) const;
  void answer(const Answer& answer, bool then_close);
  void limit_time();

  Socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<const ServerOptions> options_;
  std::shared_ptr<const Handler> handler_;
  uid_t user_ = 0;
  Access access_ = Access::none;
  std::string in_;   ///< What came and is not asked yet.
  std::string out_;  ///< The answer on its way.
};

/// What somebody without the right to use the socket, or a verb, is told.
Problem no_right(uid_t user, Access needed, const ServerOptions& options);

}  // namespace rollcall::control
