// SPDX-License-Identifier: GPL-3.0-or-later
// Follows the content of one base over any number of connections, one at a time.
//
// On each connection: wait until the server itself is whole, then search without a cookie, tell what
// comes and, at the end of the refresh, what has gone; then changes as they happen. A slapd that is
// being filled by its peers serves a part of the tree; it has a contextCSN only when it is done. A
// server without peers gets one from its syncprov overlay with the first entry, so it is asked the same.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "lib/directory/directory.h"
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
  void disconnected(const std::string& why);

  /// The listener is not called any more.
  void stop();

  bool is_current() const { return state_ == State::current; }

 private:
  template <class Handle>
  auto guarded(Handle handle);

  void begin();
  void find_suffix();
  void check_whole(const std::string& suffix);
  void refresh();
  void again_later(const std::string& why);

  void answered(const Result<LdapAnswer>& answer);
  Result<> take(const LdapAnswer& answer);
  void take_entry(SyncEntry entry);
  void take_info(const SyncInfo& info);
  void finish_refresh();

  void tell_entry(Entry entry);
  void tell_vanished(const std::string& dn);
  void tell_state(State state, const std::string& why);

  const std::shared_ptr<const LdapOptions> options_;
  const std::string base_;     ///< Normal.
  Listener* listener_;         ///< Null after stop().
  boost::asio::steady_timer timer_;
  LdapSession* session_ = nullptr;  ///< Null while there is no connection.
  std::string uri_;
  unsigned attempt_ = 0;       ///< Tells answers to the present attempt from late ones.
  std::shared_ptr<Persistence> search_;
  LdapContent content_;
  State state_ = State::down;
  std::string why_;
};

}  // namespace rollcall::directory
