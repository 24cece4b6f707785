// SPDX-License-Identifier: GPL-3.0-or-later
// One attempt to reach one LDAP URI without ever blocking the loop: resolve, connect, then TLS and
// bind on the pool.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "lib/directory/ldap_open.h"

namespace rollcall::directory {

class LdapConnector {
 public:
  using Done = std::function<void(Result<LdapHandle>)>;

  /// Starts. `done` is called once, in the loop, unless the connector is destroyed before.
  /// A host with several addresses has them tried one after the other.
  LdapConnector(boost::asio::io_context& loop, boost::asio::thread_pool& pool,
                std::shared_ptr<const LdapOptions> options, LdapUri uri, Done done);
  ~LdapConnector();
  LdapConnector(const LdapConnector&) = delete;
  LdapConnector& operator=(const LdapConnector&) = delete;

 private:
  class Attempt;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace rollcall::directory
