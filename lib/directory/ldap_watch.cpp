// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_watch.h"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/directory/ldap_dn.h"
#include "lib/directory/ldap_requests.h"

namespace rollcall::directory {
namespace {

// The naming context that holds the base: the longest, since a database can be glued into another.
std::optional<std::string> suffix_of(const std::string& base, const Entry& root) {
  std::optional<std::string> suffix;
  const auto contexts = root.attributes.find("namingcontexts");
  if (contexts == root.attributes.end()) return suffix;
  for (const Bytes& value : contexts->second) {
    const auto context = normal_dn(as_text(value));
    if (!context || !is_within(base, *context)) continue;
    if (!suffix || context->size() > suffix->size()) suffix = context;
  }
  return suffix;
}

}  // namespace

LdapWatch::LdapWatch(boost::asio::io_context& loop, std::shared_ptr<const LdapOptions> options, Listener& listener)
    : options_{std::move(options)}, base_{normal_dn(options_->base).value_or(options_->base)},
      listener_{&listener}, timer_{loop} {}

void LdapWatch::connected(LdapSession& session, const std::string& uri) {
  session_ = &session;
  uri_ = uri;
  begin();
}

void LdapWatch::disconnected(const std::string& why) {
  ++attempt_;
  session_ = nullptr;
  timer_.cancel();
  tell_state(State::down, why);
}

void LdapWatch::stop() {
  ++attempt_;
  session_ = nullptr;
  listener_ = nullptr;
  timer_.cancel();
}

// Passes answers on only while the attempt that asked is still the present one.
template <class Handle>
auto LdapWatch::guarded(Handle handle) {
  return [weak = weak_from_this(), attempt = attempt_, handle](auto&& answer) {
    const auto self = weak.lock();
    if (self && self->session_ != nullptr && self->attempt_ == attempt) handle(*self, answer);
  };
}

void LdapWatch::begin() {
  ++attempt_;
  if (search_) search_->enough = true;
  find_suffix();
}

void LdapWatch::find_suffix() {
  session_->submit(read_request("", {"namingContexts"}, guarded([](LdapWatch& self, const Result<Entry>& root) {
    if (!root) return self.again_later(root.error().what);
    const auto suffix = suffix_of(self.base_, *root);
    if (suffix) return self.check_whole(*suffix);
    self.again_later(fmt::format("{} has no database for {}", self.uri_, self.base_));
  })));
}

void LdapWatch::check_whole(const std::string& suffix) {
  const auto read = [suffix](LdapWatch& self, const Result<Entry>& entry) {
    if (!entry) return self.again_later(entry.error().what);
    if (entry->attributes.contains("contextcsn")) return self.refresh();
    self.again_later(fmt::format(
        "{} has no contextCSN at {} yet: its peers are still filling it, or syncprov is missing, or {} may not read it",
        self.uri_, suffix, identity(*self.options_)));
  };
  session_->submit(read_request(suffix, {"contextCSN"}, guarded(read)));
}

void LdapWatch::refresh() {
  tell_state(State::refreshing, fmt::format("reading {}", uri_));
  if (session_ == nullptr) return;
  content_.begin_refresh();
  search_ = std::make_shared<Persistence>();
  session_->submit(sync_request(
      base_, guarded([](LdapWatch& self, const Result<LdapAnswer>& answer) { self.answered(answer); }), search_));
}

void LdapWatch::again_later(const std::string& why) {
  ++attempt_;
  if (search_) search_->enough = true;
  tell_state(State::refreshing, fmt::format("{} (as {}); asked again every {} ms", why, identity(*options_),
                                            options_->recheck.count()));
  timer_.expires_after(options_->recheck);
  timer_.async_wait([weak = weak_from_this(), attempt = attempt_](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->session_ != nullptr && self->attempt_ == attempt) self->begin();
  });
}

void LdapWatch::answered(const Result<LdapAnswer>& answer) {
  if (!answer) return again_later(answer.error().what);
  if (auto taken = take(*answer); !taken) again_later(taken.error().what);
}

Result<> LdapWatch::take(const LdapAnswer& answer) {
  switch (ldap_msgtype(answer.message)) {
    case LDAP_RES_SEARCH_ENTRY: {
      auto entry = sync_entry_of(answer);
      if (!entry) return tl::unexpected(entry.error());
      take_entry(std::move(*entry));
      return {};
    }
    case LDAP_RES_INTERMEDIATE: {
      const auto info = sync_info_of(answer);
      if (!info) return tl::unexpected(info.error());
      take_info(*info);
      return {};
    }
    case LDAP_RES_SEARCH_RESULT: {
      // Also 4096, e-syncRefreshRequired: a refresh from scratch is what we do anyway.
      const auto result = result_of(answer, fmt::format("watch {}", base_));
      if (!result) return result;
      return fail(Errc::unavailable, fmt::format("{} ended the search", uri_));
    }
    default:
      return {};
  }
}

void LdapWatch::take_entry(SyncEntry entry) {
  const Uuid& uuid = entry.state.uuid;
  switch (entry.state.kind) {
    case SyncState::Kind::present:
      content_.seen(uuid);
      return;
    case SyncState::Kind::remove:
      if (const auto dn = content_.removed(uuid)) tell_vanished(*dn);
      return;
    case SyncState::Kind::add:
    case SyncState::Kind::modify:
      break;
  }
  const auto former = content_.seen(uuid, entry.entry.dn);
  if (former) tell_vanished(*former);
  tell_entry(std::move(entry.entry));
  // A rename moves everything below as well, of which the server says nothing: look again.
  if (former && is_current() && session_ != nullptr) begin();
}

void LdapWatch::take_info(const SyncInfo& info) {
  for (const Uuid& uuid : info.uuids) {
    if (!info.deleted) {
      content_.seen(uuid);
    } else if (const auto dn = content_.removed(uuid)) {
      tell_vanished(*dn);
    }
  }
  if (info.refresh_done && !search_->quiet) finish_refresh();
}

void LdapWatch::finish_refresh() {
  search_->quiet = true;
  for (const std::string& dn : content_.end_refresh()) tell_vanished(dn);
  tell_state(State::current, fmt::format("following {}", uri_));
}

void LdapWatch::tell_entry(Entry entry) {
  if (listener_ != nullptr) listener_->entry(std::move(entry));
}

void LdapWatch::tell_vanished(const std::string& dn) {
  if (listener_ != nullptr) listener_->vanished(dn);
}

void LdapWatch::tell_state(State state, const std::string& why) {
  if (listener_ == nullptr || (state == state_ && why == why_)) return;
  state_ = state;
  why_ = why;
  listener_->state(state, why);
}

}  // namespace rollcall::directory
