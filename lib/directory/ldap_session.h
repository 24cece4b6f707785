// SPDX-License-Identifier: GPL-3.0-or-later
// A bound LDAP connection in the event loop: requests go out pipelined, answers come back by number.
//
// libldap is only ever called with a time limit of zero here. Every request has a deadline; when the
// connection dies, every outstanding one is told so, and nothing is sent twice.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "lib/directory/ldap_open.h"

struct ldapmsg;  // LDAPMessage of ldap.h

namespace rollcall::directory {

/// A message that answers a request, valid during the call, with the handle that parses it.
struct LdapAnswer {
  ldap* handle;
  ldapmsg* message;
};

/// How a search that goes on until cancelled stands. Whoever reads its answers keeps this up to date.
struct Persistence {
  bool quiet = false;   ///< No answer is due, so silence is no fault.
  bool enough = false;  ///< Abandon it.
};

struct LdapRequest {
  std::string doing;  ///< For errors: `add cn=x,dc=example`

  /// Calls an asynchronous function of libldap; its result code, and the number in `id`.
  std::function<int(ldap* handle, int& id)> send;

  /// Called with each message that answers; after one with an error or a final message, never again.
  std::function<void(Result<LdapAnswer>)> answered;

  std::shared_ptr<Persistence> persistence;  ///< Null: it ends by itself.
};

class LdapSession {
 public:
  using Lost = std::function<void(const std::string& why)>;

  /// lost  Called once in the loop when the connection is gone, unless the session is destroyed before.
  LdapSession(boost::asio::io_context& loop, LdapHandle handle, std::string uri,
              std::chrono::milliseconds operation_timeout, Lost lost);
  ~LdapSession();  ///< What is outstanding is not answered any more, unless its loss is being told.
  LdapSession(const LdapSession&) = delete;
  LdapSession& operator=(const LdapSession&) = delete;

  /// Sends a request, or queues it while the socket takes no more. Each message that is not the last
  /// one gives it another operation timeout.
  void submit(LdapRequest request);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::directory
