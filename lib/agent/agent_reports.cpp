// SPDX-License-Identifier: GPL-3.0-or-later
// What this member tells people's tools through the directory, and what it is asked there beyond its keys.
#include <boost/asio/steady_timer.hpp>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/control/status_json.h"
#include "lib/directory/codec_dn.h"

namespace rollcall::agent {

// As for joining: where the server knows us by another DN than our member entry, the report names
// that as its owner.
void Agent::start_reporting() {
  reporter_.reset();
  directory_->who_am_i([this](const Result<std::string>& dn) {
    if (!dn) {
      const auto timer =
          std::make_shared<boost::asio::steady_timer>(loop_, options_.report_interval);
      timer->async_wait(
          [this, alive = std::weak_ptr(alive_), timer](const boost::system::error_code&) {
            if (alive.lock()) start_reporting();
          });
      return;
    }
    const bool is_member =
        directory::classify(options_.directory.base, *dn).place == directory::Place::member;
    reporter_ = std::make_unique<Reporter>(
        ReporterParts{loop_, *directory_, options_.directory.base, shell_->self().self.member,
                      is_member ? "" : *dn, options_.report_interval,
                      options_.settings.heartbeat_idle, [this] { return report(); },
                      [this](const std::string& why) {
                        if (!why.empty() && why != report_problem_)
                          tell(notify::Level::error, "cannot report", why);
                        report_problem_ = why;
                      }});
    reporter_->changed();
  });
}

// Before this member has once looked at everything it has nothing to tell; later on its doubts are
// news, too.
std::optional<Report> Agent::report() {
  if (!shell_) return std::nullopt;
  const MemberStatus status = shell_->status();
  has_reported_ = has_reported_ || (status.member && status.may_write);
  if (!has_reported_) return std::nullopt;
  const Time time = now().wall;
  Report report{control::info_json(status, info_extras(status), time), {}};
  report.cluster["renewed_seconds"] = options_.settings.heartbeat_idle.count();
  for (const ZoneStatus& zone : status.zones) {
    if (shell_->turn_of(zone.zone.name, status) != 0) continue;
    control::Json said = control::zone_report_json(status, zone, time);
    said["ds"] = ds_json(zone);
    report.zones.emplace(zone.zone.name, std::move(said));
  }
  return report;
}

// The verb itself, as if somebody on this machine had asked.
void Agent::forget_as_asked(const directory::DirectoryRequest& asked, const Verdict& verdict) {
  control::Json members = control::Json::array();
  for (const MemberId& member : asked.members) members.push_back(to_string(member));
  const control::Request request{"forget", {{"members", std::move(members)}, {"force", asked.force}}, asked.asked_by, true};
  answer(request, [verdict](const control::Answer& answered) {
    verdict(answered ? std::nullopt : std::optional{answered.error().what});
  });
}

}  // namespace rollcall::agent
