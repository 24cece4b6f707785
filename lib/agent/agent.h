// SPDX-License-Identifier: GPL-3.0-or-later
// One agent: what it needs from its machine, its shell once it belongs to a cluster, and the
// answers to the verbs of the control socket (lib/control/verbs.h).
//
//   agent.cpp             start, and who answers which verb
//   agent_membership.cpp  init, invite, join
//   agent_departures.cpp  leave, forget
//   agent_changes.cpp     set, roll, abandon, step, ds-published, ds-withdrawn, serve, gate, gate-override
//   agent_zones.cpp       zone-add, zone-remove, zone-insecure, zone-secure, suspend, resume
//   agent_policies.cpp    policy-list, policy-show, policy-set
//   agent_looking.cpp     status, info, zone-show, ds-show, check
//   agent_forecast.cpp    forecast
//   agent_master_key.cpp  master-key-show, master-key-rotate
//   agent_events.cpp      log, events
//   agent_ipa.cpp         the switches of zones in a tree of IPA (no verb)
//   agent_health.cpp      health
//   agent_reports.cpp     what others read in the directory of all that (no verb)
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "lib/agent/crl_looks.h"
#include "lib/agent/ipa_follower.h"
#include "lib/agent/replica_looks.h"
#include "lib/agent/reporter.h"
#include "lib/agent/shell.h"
#include "lib/control/health.h"
#include "lib/control/message.h"
#include "lib/control/status_json.h"
#include "lib/core/forecast.h"
#include "lib/directory/ldap_options.h"
#include "lib/signer/bind_signer.h"

namespace rollcall::agent {

struct AgentOptions {
  std::filesystem::path state;  ///< Directory of the store and the identity; exists.
  std::string host;             ///< As the others know this machine.
  Settings settings;
  directory::LdapOptions directory;
  std::optional<signer::BindConfig> signer;  ///< Empty: this member serves no DNS.
  std::vector<ParentServers> parents;
  /// Host and URI of the other replicas, for `health`. Empty: the hosts of the members, where our way of
  /// proving who we are works over a network.
  std::vector<std::pair<std::string, std::string>> replicas;
  std::vector<WebServer> web_servers;  ///< Of CAs of IPA that are not asked at their own names, for `health`.
  notify::Level log_level = notify::Level::notice;
  Seconds report_interval{10};  ///< Between two looks whether the report in the directory is still right.
  std::optional<Seconds> ipa_interval;  ///< Between two looks at the tree of IPA around the base; empty: there is none.
  Seconds start_limit{180};  ///< For the first complete look at the directory.
};

class Agent {
 public:
  using Reply = std::function<void(control::Answer)>;

  /// loop, pool  Must outlive it; the pool must be joined before it goes.
  /// Errors      what the store or the identity says, for people; malformed: bad directory options.
  static Result<std::unique_ptr<Agent>> create(boost::asio::io_context& loop,
                                               boost::asio::thread_pool& pool, AgentOptions options);
  ~Agent();

  /// Goes on with the cluster that the store knows; without one waits for init or join.
  ///
  /// ready  Called once when the DNS server may start (start_gate.h); without a cluster, at once.
  Result<> start(std::function<void()> ready = [] {});

  /// Answers a question from the control socket, now or later, once.
  void answer(const control::Request& request, Reply reply);

  notify::Journal& journal() { return journal_; }

 private:
  using Verb = void (Agent::*)(const control::Request&, Reply);
  struct Verbs;

  Agent(boost::asio::io_context& loop, boost::asio::thread_pool& pool, AgentOptions options,
        std::unique_ptr<Store> store);

  Result<> open_directory();
  Result<> run_shell(const Membership& self);
  std::optional<control::Problem> no_member() const;
  void tell(notify::Level level, std::string event, std::string text);

  // agent_membership.cpp
  struct Founding;
  struct Joining;
  void init(const control::Request& request, Reply reply);
  void invite(const control::Request& request, Reply reply);
  void invite_revoke(const control::Request& request, Reply reply);
  void join(const control::Request& request, Reply reply);
  void identify(Done<Membership> done, directory::MemberEntry& entry);
  void found(std::shared_ptr<Founding> founding);
  void founded(const Founding& founding);
  void enter(std::shared_ptr<Joining> joining, int tries);
  void write_joiner(std::shared_ptr<Joining> joining);
  void entered(std::shared_ptr<Joining> joining);
  Result<> enter_as(Joining& joining, const Result<directory::Entry>& before);
  void await_admission(std::shared_ptr<Joining> joining, int tries);
  void look_again(std::function<void()> look);
  void add_all(std::shared_ptr<std::vector<directory::Entry>> entries, std::size_t index, Done<> done);

  // agent_departures.cpp
  struct Forgetting;
  void leave(const control::Request& request, Reply reply);
  void forget(const control::Request& request, Reply reply);
  void decree(const Forgetting& forgetting, std::vector<std::string> alive);
  void start_over();

  // agent_changes.cpp
  void set(const control::Request& request, Reply reply);
  void roll(const control::Request& request, Reply reply);
  void abandon(const control::Request& request, Reply reply);
  void step(const control::Request& request, Reply reply);
  void ds_published(const control::Request& request, Reply reply);
  void ds_withdrawn(const control::Request& request, Reply reply);
  void serve(const control::Request& request, Reply reply);
  void gate(const control::Request& request, Reply reply);
  void gate_override(const control::Request& request, Reply reply);

