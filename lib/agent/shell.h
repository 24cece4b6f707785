// SPDX-License-Identifier: GPL-3.0-or-later
// The shell around the core: look, decide, act. It feeds one Member with what the directory, the
// workers and people say, then stores what the core saves, then does what it asks for.
//
// Everything here runs in the event loop; what blocks or computes for long goes to the pool and
// comes back. There is no rule about keys in here.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/agent/core_crypto.h"
#include "lib/agent/intake.h"
#include "lib/agent/keyring.h"
#include "lib/agent/outbox.h"
#include "lib/agent/pace.h"
#include "lib/agent/parent.h"
#include "lib/agent/requests.h"
#include "lib/agent/served.h"
#include "lib/agent/start_gate.h"
#include "lib/agent/store.h"
#include "lib/agent/trust.h"
#include "lib/core/delay.h"
#include "lib/core/member.h"
#include "lib/notify/journal.h"
#include "lib/signer/signer.h"

namespace rollcall::agent {

/// What the shell is given; all must outlive it. The pool must be joined before it goes.
struct ShellParts {
  boost::asio::io_context& loop;
  boost::asio::thread_pool& pool;
  directory::Directory& directory;
  signer::Signer* signer;  ///< Null: this member serves no DNS.
  Store& store;
  Keyring& keyring;
  notify::Journal& journal;
  Membership self;
  std::string base;
  std::string boot;  ///< boot_id()
  Settings settings;
  std::vector<ParentServers> parents;
  StartGate& start_gate;
  std::function<void()> passed;  ///< Called after each pass.
  std::function<void()>
      start_over;  ///< This shell is to be replaced by one that reads the store anew.
  std::function<void(const directory::DirectoryRequest&, Verdict)> forget;  ///< As the verb does.
};

class Shell {
 public:
  /// Restores the core from the store.
  static Result<std::unique_ptr<Shell>> create(ShellParts parts);
  ~Shell();

  /// Begins to follow the directory.
  void start();

  /// To be asked on behalf of people; call wake() after a question that changes something.
  Member& member() { return *member_; }
  const Membership& self() const { return parts_.self; }
  const Crypto& crypto() const { return crypto_; }

  /// Has the core look at what it was told, once, after whatever else the loop has to do now.
  void wake();

  /// The core's own words, and the alarms of this shell.
  MemberStatus status() const;

  /// What is amiss in the tree around the base, all of it; told of until it is said anew.
  void alarms_of_tree(std::vector<std::string> alarms);

  /// How many members that are heard of come before this one for a zone.
  std::size_t turn_of(const ZoneName& zone, const MemberStatus& status) const;

  /// What the parent said last about each zone, for people.
  struct ParentLook {
    std::optional<Time> seen;
    ParentAnswer answer;
    std::string problem;
  };
  const ParentLook* parent_look(const ZoneName& zone) const;

 private:
  Shell(ShellParts parts, Restored restored);

  void pass();
  void finish(Effects effects);
  void carry_out(const Effects& effects);
  void arm(std::optional<BootTime> again);
  void directory_state(directory::State state, const std::string& why);
  void problem(const std::string& dn, const std::string& why);
  void joiner(const directory::MemberEntry& entry);
  void conflicts(const std::vector<std::string>& lost);
  std::optional<std::string> admit(const Invite& invite, const MemberKeys& joiner);
  void refused(const directory::MemberEntry& entry, const std::string& why);
  void carry_out(const directory::DirectoryRequest& request, const Verdict& verdict);
  std::optional<std::string> carry_out_for_zone(const directory::DirectoryRequest& request);
  void tell(notify::Level level, std::string event, const ZoneName& zone, std::string text);

  /// Runs `work` on the pool and then `done` with its result in the loop, if the shell is still there.
  template <class Work, class Finish>
  void on_pool(Work work, Finish finish);

  void act(const Publish& act) { outbox_.publish(act.fact); }
  void act(const Republish& act) { outbox_.republish(act.fact); }
  void act(const Copy& act) { outbox_.copy(act.fact); }
  void act(const StopAnswering&);
  void act(const StartOver&) { parts_.start_over(); }
  void act(const MakeKey& act);
  void act(const CheckCandidate& act);
  void act(const OpenEpoch& act);
  void act(const DropEpoch& act) { parts_.keyring.drop(act.key); }
  void act(const MakeEpoch& act);
  void act(const SealEpoch& act);
  void act(const RewrapKey& act);
  void act(const Export& act);
  void act(const Look& act);
  void act(const AskParent& act);
  void act(const Wipe& act) { wipe(act.candidate); }
  void act(const WipeWrap& act) { wipe(act.fact); }
  void act(const SendHeartbeat& act);
  void act(const Notice& act);

  void heard(const Fact& fact);

  void check(const FactId& id, const HeldKey& held);
  void fetch_wrapped_key(const FactId& id, HeldKey held);
  MasterKey master_key(std::uint32_t epoch) const;
  Result<HeldKey> held_key(const FactId& candidate);
  Result<HeldKey> held_copy(const FactId& copy);
  void wipe(const FactId& copy);
  Result<std::vector<signer::KeyOrder>> orders(const std::vector<KeyTarget>& keys, Seconds ttl);
  Result<std::vector<Bytes>> dnskeys(const std::vector<FactId>& candidates);

  ShellParts parts_;
  Trust trust_;
  Staging staging_;
  CoreCrypto crypto_;
  RandomDelay random_delay_;
  std::unique_ptr<Member> member_;
  Outbox outbox_;
  Requests requests_;
  Intake intake_;
  boost::asio::steady_timer timer_;
  std::map<MemberId, std::string> refused_;  ///< Joiners: why not yet.
  std::set<Incarnation> admitted_;           ///< By us, since the start.
  bool awake_ = false;
  std::optional<Effects> unsaved_;  ///< The store refused them; nothing else is done before.
  std::string store_alarm_;
  std::map<std::string, std::string> problems_;  ///< By DN: what cannot be written there.
  std::vector<std::string> conflicts_;  ///< Entries that lost one, as the directory tells them.
  std::vector<std::string> tree_alarms_;
  std::map<ZoneName, ParentLook> parent_looks_;
  Pace pace_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rollcall::agent
