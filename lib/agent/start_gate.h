// SPDX-License-Identifier: GPL-3.0-or-later
// When the DNS server of this machine may start: after the first pass that knew all of the
// directory, once what that pass ordered has ended. What a machine served before it went down, or
// before its disk was restored, may have been withdrawn long ago.
//
// An order that fails has ended too: before the DNS server runs, its key files are all that can be
// put right. And no machine waits for ever for a directory that does not answer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "lib/util/time.h"

namespace rollcall::agent {

class StartGate {
 public:
  /// open  Called once: true if all was looked at, false if `limit` was over first.
  StartGate(boost::asio::io_context& loop, Seconds limit, std::function<void(bool looked)> open);

  void directory_complete() { complete_ = true; }
  void order_began() { ++orders_; }
  void order_ended() { --orders_; }
  /// A pass is over, and everything that it ordered has begun.
  void passed();
  /// There is nothing to wait for.
  void open() { open(true); }

 private:
  void open(bool looked);

  boost::asio::steady_timer limit_;
  std::function<void(bool)> open_;  ///< Empty: it is open.
  bool complete_ = false;
  std::size_t orders_ = 0;
};

}  // namespace rollcall::agent