  // agent_zones.cpp
  struct Suspension;
  struct ZoneWish {
    const char* attribute;
    bool on;
  };
  void zone_add(const control::Request& request, Reply reply);
  void zone_remove(const control::Request& request, Reply reply);
  void zone_insecure(const control::Request& request, Reply reply);
  void zone_secure(const control::Request& request, Reply reply);
  void suspend(const control::Request& request, Reply reply);
  void resume(const control::Request& request, Reply reply);
  struct NewZone {
    ZoneConfig config;
    std::string who;
    bool switched_on = false;  ///< Because of its switch in IPA, see ipa_tree.h.
  };
  void add_zone(NewZone zone, Reply reply);
  void write_zone(NewZone zone, Reply reply);
  void want_of_zone(const ZoneName& zone, const ZoneWish& wish, Done<> done);
  void zone_security(const control::Request& request, bool insecure, Reply reply);
  void set_suspended(const control::Request& request, bool on, Reply reply);
  void suspend_next(std::shared_ptr<Suspension> suspension, Reply reply);
  void tell_of_zone(std::string event, const ZoneName& zone, std::string text);

  // agent_policies.cpp
  void policy_list(const control::Request& request, Reply reply);
  void policy_show(const control::Request& request, Reply reply);
  void policy_set(const control::Request& request, Reply reply);

  // agent_looking.cpp
  void members(const control::Request& request, Reply reply);
  void zone_list(const control::Request& request, Reply reply);
  void zone_show(const control::Request& request, Reply reply);
  void info(const control::Request& request, Reply reply);
  void status(const control::Request& request, Reply reply);
  void ds_show(const control::Request& request, Reply reply);
  void check(const control::Request& request, Reply reply);
  void check_signer(const ZoneName& zone, control::Json findings, Reply reply);
  void check_parent(const ZoneName& zone, control::Json findings, Reply reply);
  MemberStatus present_status() const;
  control::InfoExtras info_extras(const MemberStatus& status) const;
  void with_status(std::function<void(const MemberStatus&)> use);

  control::Json ds_json(const ZoneStatus& zone) const;

  // agent_ipa.cpp
  struct Ipa;
  void start_following_ipa();
  void looked_at_ipa(const Result<IpaTree>& tree);
  void follow(const SwitchTurn& turn, const MemberStatus& status);
  void manage(const SwitchTurn& turn, std::function<void(const std::string&)> done);
  std::optional<control::Problem> kept_by_ipa(const ZoneName& zone) const;
  const IpaTree* ipa_tree() const;  ///< As it was seen last; null in other trees, and before.

  // agent_health.cpp
  void health(const control::Request& request, Reply reply);
  struct Health;
  std::function<void()> part_of(const std::shared_ptr<Health>& health);
  void look_around(const Probe& probe, const std::string& problem);
  void look_at_replicas(const std::shared_ptr<Health>& health, const MemberStatus& status, const Probe& probe);
  void look_at_parents(const std::shared_ptr<Health>& health, const MemberStatus& status);
  void look_at_servers(const std::shared_ptr<Health>& health, const MemberStatus& status);
  void look_at_ipa(const std::shared_ptr<Health>& health);
  template <class Ask, class Take>
  void ask_aside(Ask ask, Take take);
  void leave_health(control::Json health);
  void give_up_health();

  // agent_reports.cpp
  void start_reporting();
  std::optional<Report> report();
  void forget_as_asked(const directory::DirectoryRequest& asked, const Verdict& verdict);

  // agent_forecast.cpp
  void forecast(const control::Request& request, Reply reply);
  using Foreseen = tl::expected<control::Json, std::string>;  ///< Or why the roll cannot be asked for.
  tl::expected<Snapshot, control::Problem> snapshot_for(const ZoneName& zone, const ForecastQuestion& question);
  void foresee(Snapshot start, ForecastQuestion question, std::function<void(const Foreseen&)> done);

  // agent_master_key.cpp
  void master_key_show(const control::Request& request, Reply reply);
  void master_key_rotate(const control::Request& request, Reply reply);

  // agent_events.cpp
  struct Waiter;
  void log(const control::Request& request, Reply reply);
  void events(const control::Request& request, Reply reply);
  void wake_waiters();

  boost::asio::io_context& loop_;
  boost::asio::thread_pool& pool_;
  AgentOptions options_;
  notify::Journal journal_;
  std::string boot_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<signer::Signer> signer_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<StartGate> start_gate_;
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<Shell> shell_;  ///< Null while this machine is in no cluster.
  std::unique_ptr<Reporter> reporter_;  ///< Null until the server said who we are.
  std::shared_ptr<Ipa> ipa_;  ///< Null in other trees, and while this machine is in no cluster.
  control::Json told_health_;          ///< What people know; null: nothing since this agent started.
  bool health_is_told_ = false;        ///< One of those who wait tells people.
  std::shared_ptr<Health> health_;     ///< The check that is under way; null: none.
  std::vector<Reply> health_replies_;  ///< Those who wait for it.
  struct HealthTurns {
    std::size_t parents = 0, servers = 0;
  };
  std::shared_ptr<HealthTurns> health_turns_ = std::make_shared<HealthTurns>();  ///< Zones asked about so far.
  std::shared_ptr<ReplicaLooks> replica_looks_;  ///< The last one.
  bool has_reported_ = false;
  std::string report_problem_;
  bool busy_ = false;             ///< An init or join is under way.
  std::list<std::shared_ptr<Waiter>> waiters_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< For timers: gone with us.
};

}  // namespace rollcall::agent
