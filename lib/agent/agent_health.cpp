// SPDX-License-Identifier: GPL-3.0-or-later
// The verb `health`: writes a probe, looks at every replica, asks the parents, the other members'
// DNS servers and, in a tree of IPA, its CAs, all at once; judges, and leaves what came of it in
// the directory for those who have no socket.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <random>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/agent/crl_looks.h"
#include "lib/agent/server_looks.h"
#include "lib/control/args.h"
#include "lib/control/health.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/codec_ipa.h"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using control::HealthLooks;
using control::Json;

constexpr dns::Timeout parent_timeout{1500};
constexpr auto names_patience =
    4s;  // for all zones together: what is left is asked first by the next one

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
  const BootTime end = now().boot + names_patience;
  for (const Question& one : questions) {
    if (now().boot >= end) break;
    checks.push_back({one.zone, ask_parent(one.addresses, one.zone, one.dnskeys, parent_timeout)});
  }
  return checks;
}

std::vector<ZoneName> managed_zones(const MemberStatus& status) {
  std::vector<ZoneName> names;
  for (const ZoneStatus& zone : status.zones) {
    if (zone.managed) names.push_back(zone.zone.name);
  }
  return names;
}

// From where the last check came to, so that each has its turn however little time there is.
template <class T>
std::vector<T> beginning_at(std::vector<T> all, std::size_t turn) {
  if (!all.empty())
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(turn % all.size()),
                all.end());
  return all;
}

// Where each CA is asked: as the configuration says, else at its own name.
std::vector<WebServer> web_servers_of(const std::vector<IpaServer>& servers,
                                      const std::vector<WebServer>& named) {
  std::vector<WebServer> found;
  for (const IpaServer& server : servers) {
    if (!server.ca) continue;
    const auto one = std::ranges::find(named, server.host, &WebServer::host);
    found.push_back(one == named.end() ? WebServer{server.host, server.host} : *one);
  }
  return found;
}

void take_trusts(const Result<std::vector<directory::Entry>>& found, control::IpaLook& look) {
  if (!found && found.error().code != Errc::not_found) look.trusts_problem = found.error().what;
  if (!found) return;  // without trusts there is no container for them
  for (const directory::Entry& one : *found)
    look.trusted_domains.push_back(directory::text_of(one, "cn"));
}

}  // namespace

// Those who ask while it is found out share one answer.
void Agent::health(const control::Request& request, Reply reply) {
  const auto told = control::optional_flag_arg(request.args, "told");
  if (!told) return reply(tl::unexpected(control::Problem(told.error())));
  if (!shell_) {
    Json health = control::health_json(MemberStatus{}, {}, now().wall);
    health["changed"] = true;
    return reply(health);
  }
  health_is_told_ = health_is_told_ || *told;
  health_replies_.push_back(std::move(reply));
  if (health_replies_.size() > 1) return;
  const Probe probe{directory::report_dn(options_.directory.base, shell_->self().self.member),
                    new_probe()};
  directory_->modify(probe.dn, {{"rollcallprobe", {to_bytes(probe.value)}}},
                     [this, alive = std::weak_ptr(alive_), probe](const Result<>& done) {
                       if (alive.lock()) look_around(probe, done ? "" : done.error().what);
                     });
}

/// What all looks of one check have in common. The last one that ends has it judged.
struct Agent::Health {
  HealthLooks looks;
  std::size_t under_way = 0;
};

// A part of the check. What it gives back, once, says that it is over; nothing happens if the agent
// is gone.
std::function<void()> Agent::part_of(const std::shared_ptr<Health>& health) {
  ++health->under_way;
  return [this, alive = std::weak_ptr(alive_), health] {
    if (--health->under_way > 0 || !alive.lock() || health_ != health) return;
    leave_health(control::health_json(shell_->status(), health->looks, now().wall));
  };
}

void Agent::look_around(const Probe& probe, const std::string& problem) {
  const auto health = health_ = std::make_shared<Health>();
  health->looks.probe_problem = problem;
  health->looks.disk = disk_of(options_.state);
  const auto begun = part_of(health);
  const MemberStatus status = shell_->status();
  look_at_replicas(health, status, probe);
  look_at_parents(health, status);
  look_at_servers(health, status);
  look_at_ipa(health);
  begun();
}

