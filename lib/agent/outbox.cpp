// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/outbox.h"

#include "lib/agent/clock.h"
#include "lib/directory/codec.h"
#include "lib/directory/codec_config.h"

namespace rollcall::agent {
namespace {

constexpr std::chrono::seconds retry_interval{2};
constexpr auto entry_gone =
    "the entry of this member was deleted in the directory: put it back, with what else is gone there, from a copy of "
    "the directory (its backup, or slapcat on a server that still has it)";

}  // namespace

Outbox::Outbox(OutboxParts parts,
               std::function<void(const std::string&, const std::string&)> problem)
    : parts_(std::move(parts)), problem_(std::move(problem)), timer_(parts_.loop) {}

void Outbox::publish(const FactId& id) {
  const auto [item, is_new] = items_.try_emplace({Task::publish, id}, false);
  if (is_new) start(item->first);
}

void Outbox::wipe(const FactId& id) {
  const auto [item, is_new] = items_.try_emplace({Task::wipe, id}, false);
  if (is_new) start(item->first);
}

void Outbox::republish(const FactId& id) {
  const auto counter = static_cast<std::uint64_t>(now().wall.time_since_epoch().count());
  // Whether it worked shows by itself: whoever lacks the fact goes on saying so.
  parts_.directory.modify(directory::fact_dn(parts_.base, id), directory::touch(counter),
                          [this, id](const Result<>& done) {
                            const bool missing = !done && done.error().code == Errc::not_found;
                            if (missing) publish(id);
                          });
}

// Whether it worked shows by itself: whoever lacks the fact goes on saying so.
void Outbox::copy(const FactId& id) {
  auto entry = entry_of(id);
  if (!entry) return;
  entry->dn = directory::copy_dn(parts_.base, parts_.self.self.member, id);
  entry->attributes["cn"] = {to_bytes(to_string(id))};
  const auto counter = static_cast<std::uint64_t>(now().wall.time_since_epoch().count());
  parts_.directory.add(*entry, [this, dn = entry->dn, counter](const Result<>& done) {
    if (done || done.error().code != Errc::conflict) return;
    parts_.directory.modify(dn, directory::touch(counter), [](const Result<>&) {});
  });
}

void Outbox::wipe_copy(const FactId& id) {
  parts_.directory.modify(directory::copy_dn(parts_.base, parts_.self.self.member, id),
                          directory::wipe_wrapped_key(), [](const Result<>&) {});
}

void Outbox::heartbeat(Bytes value) {
  next_heartbeat_ = std::move(value);
  if (!sending_) send_heartbeat();
}

void Outbox::retry() {
  std::vector<Item> waiting;
  for (const auto& [item, on_its_way] : items_) {
    if (!on_its_way) waiting.push_back(item);
  }
  for (const Item& item : waiting) start(item);
  if (!sending_ && next_heartbeat_) send_heartbeat();
}

void Outbox::retry_later() {
  if (timer_runs_) return;
  timer_runs_ = true;
  timer_.expires_after(retry_interval);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    timer_runs_ = false;
    retry();
  });
}

void Outbox::start(const Item& item) {
  items_[item] = true;
  if (item.first == Task::wipe) return start_wipe(item);
  start_publish(item);
}

void Outbox::start_publish(const Item& item) {
  if (unknown_.contains(item)) return look_first(item);
  add(item);
}

// The answer to an earlier try was lost: it may be there.
void Outbox::look_first(const Item& item) {
  parts_.directory.read(directory::fact_dn(parts_.base, item.second),
                        [this, item](const Result<directory::Entry>& there) {
                          if (there) return compare(item, *there);
                          if (there.error().code == Errc::not_found) return add(item);
                          ended(item, tl::unexpected(there.error()));
                        });
}

void Outbox::add(const Item& item) {
  auto entry = entry_of(item.second);
  if (!entry) return ended(item, tl::unexpected(entry.error()));
  unknown_.insert(item);
  parts_.directory.add(std::move(*entry), [this, item](const Result<>& done) {
    if (done || done.error().code != Errc::conflict) return ended(item, done);
    look_at_rival(item);
  });
}

// The DN is taken: by what we added before a restart, if all is well.
void Outbox::look_at_rival(const Item& item) {
  parts_.directory.read(directory::fact_dn(parts_.base, item.second),
                        [this, item](const Result<directory::Entry>& there) {
                          if (there) return compare(item, *there);
                          ended(item, tl::unexpected(there.error()));
                        });
}

void Outbox::compare(const Item& item, const directory::Entry& there) {
  const auto stored = parts_.store.fact(parts_.self, item.second);
  if (!stored) return ended(item, tl::unexpected(stored.error()));
  const auto read = directory::read_fact(parts_.self.cluster, parts_.base, there);
  if (read && read->fact.signature == stored->fact.signature) return ended(item, {});
  ended(item, fail(Errc::denied,
                   "another fact stands there; a second agent uses this identity, or the local "
                   "store was restored from a backup"));
}

void Outbox::start_wipe(const Item& item) {
  parts_.directory.modify(directory::fact_dn(parts_.base, item.second),
                          directory::wipe_wrapped_key(), [this, item](const Result<>& done) {
                            const bool gone = !done && done.error().code == Errc::not_found;
                            if (!done && !gone) return ended(item, done);
                            ended(item, parts_.store.wipe_wrapped_key(item.second));
                          });
}

void Outbox::ended(const Item& item, const Result<>& done) {
  const std::string dn = directory::fact_dn(parts_.base, item.second);
  if (done) {
    items_.erase(item);
    unknown_.erase(item);
    return problem_(dn, "");
  }
  items_[item] = false;
  // The connection is everybody's problem and told once, by the directory itself.
  if (done.error().code != Errc::unavailable) problem_(dn, done.error().what);
  retry_later();
}

void Outbox::send_heartbeat() {
  sending_ = true;
  Bytes value = std::move(*next_heartbeat_);
  next_heartbeat_.reset();
  const std::string dn = directory::member_dn(parts_.base, parts_.self.self.member);
  parts_.directory.modify(dn, {{directory::heartbeat_attribute, {value}}},
                          [this, dn, value](const Result<>& done) {
                            sending_ = false;
                            if (done) {
                              problem_(dn, "");
                            } else {
                              const bool silent = done.error().code == Errc::unavailable;
                              const bool gone = done.error().code == Errc::not_found;
                              if (!silent) problem_(dn, gone ? entry_gone : done.error().what);
                              if (!next_heartbeat_) next_heartbeat_ = value;
                              return retry_later();
                            }
                            if (next_heartbeat_) send_heartbeat();
                          });
}

Result<directory::Entry> Outbox::entry_of(const FactId& id) {
  auto stored = parts_.store.fact(parts_.self, id);
  if (!stored) return tl::unexpected(stored.error());
  directory::Attributes attributes = std::move(stored->attributes);
  if (stored->wrapped_key) {
    attributes = directory::with_wrapped_key(std::move(attributes), std::move(*stored->wrapped_key));
  }
  return directory::Entry{directory::fact_dn(parts_.base, id), std::move(attributes)};
}

}  // namespace rollcall::agent
