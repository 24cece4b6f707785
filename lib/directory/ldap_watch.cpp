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

constexpr const char* conflict_attribute = "nsds5replconflict";
constexpr const char* conflict_filter = "(&(objectClass=ldapSubEntry)(nsds5ReplConflict=*))";

// What a server says that knows the control, and does not want it of us or at all.
bool is_refusal(const LdapAnswer& answer) {
  int code = LDAP_SUCCESS;
  ldap_parse_result(answer.handle, answer.message, &code, nullptr, nullptr, nullptr, nullptr, 0);
  return code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION || code == LDAP_INSUFFICIENT_ACCESS ||
         code == LDAP_UNWILLING_TO_PERFORM || code == LDAP_PROTOCOL_ERROR;
}

std::string conflict_in(const Entry& entry) {
  const auto why = entry.attributes.find(conflict_attribute);
  if (why == entry.attributes.end() || why->second.empty()) return entry.dn;
  return fmt::format("{}: {}", entry.dn, as_text(why->second.front()));
}

}  // namespace

LdapWatch::LdapWatch(boost::asio::io_context& loop, std::shared_ptr<const LdapOptions> options, Listener& listener)
    : options_{std::move(options)}, base_{normal_dn(options_->base).value_or(options_->base)},
      listener_{&listener}, timer_{loop}, conflict_timer_{loop} {}

void LdapWatch::connected(LdapSession& session, const std::string& uri) {
  session_ = &session;
  uri_ = uri;
  most_ = Way::synchronised;
  begin();
}

void LdapWatch::disconnected(const std::string& why, bool denied) {
  if (denied && listener_ != nullptr) listener_->denied();
  ++attempt_;
  session_ = nullptr;
  timer_.cancel();
  conflict_timer_.cancel();
  tell_state(State::down, why);
}

void LdapWatch::stop() {
  ++attempt_;
  session_ = nullptr;
  listener_ = nullptr;
  timer_.cancel();
  conflict_timer_.cancel();
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
  ask_abilities();
}

void LdapWatch::ask_abilities() {
  const auto asked = [](LdapWatch& self, const Result<Entry>& root) {
    if (!root) return self.again_later(root.error().what);
    self.abilities_ = abilities_of(self.base_, *root);
    self.abilities_.way = std::max(self.abilities_.way, self.most_);
    const auto suffix = self.abilities_.suffix;
    if (!suffix) return self.again_later(fmt::format("{} has no database for {}", self.uri_, self.base_));
    if (self.abilities_.serves_parts) return self.check_whole(*suffix);
    self.refresh();
  };
  session_->submit(read_request("", abilities_attributes, guarded(asked)));
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
  search_ = std::make_shared<Persistence>();
  readings_ = 0;
  if (abilities_.way == Way::persistent) listen_for_changes();
  if (abilities_.way != Way::synchronised) return read_all();
  content_.begin_refresh();
  session_->submit(sync_request(
      base_, guarded([](LdapWatch& self, const Result<LdapAnswer>& answer) { self.answered(answer); }), search_));
}

void LdapWatch::again_later(const std::string& why) {
  ++attempt_;
  if (search_) search_->enough = true;
  tell_state(State::refreshing, fmt::format("{} (as {}); asked again every {} ms", why, identity(*options_),
                                            options_->recheck.count()));
  after(options_->recheck, timer_, &LdapWatch::begin);
}

