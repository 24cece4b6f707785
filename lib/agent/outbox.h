// SPDX-License-Identifier: GPL-3.0-or-later
// What this member writes to the directory: its facts, each until it is known to be there, and its
// heartbeat, of which only the newest matters.
//
// Nothing here is remembered over a restart: what is in the store and not in the directory is
// noticed by the core, which asks again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "lib/agent/store.h"
#include "lib/directory/directory.h"

namespace rollcall::agent {

/// What the outbox is given; all must outlive it.
struct OutboxParts {
  boost::asio::io_context& loop;
  directory::Directory& directory;
  Store& store;
  const Membership& self;
  std::string base;
};

class Outbox {
 public:
  /// problem  Called with a DN and why it cannot be written; with an empty text when it was.
  Outbox(OutboxParts parts,
         std::function<void(const std::string& dn, const std::string& why)> problem);

  /// Adds an own fact from the store, unless it is there.
  void publish(const FactId& id);
  /// Makes the server send an own fact again.
  void republish(const FactId& id);
  /// Puts a copy of another's fact below the own container, or makes the server send it again.
  void copy(const FactId& id);
  /// Removes the wrapped key from the own copy of another's fact, if there is one.
  void wipe_copy(const FactId& id);
  /// Removes the wrapped key of an own fact from the directory.
  void wipe(const FactId& id);
  /// Replaces the heartbeat. One is on its way at a time, so that a later one never arrives first.
  void heartbeat(Bytes value);

  /// Tries again what failed.
  void retry();

 private:
  enum class Task { publish, wipe };
  using Item = std::pair<Task, FactId>;

  void start(const Item& item);
  void start_publish(const Item& item);
  void look_first(const Item& item);
  void look_at_rival(const Item& item);
  void add(const Item& item);
  void compare(const Item& item, const directory::Entry& there);
  void start_wipe(const Item& item);
  void ended(const Item& item, const Result<>& done);
  void send_heartbeat();
  void retry_later();
  Result<directory::Entry> entry_of(const FactId& id);

  OutboxParts parts_;
  std::function<void(const std::string&, const std::string&)> problem_;
  boost::asio::steady_timer timer_;
  std::map<Item, bool> items_;   ///< True: on its way.
  std::set<Item> unknown_;       ///< Tried before: may be there already.
  std::optional<Bytes> next_heartbeat_;
  bool sending_ = false;
  bool timer_runs_ = false;
};

}  // namespace rollcall::agent
