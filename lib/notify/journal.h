// SPDX-License-Identifier: GPL-3.0-or-later
// The journal of one agent: every event goes to stderr, where journald takes it, and the latest
// ones are kept for `rollcall log`.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "lib/notify/event.h"

namespace spdlog {
class logger;
}

namespace rollcall::notify {

class Journal {
 public:
  /// How many events are kept, `debug` left out; whatever the level of the log.
  static constexpr std::size_t kept = 1000;

  explicit Journal(Level least);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void write(Event event);

  /// Events with this number and above, at most `most` of them, the oldest first; of one zone, or
  /// of all if it is empty.
  std::vector<Event> since(std::uint64_t number, const ZoneName& zone, std::size_t most) const;
  /// The latest `count` of them, the oldest first.
  std::vector<Event> last(std::size_t count, const ZoneName& zone) const;
  /// The number of the next event.
  std::uint64_t next() const { return next_; }

  /// Called after each event that is kept.
  void on_event(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  Level least_;
  std::shared_ptr<spdlog::logger> log_;
  std::deque<Event> events_;
  std::uint64_t next_ = 1;
  std::function<void()> listener_;
};

}  // namespace rollcall::notify
