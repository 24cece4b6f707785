// SPDX-License-Identifier: GPL-3.0-or-later
// Follows the content of one base over any number of connections, one at a time.
//
// On each connection: ask the server what it can (ldap_abilities.h), wait until it is whole, read all, tell
// what comes and, at the end, what has gone; then changes as they happen. A slapd that is
// being filled by its peers serves a part of the tree; it has a contextCSN only when it is done. A
// server without peers gets one from its syncprov overlay with the first entry, so it is asked the same.
//
// RFC 4533 is asked for without a cookie, always: 389-ds honours one on the same server, for the same bind DN,
// base and filter only, and answers any other with e-syncRefreshRequired (4096). A refresh is cheap.
//
// A persistent search has no refresh of its own that misses nothing, so all is read while it runs already, once more
// soon after, and then every now and then.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/directory/directory.h"
#include "lib/directory/ldap_abilities.h"
#include "lib/directory/ldap_content.h"
#include "lib/directory/ldap_message.h"
#include "lib/directory/ldap_options.h"
#include "lib/directory/ldap_session.h"

namespace rollcall::directory {

class LdapWatch : public std::enable_shared_from_this<LdapWatch> {
 public:
  LdapWatch(boost::asio::io_context& loop, std::shared_ptr<const LdapOptions> options, Listener& listener);

  /// The session must outlive this until disconnected() or stop().
  void connected(LdapSession& session, const std::string& uri);

  /// why  What happened and when we try again.
  void disconnected(const std::string& why, bool denied);

  /// The listener is not called any more.
  void stop();

  bool is_current() const { return state_ == State::current; }

 private:
  template <class Handle>
  auto guarded(Handle handle);

  void begin();
  void ask_abilities();
  void check_whole(const std::string& suffix);
  void refresh();
  void again_later(const std::string& why);
  void after(std::chrono::milliseconds pause, boost::asio::steady_timer& timer, void (LdapWatch::*next)());

  // RFC 4533
  void answered(const Result<LdapAnswer>& answer);
  Result<> take(const LdapAnswer& answer);
  void take_entry(SyncEntry entry);
  void take_info(const SyncInfo& info);
  void finish_refresh();

  // persistent search, and reading all
  void listen_for_changes();
  void changed(const Result<LdapAnswer>& answer);
  void take_change(EntryChange change);
  void read_all();
  void read(const Result<LdapAnswer>& answer);
  void take_read(Entry entry);
  void finish_reading();
  void refused(Way way, const Error& error);

  void look_for_conflicts();
  void tell_conflicts(std::vector<std::string> conflicts);

  void tell_entry(Entry entry);
  void tell_vanished(const std::string& dn);
  void tell_state(State state, const std::string& why);

  const std::shared_ptr<const LdapOptions> options_;
  const std::string base_;     ///< Normal.
  Listener* listener_;         ///< Null after stop().
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer conflict_timer_;
  LdapSession* session_ = nullptr;  ///< Null while there is no connection.
  std::string uri_;
  unsigned attempt_ = 0;       ///< Tells answers to the present attempt from late ones.
  std::shared_ptr<Persistence> search_;
  Abilities abilities_;        ///< Of the server that we are connected to.
  Way most_ = Way::synchronised;  ///< What it has not refused yet.
  unsigned readings_ = 0;      ///< How often all was read in this attempt.
  std::vector<std::string> conflicts_;
  LdapContent content_;
  State state_ = State::down;
  std::string why_;
};

}  // namespace rollcall::directory
