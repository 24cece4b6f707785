// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/notify/journal.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>

namespace rollcall::notify {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
    case Level::notice:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool about(const Event& event, const ZoneName& zone) { return zone.empty() || event.zone == zone; }

}  // namespace

Journal::Journal(Level least)
    : least_(least),
      log_(std::make_shared<spdlog::logger>("rollcall",
                                            std::make_shared<spdlog::sinks::stderr_sink_st>())) {
  log_->set_pattern("%v");  // journald adds the time, and our lines begin with the level
  log_->set_level(spdlog::level::trace);
  log_->flush_on(spdlog::level::trace);
}

Journal::~Journal() = default;

void Journal::write(Event event) {
  if (event.level >= least_) log_->log(spdlog_level(event.level), "{}", line_of(event));
  if (event.level == Level::debug) return;
  event.number = next_++;
  events_.push_back(std::move(event));
  if (events_.size() > kept) events_.pop_front();
  if (listener_) listener_();
}

std::vector<Event> Journal::since(std::uint64_t number, const ZoneName& zone, std::size_t most) const {
  std::vector<Event> out;
  for (const Event& event : events_) {
    if (out.size() == most) break;
    if (event.number >= number && about(event, zone)) out.push_back(event);
  }
  return out;
}

std::vector<Event> Journal::last(std::size_t count, const ZoneName& zone) const {
  std::vector<Event> out;
  for (auto event = events_.rbegin(); event != events_.rend() && out.size() < count; ++event) {
    if (about(*event, zone)) out.push_back(*event);
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace rollcall::notify
