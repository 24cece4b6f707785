// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at every replica of the directory at once: does it answer, does it have what we have just
// written, and do all have the same facts? And what does it tell of its own replication?
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/agent/replica_places.h"
#include "lib/control/health.h"
#include "lib/directory/ldap_options.h"
#include "lib/util/time.h"

namespace rollcall::agent {

struct Probe {
  std::string dn, value;  ///< In attribute rollcallProbe, just written to the own replica.
};

class ReplicaLooks : public std::enable_shared_from_this<ReplicaLooks> {
 public:
  using Done = std::function<void(std::vector<control::ReplicaLook>)>;

  /// Calls `done` once: as soon as every replica is settled (it has the probe and the same facts as
  /// the others, or does not answer), and when the time is over in any case. Not after it was
  /// destroyed.
  static std::shared_ptr<ReplicaLooks> start(boost::asio::io_context& loop,
                                             boost::asio::thread_pool& pool,
                                             const directory::LdapOptions& options,
                                             const std::vector<ReplicaPlace>& places, Probe probe,
                                             Done done);
  ~ReplicaLooks();

 private:
  class Replica;
  ReplicaLooks(boost::asio::io_context& loop, Probe probe, Done done);

  void changed();
  bool settled() const;
  void finish();

  boost::asio::io_context& loop_;
  boost::asio::steady_timer deadline_;
  Probe probe_;
  BootTime began_;
  Done done_;
  bool looks_again_ = false;  ///< Whether all are settled is asked in a moment.
  std::vector<std::unique_ptr<Replica>> replicas_;
};

}  // namespace rollcall::agent
