// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/start_gate.h"

#include <utility>

namespace rollcall::agent {

StartGate::StartGate(boost::asio::io_context& loop, Seconds limit,
                     std::function<void(bool looked)> open)
    : limit_(loop, limit), open_(std::move(open)) {
  limit_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    limit_over_ = true;
    if (!never_) this->open(false);
  });
}

void StartGate::passed(bool may, bool never) {
  never_ = never;
  if (never) return;
  if (complete_ && may && orders_ == 0) return open(true);
  if (limit_over_) open(false);
}

void StartGate::open(bool looked) {
  limit_.cancel();
  if (const auto tell = std::exchange(open_, nullptr)) tell(looked);
}

}  // namespace rollcall::agent
