// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/reporter.h"

#include <algorithm>
#include <array>

#include "lib/agent/clock.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_requests.h"

namespace rollcall::agent {
namespace {

using control::Json;

// Alarms may quote what is no UTF-8.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::size_t digest_of(const Json& said) { return std::hash<std::string>{}(text_of(lasting(said))); }

/// What an entry that stands there says; null if nothing that can be read.
Json said_in(const directory::Entry& entry) {
  const auto found = entry.attributes.find("rollcallreport");
  if (found == entry.attributes.end() || found->second.empty()) return {};
  return Json::parse(as_text(found->second.front()), nullptr, false);
}

}  // namespace

Json lasting(const Json& report) {
  static constexpr std::array passing{"now", "age_seconds", "last_heartbeat", "facts", "seen"};
  if (!report.is_structured()) return report;
  Json kept = report;
  if (report.is_object()) {
    for (const char* name : passing) kept.erase(name);
  }
  for (Json& part : kept) part = lasting(part);
  return kept;
}

Reporter::Reporter(ReporterParts parts) : parts_(std::move(parts)), timer_(parts_.loop) {}

void Reporter::changed() { arm(looked_ + parts_.interval); }

// The earlier of what was armed and this.
void Reporter::arm(BootTime at) {
  if (due_ && *due_ <= at) return;
  due_ = at;
  timer_.expires_after(std::max(at - now().boot, Nanoseconds{0}));
  timer_.async_wait(
      [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
        if (cancelled || !alive.lock()) return;
        due_.reset();
        look();
      });
}

void Reporter::look() {
  looked_ = now().boot;
  if (!queue_.empty())
    return arm(looked_ + parts_.interval);  // it is not written yet what was said before
  const auto report = parts_.look();
  if (!report) return;
  const bool tells_again = !told_ || *told_ + parts_.idle <= looked_;
  std::map<std::string, std::size_t> still_ours;
  const auto take = [&](directory::Entry entry, const Json& said, bool again) {
    const auto before = said_.find(entry.dn);
    if (before != said_.end()) still_ours.insert(*before);
    queue(std::move(entry), said, again);
  };
  take(directory::report_entry(parts_.base, parts_.self, parts_.agent_dn), report->cluster,
       tells_again);
  for (const auto& [zone, said] : report->zones) {
    take(directory::zone_report_entry(parts_.base, parts_.self, zone), said, false);
  }
  said_ = std::move(still_ours);
  if (tells_again) told_ = looked_;
  arm(*told_ + parts_.idle);
  write_next();
}

void Reporter::queue(directory::Entry entry, const Json& said, bool again) {
  const std::size_t digest = digest_of(said);
  const auto before = said_.find(entry.dn);
  if (!again && before != said_.end() && before->second == digest) return;
  entry.attributes.merge(directory::report_attributes(text_of(said), now().wall));
  queue_.push_back({std::move(entry), digest, again});
}

// One after the other: a thousand zones of a new member are no hurry.
void Reporter::write_next() {
  if (queue_.empty()) return;
  const std::string dn = queue_.front().entry.dn;
  if (said_.contains(dn)) return modify();
  parts_.directory.read(
      dn, [this, alive = std::weak_ptr(alive_)](const Result<directory::Entry>& there) {
        if (!alive.lock()) return;
        if (there && !queue_.front().again && digest_of(said_in(*there)) == queue_.front().digest)
          return written({});
        if (there) return modify();
        if (there.error().code != Errc::not_found) return written(tl::unexpected(there.error()));
        add(true);
      });
}

void Reporter::modify() {
  const directory::Entry& entry = queue_.front().entry;
  directory::Attributes changes;
  for (const char* name : {"rollcallreport", "rollcallreported"})
    changes[name] = entry.attributes.at(name);
  parts_.directory.modify(entry.dn, std::move(changes),
                          [this, alive = std::weak_ptr(alive_)](const Result<>& done) {
                            if (alive.lock()) written(done);
                          });
}

void Reporter::add(bool first_try) {
  parts_.directory.add(queue_.front().entry,
                       [this, alive = std::weak_ptr(alive_), first_try](const Result<>& done) {
                         if (!alive.lock()) return;
                         if (done || done.error().code != Errc::not_found || !first_try)
                           return written(done);
                         add_containers(directory::container_entries(parts_.base));
                       });
}

// A directory that was made by an earlier version lacks some.
void Reporter::add_containers(std::vector<directory::Entry> entries) {
  if (entries.empty()) return add(false);
  directory::Entry last = std::move(entries.back());
  entries.pop_back();
  const bool ours = last.dn == directory::reports_dn(parts_.base) ||
                    last.dn == directory::requests_dn(parts_.base);
  if (!ours) return add_containers(std::move(entries));
  parts_.directory.add(std::move(last),
                       [this, alive = std::weak_ptr(alive_), entries](const Result<>&) {
                         if (alive.lock()) add_containers(entries);
                       });
}

void Reporter::written(const Result<>& done) {
  const Item item = std::move(queue_.front());
  queue_.pop_front();
  if (done) {
    said_[item.entry.dn] = item.digest;
    parts_.problem("");
    return write_next();
  }
  queue_.clear();
  said_.erase(item.entry.dn);
  told_.reset();
  arm(now().boot + std::max<Nanoseconds>(parts_.interval, std::chrono::seconds{2}));
  // The connection is everybody's problem and told once, by the directory itself.
  if (done.error().code != Errc::unavailable)
    parts_.problem(item.entry.dn + ": " + done.error().what);
}

}  // namespace rollcall::agent
