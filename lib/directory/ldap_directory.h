// SPDX-License-Identifier: GPL-3.0-or-later
// The directory port over LDAP: one connection at a time, in the event loop, never blocking it.
//
// The address is resolved and connected by Asio; TLS and bind, which libldap can only do blocking, run
// on the pool, with a deadline. Everything after that is asynchronous in the loop. When a connection
// is lost the next one is made after a pause with jitter that doubles while nothing works.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>

#include "lib/directory/directory.h"
#include "lib/directory/ldap_options.h"

namespace rollcall::directory {

/// Verbs and callbacks belong to the thread that runs the loop.
///
/// Before a connection stands, verbs wait for one, for at most the operation timeout. After the
/// destructor no callback is called any more, not even that of an outstanding verb. Each refresh (after
/// a reconnection, or a rename) delivers all entries again, then reports those that have gone.
class LdapDirectory : public Directory {
 public:
  /// Connects at the first verb.
  ///
  /// loop    Must outlive this and the pool's threads.
  /// pool    Must be joined before the loop is destroyed. At most one of its threads is in use at a time.
  /// Errors  as validate().
  static Result<std::unique_ptr<LdapDirectory>> create(boost::asio::io_context& loop,
                                                       boost::asio::thread_pool& pool, LdapOptions options);
  ~LdapDirectory() override;

  void watch(Listener& listener) override;
  void add(Entry entry, Done<> done) override;
  void modify(std::string dn, Attributes replace, Done<> done) override;
  void read(std::string dn, Done<Entry> done) override;
  void search(std::string dn, std::string filter, std::vector<std::string> names,
              Done<std::vector<Entry>> done) override;
  void who_am_i(Done<std::string> done) override;

 private:
  class Impl;
  explicit LdapDirectory(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall::directory
