// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/requests.h"

#include <algorithm>

#include "lib/agent/clock.h"

namespace rollcall::agent {
namespace {

constexpr Nanoseconds shortest_pause = std::chrono::milliseconds{200};
constexpr Nanoseconds write_retry = std::chrono::seconds{2};

}  // namespace

void Requests::asked(directory::DirectoryRequest request) {
  const Uuid id = request.id;
  if (answered_.contains(id) || open_.contains(id)) return;
  open_.try_emplace(id, parts_.loop, std::move(request));
  look(id);
}

void Requests::answered(const Uuid& request) {
  answered_.insert(request);
  open_.erase(request);
}

void Requests::come_back(const Uuid& id, Nanoseconds pause) {
  boost::asio::steady_timer& timer = open_.at(id).timer;
  timer.expires_after(pause);
  timer.async_wait(
      [this, alive = std::weak_ptr(alive_), id](const boost::system::error_code& cancelled) {
        if (!cancelled && alive.lock() && open_.contains(id)) look(id);
      });
}

void Requests::look(const Uuid& id) {
  Open& open = open_.at(id);
  const auto turn = parts_.turn(open.request);
  if (!turn) return come_back(id, std::max(parts_.stagger, shortest_pause));
  if (*turn > 0 && !std::exchange(open.waited, true)) {
    return come_back(id, parts_.stagger * static_cast<std::int64_t>(*turn));
  }
  parts_.carry_out(open.request, [this, alive = std::weak_ptr(alive_), id](const std::optional<std::string>& why_not) {
    if (alive.lock()) answer(id, why_not);
  });
}

// A lost answer is given again: whoever carries a request out a second time changes nothing.
void Requests::answer(const Uuid& id, const std::optional<std::string>& why_not) {
  const directory::DirectoryAnswer said{id, !why_not, why_not.value_or("")};
  directory::Entry entry = directory::answer_entry(parts_.base, parts_.self, said, now().wall);
  const std::string dn = entry.dn;
  parts_.directory.add(std::move(entry),
                       [this, alive = std::weak_ptr(alive_), id, dn](const Result<>& done) {
                         if (!alive.lock()) return;
                         const bool is_there = done || done.error().code == Errc::conflict;
                         // Not found: our report, below which answers stand, is not there yet.
                         const bool passes = is_there || done.error().code == Errc::unavailable ||
                                             done.error().code == Errc::not_found;
                         parts_.problem(dn, passes ? "" : done.error().what);
                         if (is_there) return answered(id);
                         if (open_.contains(id)) come_back(id, write_retry);
                       });
}

}  // namespace rollcall::agent
