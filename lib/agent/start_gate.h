// SPDX-License-Identifier: GPL-3.0-or-later
// When the DNS server of this machine may start: after the first pass that knew all of the
// directory and a word of another member that was written since, once what that pass ordered has
// ended. What a machine served before it went down may have been withdrawn long ago, if its disk
// was restored or the others were told that it is dead.
//
// An order that fails has ended too: before the DNS server runs, its key files are all that can be
// put right. And no machine waits for ever for others that do not answer, unless it knows that it
// must not answer itself.
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
  ///
  /// may    The member knows what others say; without any other nothing stops it.
  /// never  However long it waits: it was forgotten, or its store is an old copy.
  void passed(bool may = true, bool never = false);
  /// There is nothing to wait for.
  void open() { open(true); }

 private:
  void open(bool looked);

  boost::asio::steady_timer limit_;
  std::function<void(bool)> open_;  ///< Empty: it is open.
  bool complete_ = false;
  bool never_ = false, limit_over_ = false;
  std::size_t orders_ = 0;
};

}  // namespace rollcall::agent