// Unless another attempt has begun by then.
void LdapWatch::after(std::chrono::milliseconds pause, boost::asio::steady_timer& timer, void (LdapWatch::*next)()) {
  timer.expires_after(pause);
  timer.async_wait([weak = weak_from_this(), attempt = attempt_, next](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!error && self && self->session_ != nullptr && self->attempt_ == attempt) ((*self).*next)();
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
      if (!result && abilities_.hides_conflicts && is_refusal(answer)) most_ = lesser(Way::synchronised);
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
  look_for_conflicts();
}

// --- a persistent search

void LdapWatch::listen_for_changes() {
  search_->quiet = true;
  session_->submit(changes_request(
      base_, guarded([](LdapWatch& self, const Result<LdapAnswer>& answer) { self.changed(answer); }), search_));
}

void LdapWatch::changed(const Result<LdapAnswer>& answer) {
  if (!answer) return again_later(answer.error().what);
  switch (ldap_msgtype(answer->message)) {
    case LDAP_RES_SEARCH_ENTRY: {
      auto change = entry_change_of(*answer);
      if (!change) return again_later(change.error().what);
      return take_change(std::move(*change));
    }
    case LDAP_RES_SEARCH_RESULT: {
      const auto result = result_of(*answer, fmt::format("watch {}", base_));
      if (!result && is_refusal(*answer)) most_ = lesser(Way::persistent);
      return again_later(result ? fmt::format("{} ended the search", uri_) : result.error().what);
    }
    default:
      return;
  }
}

void LdapWatch::take_change(EntryChange change) {
  const std::string& former = change.removed ? change.entry.dn : change.former_dn;
  if (!former.empty() && content_.removed(uuid_for(former))) tell_vanished(former);
  if (change.removed || session_ == nullptr) return;
  take_read(std::move(change.entry));
  if (!change.former_dn.empty() && is_current() && session_ != nullptr) begin();  // what is below it moved too
}

// --- reading all

void LdapWatch::read_all() {
  content_.begin_refresh();
  session_->submit(search_request(
      base_, "(objectClass=*)", {}, guarded([](LdapWatch& self, const Result<LdapAnswer>& answer) { self.read(answer); })));
}

void LdapWatch::read(const Result<LdapAnswer>& answer) {
  if (!answer) return again_later(answer.error().what);
  switch (ldap_msgtype(answer->message)) {
    case LDAP_RES_SEARCH_ENTRY: {
      auto entry = entry_of(*answer);
      if (!entry) return again_later(fmt::format("{} sent a garbled entry", uri_));
      return take_read(std::move(*entry));
    }
    case LDAP_RES_SEARCH_RESULT: {
      const auto result = result_of(*answer, fmt::format("read all of {}", base_));
      if (!result) return again_later(result.error().what);
      return finish_reading();
    }
    default:
      return;
  }
}

void LdapWatch::take_read(Entry entry) {
  const Uuid uuid = uuid_for(entry.dn);
  content_.seen(uuid, entry.dn);
  if (content_.is_news(uuid, digest_of(entry.attributes))) tell_entry(std::move(entry));
}

void LdapWatch::finish_reading() {
  for (const std::string& dn : content_.end_refresh()) tell_vanished(dn);
  const bool polled = abilities_.way == Way::polled;
  if (polled) {
    tell_state(State::current, fmt::format("reading {} every {} ms", uri_, options_->poll.count()));
  } else {
    tell_state(State::current, fmt::format("following {} by persistent search", uri_));
  }
  if (session_ == nullptr) return;
  const bool is_first = readings_++ == 0;
  const auto pause = polled ? options_->poll : is_first ? options_->recheck : options_->reread;
  after(pause, timer_, &LdapWatch::read_all);
  if (is_first) look_for_conflicts();
}

// --- entries that lost

void LdapWatch::look_for_conflicts() {
  if (!abilities_.hides_conflicts || session_ == nullptr) return;
  const auto found = std::make_shared<std::vector<std::string>>();
  const auto answered = [found](LdapWatch& self, const Result<LdapAnswer>& answer) {
    if (!answer) return;  // a lost connection is told elsewhere
    const int type = ldap_msgtype(answer->message);
    if (type == LDAP_RES_SEARCH_ENTRY) {
      if (const auto entry = entry_of(*answer)) found->push_back(conflict_in(*entry));
    }
    if (type != LDAP_RES_SEARCH_RESULT) return;
    if (result_of(*answer, "look for conflicts")) self.tell_conflicts(std::move(*found));
    self.after(self.options_->conflict_look, self.conflict_timer_, &LdapWatch::look_for_conflicts);
  };
  session_->submit(search_request(base_, conflict_filter, {conflict_attribute}, guarded(answered)));
}

void LdapWatch::tell_conflicts(std::vector<std::string> conflicts) {
  std::sort(conflicts.begin(), conflicts.end());
  if (listener_ == nullptr || conflicts == conflicts_) return;
  conflicts_ = std::move(conflicts);
  listener_->conflicts(conflicts_);
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
