// SPDX-License-Identifier: GPL-3.0-or-later
// The verb `health`: writes a probe, looks at every replica, asks the parents, judges, and leaves
// what came of it in the directory for those who have no socket.
#include <boost/asio/post.hpp>
#include <filesystem>
#include <random>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/control/health.h"
#include "lib/directory/codec_dn.h"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using control::HealthLooks;
using control::Json;

constexpr dns::Timeout parent_timeout{1500};
constexpr auto parents_patience =
    4s;  // for all zones together: what is left is asked by the next one

std::string new_probe() {
  std::random_device random;
  return to_iso(now().wall) + ' ' + std::to_string(random()) + std::to_string(random());
}

std::optional<control::DiskSpace> disk_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  if (error) return std::nullopt;
  return control::DiskSpace{path.native(), space.available, space.capacity};
}

struct Question {
  ZoneName zone;
  std::vector<dns::Address> addresses;
  std::vector<Bytes> dnskeys;
};

std::vector<Question> questions(const MemberStatus& status,
                                const std::vector<ParentServers>& parents) {
  std::vector<Question> all;
  for (const ZoneStatus& zone : status.zones) {
    const ParentServers* parent = parent_of(parents, zone.zone.name);
    if (parent == nullptr || !zone.managed) continue;
    Question question{zone.zone.name, parent->addresses, {}};
    for (const KeyStatus& key : zone.keys) question.dnskeys.push_back(key.dnskey);
    all.push_back(std::move(question));
  }
  return all;
}

// Blocks: for the pool.
std::vector<control::ParentCheck> ask_all(const std::vector<Question>& questions) {
  std::vector<control::ParentCheck> checks;
  const BootTime end = now().boot + parents_patience;
  for (const Question& one : questions) {
    if (now().boot >= end) break;
    checks.push_back({one.zone, ask_parent(one.addresses, one.zone, one.dnskeys, parent_timeout)});
  }
  return checks;
}

// Whoever proves itself by more than a local socket can do so at the others, too.
bool can_go_elsewhere(const directory::LdapOptions& options) {
  const auto* external = std::get_if<directory::ExternalAuth>(&options.auth);
  return !options.ca_file.empty() && (external == nullptr || !external->certificate_file.empty());
}

std::vector<ReplicaPlace> places_of(const MemberStatus& status, const AgentOptions& options) {
  std::vector<ReplicaPlace> places{{options.host, options.directory.uris}};
  for (const auto& [host, uri] : options.replicas) {
    if (host != options.host) places.push_back({host, {uri}});
  }
  if (!options.replicas.empty() || !can_go_elsewhere(options.directory)) return places;
  for (const MemberLine& line : status.members) {
    if (line.in_roster && !line.self && !line.host.empty())
      places.push_back({line.host, {"ldap://" + line.host}});
  }
  return places;
}

}  // namespace

// Those who ask while it is found out share one answer.
void Agent::health(const control::Request&, Reply reply) {
  if (!shell_) {
    Json health = control::health_json(MemberStatus{}, {}, now().wall);
    health["changed"] = true;
    return reply(health);
  }
  health_replies_.push_back(std::move(reply));
  if (health_replies_.size() > 1) return;
  const Probe probe{directory::report_dn(options_.directory.base, shell_->self().self.member),
                    new_probe()};
  directory_->modify(probe.dn, {{"rollcallprobe", {to_bytes(probe.value)}}},
                     [this, alive = std::weak_ptr(alive_), probe](const Result<>& done) {
                       if (alive.lock()) look_at_replicas(probe, done ? "" : done.error().what);
                     });
}

void Agent::look_at_replicas(const Probe& probe, const std::string& problem) {
  const MemberStatus status = shell_->status();
  replica_looks_ = ReplicaLooks::start(
      loop_, pool_, options_.directory, places_of(status, options_), probe,
      [this, problem](std::vector<control::ReplicaLook> looks) {
        look_at_parents({std::move(looks), problem, {}, disk_of(options_.state)});
      });
}

void Agent::look_at_parents(control::HealthLooks looks) {
  boost::asio::post(pool_,
                    [this, &loop = loop_, alive = std::weak_ptr(alive_), looks = std::move(looks),
                     all = questions(shell_->status(), options_.parents)]() mutable {
                      looks.parents = ask_all(all);
                      boost::asio::post(loop, [this, alive, looks = std::move(looks)] {
                        if (alive.lock())
                          leave_health(control::health_json(shell_->status(), looks, now().wall));
                      });
                    });
}

// Who asked gets the answer even if it cannot be left for others.
void Agent::leave_health(Json health) {
  health["changed"] = control::health_changed(last_health_, health);
  last_health_ = health;
  const std::string text = health.dump(-1, ' ', false, Json::error_handler_t::replace);
  directory_->modify(
      directory::report_dn(options_.directory.base, shell_->self().self.member),
      {{"rollcallhealth", {to_bytes(text)}}},
      [this, alive = std::weak_ptr(alive_),
       health = std::move(health)](const Result<>& done) mutable {
        if (!alive.lock()) return;
        health["warnings"] = Json::array();
        if (!done) health["warnings"].push_back("not left in the directory: " + done.error().what);
        for (const Reply& reply : std::exchange(health_replies_, {})) reply(health);
      });
}

}  // namespace rollcall::agent
