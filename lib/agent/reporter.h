// SPDX-License-Identifier: GPL-3.0-or-later
// Tells people's tools, through the directory, what `rollcall info` and `status` tell on this
// machine: so that they learn it where no agent runs, and of members that they cannot reach.
//
// Written when something changed that lasts, not more often than the interval; the report about the
// cluster also while nothing changes, as a sign of life. A zone is reported by the first member of
// its ranking that is heard of; on both sides of a cut, of which readers take the later report.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/core/types.h"
#include "lib/directory/directory.h"
#include "lib/util/time.h"

namespace rollcall::agent {

struct Report {
  control::Json cluster;  ///< As `info` answers, and `renewed_seconds`: how old it gets at most.
  /// Those that are this member's to report: zone_report_json() and, as `ds`, what `ds-show`
  /// answers.
  std::map<ZoneName, control::Json> zones;
};

struct ReporterParts {
  boost::asio::io_context& loop;
  directory::Directory& directory;
  std::string base;
  MemberId self;
  std::string agent_dn;  ///< As for container_entry().
  Seconds interval{};    ///< Between two looks while things change.
  Seconds idle{};        ///< Between two reports about the cluster while nothing does.
  std::function<std::optional<Report>()> look;  ///< Empty: nothing is to be said now.
  std::function<void(const std::string& why)>
      problem;  ///< Why it cannot be written; empty: it can.
};

class Reporter {
 public:
  explicit Reporter(ReporterParts parts);

  /// Something may have changed.
  void changed();

 private:
  struct Item {
    directory::Entry entry;
    std::size_t digest;  ///< Of what lasts in it.
    bool again;          ///< Written though it says nothing new.
  };

  void arm(BootTime at);
  void look();
  void queue(directory::Entry entry, const control::Json& said, bool again);
  void write_next();
  void modify();
  void add(bool first_try);
  void add_containers(std::vector<directory::Entry> entries);
  void written(const Result<>& done);

  ReporterParts parts_;
  boost::asio::steady_timer timer_;
  std::optional<BootTime> due_;              ///< When the timer ends.
  std::map<std::string, std::size_t> said_;  ///< Digests of what stands there, by DN.
  std::deque<Item> queue_;                   ///< The first is on its way.
  std::optional<BootTime> told_;             ///< When the cluster was reported last.
  BootTime looked_{};
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  ///< For what runs late: gone with us.
};

/// What of a report lasts: everything but clock readings and counters that grow while nothing
/// happens.
control::Json lasting(const control::Json& report);

}  // namespace rollcall::agent
