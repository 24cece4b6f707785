// SPDX-License-Identifier: GPL-3.0-or-later
// One member's machine: the real core in a modelled shell, with its store, its DNS server, its
// replica of the directory and its two clocks.
//
// The shell does what the contract in lib/core/member.h says: events, pass(), saves in one
// transaction, then acts in order. It can die before, after and between any of these; a new life
// begins with what the store holds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "lib/core/member.h"
#include "tests/sim/directory.h"
#include "tests/sim/dns_server.h"
#include "tests/sim/parent.h"
#include "tests/sim/store.h"
#include "tests/sim/vault.h"

namespace rollcall::sim {

/// Where an agent dies.
enum class CrashPoint : std::uint8_t { before_saves, after_saves, between_acts };

/// What all machines share.
struct Site {
  Context& context;
  Judge& judge;
  Directory& directory;
  const Parent& parent;
  const Crypto& crypto;
  Vault& vault;
  const DelayStrategy& delay;  ///< Of random mode.
  std::function<void(std::size_t)> died;  ///< An agent met its doom.
};

class Machine : public Directory::Listener {
 public:
  Machine(Site& site, std::size_t index, MemberId id);

  // Life and death.
  void start();
  void crash();
  void reboot();      ///< Crash, and the boot clock starts anew.
  void power_off();   ///< Its servers are away too, until start().
  void doom(CrashPoint point, std::uint64_t after);  ///< Dies at the n-th pass that has such a point.
  bool alive() const { return member_ != nullptr; }

  // Faults.
  void silence(bool silent);  ///< The directory does not answer the agent.
  void set_clock(Nanoseconds wrong_by, double drift = 0);
  void fill_disk(bool full);
  bool stuck() const { return unsaved_.has_value(); }
  /// Since when nothing is wrong with it and its clock; now if something is.
  Time well_since() const;
  void before_its_next_fact(std::function<void()> action) { before_fact_ = std::move(action); }  ///< Once.
  void keep_copy();  ///< What a backup, or a disk that lies, would bring back.
  /// The machine crashes, and its store is that copy again.
  ///
  /// with_replica  Its replica of the directory, too.
  void return_to_copy(bool with_replica);
  void lose_disk();                     ///< It never comes back.
  void retire();                        ///< It left, and is switched off for good.
  bool gone() const { return gone_; }
  bool retired() const { return retired_; }
  bool off() const { return !powered_; }
  bool stopped() const { return stopped_; }  ///< The server, by its agent.
  void server_started_by_hand();
  void join_again();  ///< Its people throw the old life away, and ask to be taken in.
  void fail_keys(unsigned times) { key_failures_ = times; }
  void dislike(unsigned candidates) { dislikes_ = candidates; }  ///< The next ones cannot be used here.
  void deafen(bool deaf) { parent_deaf_ = deaf; }                ///< The parent cannot be asked.
  void recover();

  /// Something happened to the member: it will look, decide and act.
  void poke();
  Moment now() const;
  Member& member() { return *member_; }
  MemberStatus status() const { return member_->status(now()); }
  MemberKeys keys() const;
  Incarnation life() const { return {id_, store_.incarnation()}; }
  const Store& store() const { return store_; }
  std::optional<FactId> key_it_cannot_read() const;  ///< A candidate that is not ended.
  DnsServer& dns() { return dns_; }
  const DnsServer& dns() const { return dns_; }
  const MemberId& id() const { return id_; }
  std::size_t index() const { return index_; }
  std::string name() const { return member_name(index_); }

  // Directory::Listener
  void entry(const Entry& entry) override;
  void vanished(const FactId& fact) override;
  void state(bool current, const std::string& why) override;

 private:
  void pass();
  bool dies(CrashPoint point, bool worth_it);
  bool saved(const Effects& effects);
  void save(const std::vector<Save>& saves);
  void look_again(const std::optional<BootTime>& again);
  void start_over();
  void open_gate();
  void warn_of_the_unaware();
  void limit_is_over();
  void update_answering();
  void tell(const std::string& text) { site_.context.trace.line(name(), text); }

  /// Runs `action` later, unless this life of the agent is over by then.
  void later(Nanoseconds delay, std::function<void()> action);
  /// The same for what is under way to the directory: a crash may or may not stop it.
  void to_directory(std::function<void()> action);

  void carry_out(const Act& act);
  void publish(const FactId& id, bool again);
  void copy(const FactId& id);
  void stop_answering();
  void beat(const Heartbeat& heartbeat);
  void open(const OpenEpoch& act);
  void look(const Look& act);
  void notice(const Notice& act);
  void wipe(const Wipe& act);
  void wipe(const WipeWrap& act);
  void wipe_copy(const FactId& copy);
  void make_epoch(const MakeEpoch& act);
  void seal(const SealEpoch& act);
  void rewrap(const RewrapKey& act);
  std::string unreadable(const FactId& copy) const;
  bool can_ever_read(const FactId& candidate) const;
  bool reads_all(const Export& act);
  void hear(const Heartbeat& heartbeat);
  bool was_told_the_time() const;
  void make_key(const MakeKey& act);
  void check(const CheckCandidate& act);
  void export_zone(const Export& act);
  void ask_parent(const AskParent& act);
  std::optional<NewKey> new_key(const MakeKey& act);

  Site& site_;
  std::size_t index_;
  MemberId id_;
  Store store_;
  DnsServer dns_;
  std::unique_ptr<Member> member_;
  std::set<MasterKeyId> master_keys_;  ///< In memory.

  std::uint64_t life_ = 0;
  std::optional<std::uint64_t> lost_from_;  ///< A life: what it had sent last did not arrive.
  bool rebooted_ = true;
  bool powered_ = true;
  Time booted_;
  Nanoseconds wrong_by_{0};
  double drift_ = 0;  ///< Seconds a second.
  Time drifts_since_{};
  struct Heard {
    Time at{};
    bool right = false, twice = false;  ///< Its clock was, as it is on the way for moments only; and the time before.
  };
  std::map<MemberId, Heard> heard_;
  Time disturbed_at_{};   ///< By a fault that began or ended.
  Time directory_free_{};  ///< Writes to the directory keep their order.
  std::uint64_t wake_ = 0;
  bool pass_planned_ = false;
  bool key_in_hand_ = false;  ///< Made, and not yet a fact in the store.
  std::uint64_t passes_today_ = 0;
  Time today_{};

  struct Doom {
    CrashPoint point;
    std::uint64_t after;
  };
  std::optional<Doom> doom_;
  std::function<void()> before_fact_;
  bool silent_ = false;
  std::vector<std::function<void()>> unsent_;
  unsigned key_failures_ = 0;
  unsigned dislikes_ = 0;
  std::set<FactId> disliked_;
  bool parent_deaf_ = false;
  bool disk_full_ = false;
  std::optional<Effects> unsaved_;  ///< Carried out as soon as they can be saved.
  Store copy_;
  bool gone_ = false, retired_ = false;

  // When its DNS server may answer.
  bool limit_over_ = false;  ///< It has waited long enough.
  bool gate_open_ = false;  ///< It was started, since the machine was.
  unsigned orders_ = 0;     ///< Under way.
  bool in_ns_ = false;      ///< Resolvers know it.
  bool stopped_ = false;    ///< By its own agent.
};

}  // namespace rollcall::sim