void Agent::look_at_replicas(const std::shared_ptr<Health>& health, const MemberStatus& status,
                             const Probe& probe) {
  ReplicaPlaces found =
      replica_places(status, options_.host, options_.directory, options_.replicas);
  health->looks.not_compared = std::move(found.not_compared);
  replica_looks_ = ReplicaLooks::start(
      loop_, pool_, options_.directory, found.places, probe,
      [health, over = part_of(health)](std::vector<control::ReplicaLook> looks) {
        health->looks.replicas = std::move(looks);
        over();
      });
}

// Runs what blocks on the pool; `take` gets what came of it, in the loop.
template <class Ask, class Take>
void Agent::ask_aside(Ask ask, Take take) {
  boost::asio::post(pool_, [&loop = loop_, ask = std::move(ask), take = std::move(take)]() mutable {
    boost::asio::post(
        loop, [found = ask(), take = std::move(take)]() mutable { take(std::move(found)); });
  });
}

void Agent::look_at_parents(const std::shared_ptr<Health>& health, const MemberStatus& status) {
  ask_aside([all = beginning_at(questions(status, options_.parents),
                                health_turns_->parents)] { return ask_all(all); },
            [health, turns = health_turns_,
             over = part_of(health)](std::vector<control::ParentCheck> checks) {
              turns->parents += checks.size();
              health->looks.parents = std::move(checks);
              over();
            });
}

void Agent::look_at_servers(const std::shared_ptr<Health>& health, const MemberStatus& status) {
  const std::vector<MemberServer> servers = servers_of(status);
  ask_aside(
      [servers, zones = beginning_at(managed_zones(status), health_turns_->servers)] {
        return ask_servers(servers, zones, names_patience);
      },
      [health, turns = health_turns_, count = servers.size(),
       over = part_of(health)](std::vector<control::ServerLook> looks) {
        if (!looks.empty()) turns->servers += std::max<std::size_t>(1, looks.size() / count);
        health->looks.servers = std::move(looks);
        over();
      });
}

void Agent::look_at_ipa(const std::shared_ptr<Health>& health) {
  const IpaTree* tree = ipa_tree();
  if (tree == nullptr) return;
  control::IpaLook& look = health->looks.ipa.emplace();
  look.servers = tree->servers;
  look_at_crls(loop_, web_servers_of(look.servers, options_.web_servers),
               [health, &look, over = part_of(health)](CrlAnswers answers) {
                 look.generates_crl = std::move(answers);
                 over();
               });
  const directory::Search trusts = directory::trust_search(options_.directory.base);
  directory_->search(trusts.dn, trusts.filter, trusts.names,
                     [health, &look, over = part_of(health)](const auto& found) {
                       take_trusts(found, look);
                       over();
                     });
}

// Who asked gets the answer even if it cannot be left for others.
void Agent::leave_health(Json health) {
  health["changed"] = control::health_changed(told_health_, health);
  if (std::exchange(health_is_told_, false)) told_health_ = health;
  const std::string text = health.dump(-1, ' ', false, Json::error_handler_t::replace);
  directory_->modify(
      directory::report_dn(options_.directory.base, shell_->self().self.member),
      {{"rollcallhealth", {to_bytes(text)}}},
      [this, alive = std::weak_ptr(alive_),
       health = std::move(health)](const Result<>& done) mutable {
        if (!alive.lock()) return;
        health_.reset();
        health["warnings"] = Json::array();
        if (!done) health["warnings"].push_back("not left in the directory: " + done.error().what);
        for (const Reply& reply : std::exchange(health_replies_, {})) reply(health);
      });
}

// Whose directory is closed gets no answers from it any more.
void Agent::give_up_health() {
  health_.reset();
  health_is_told_ = false;
  for (const Reply& reply : std::exchange(health_replies_, {}))
    reply(control::refuse(Errc::unavailable, "this member has begun anew meanwhile: ask again"));
}

}  // namespace rollcall::agent
