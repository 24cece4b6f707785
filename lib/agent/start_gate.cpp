// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/start_gate.h"

#include <utility>

namespace rollcall::agent {

StartGate::StartGate(boost::asio::io_context& loop, Seconds limit,
                     std::function<void(bool looked)> open)
    : limit_(loop, limit), open_(std::move(open)) {
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) this->open(false);
  });
}

void StartGate::passed() {
  if (complete_ && orders_ == 0) open(true);
}

void StartGate::open(bool looked) {
  limit_.cancel();
  if (const auto tell = std::exchange(open_, nullptr)) tell(looked);
}

}  // namespace rollcall::agent
