// SPDX-License-Identifier: GPL-3.0-or-later
// `log` and `events`: what happened, and waiting for what happens next.
#include <boost/asio/steady_timer.hpp>

#include "lib/agent/agent.h"
#include "lib/control/args.h"
#include "lib/dns/names.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

constexpr std::size_t most_waiters = 64;  // as many as the socket has clients

Json event_json(const notify::Event& event) {
  return {{"n", event.number},       {"time", to_iso(event.time)}, {"level", to_string(event.level)},
          {"event", event.event},    {"zone", event.zone},         {"text", event.text}};
}

Json events_json(const std::vector<notify::Event>& events, std::uint64_t next) {
  Json list = Json::array();
  for (const notify::Event& event : events) list.push_back(event_json(event));
  return {{"events", std::move(list)}, {"next", next}};
}

Result<ZoneName> optional_zone_arg(const Json& args) {
  const auto text = control::optional_text_arg(args, "zone");
  if (!text) return tl::unexpected(text.error());
  if (!*text) return ZoneName{};
  return dns::canonical_zone(**text);
}

}  // namespace

/// Somebody who waits for the next event.
struct Agent::Waiter {
  Waiter(boost::asio::io_context& loop, std::uint64_t number, ZoneName name, Reply to)
      : since(number), zone(std::move(name)), reply(std::move(to)), timer(loop) {}
  std::uint64_t since;
  ZoneName zone;
  Reply reply;
  boost::asio::steady_timer timer;
};

void Agent::log(const control::Request& request, Reply reply) {
  const auto zone = optional_zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto last = control::optional_number_arg(request.args, "last",
                                                 {1, static_cast<std::int64_t>(notify::Journal::kept)});
  if (!last) return reply(tl::unexpected(Problem(last.error())));
  const auto count = static_cast<std::size_t>(last->value_or(50));
  reply(events_json(journal_.last(count, *zone), journal_.next()));
}

void Agent::events(const control::Request& request, Reply reply) {
  const auto zone = optional_zone_arg(request.args);
  if (!zone) return reply(tl::unexpected(Problem(zone.error())));
  const auto since = control::optional_number_arg(request.args, "since", {});
  if (!since) return reply(tl::unexpected(Problem(since.error())));
  const auto wait = control::optional_number_arg(request.args, "wait", {0, 60});
  if (!wait) return reply(tl::unexpected(Problem(wait.error())));

  const auto from = static_cast<std::uint64_t>(since->value_or(0));
  auto found = journal_.since(from, *zone, notify::Journal::kept);
  // A reader whose number is ahead of ours knew an earlier daemon; it is told at once.
  const bool waits = found.empty() && wait->value_or(0) > 0 && from <= journal_.next();
  if (!waits || waiters_.size() >= most_waiters) return reply(events_json(found, journal_.next()));

  const auto waiter = std::make_shared<Waiter>(loop_, from, *zone, std::move(reply));
  waiters_.push_back(waiter);
  waiter->timer.expires_after(Seconds{wait->value_or(0)});
  waiter->timer.async_wait([this, alive = std::weak_ptr(alive_),
                            waiter](const boost::system::error_code& cancelled) {
    if (cancelled || !alive.lock()) return;
    waiters_.remove(waiter);
    waiter->reply(events_json({}, journal_.next()));
  });
}

void Agent::wake_waiters() {
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    const std::shared_ptr<Waiter> waiter = *at;
    const auto found = journal_.since(waiter->since, waiter->zone, notify::Journal::kept);
    if (found.empty()) {
      ++at;
      continue;
    }
    at = waiters_.erase(at);
    waiter->timer.cancel();
    waiter->reply(events_json(found, journal_.next()));
  }
}

}  // namespace rollcall::agent
