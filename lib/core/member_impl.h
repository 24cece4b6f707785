// SPDX-License-Identifier: GPL-3.0-or-later
// The insides of Member, shared by its source files only. Each file is one concern:
//   member.cpp            the public face: what each event leaves behind
//   member_pass.cpp       facts and heartbeats taken in, and the order of things in a pass
//   member_facts.cpp      own facts made, everybody's carried out
//   member_keys.cpp       when a key is made, and when it is wiped
//   member_orders.cpp     what administrators ask for
//   member_epochs.cpp     the master key: opened, sealed, rotated
//   member_rewraps.cpp    keys wrapped under the next one
//   member_steps.cpp      what is decided, and what the parent has to say
//   member_export.cpp     what the own server is told, and seen to serve
//   member_gate.cpp       what it is not told, since caches could not follow
//   member_heartbeat.cpp  what is told to the others, and what they are told to lack
//   member_serving.cpp    when the own server may answer, and why it may not yet
//   member_membership.cpp who belongs to the cluster: decrees, departures, and what follows
//   member_forget.cpp     what administrators ask about that: forget, leave
//   member_restore.cpp    a store that turns out to be an old copy
//   member_copies.cpp     facts written again, own ones and those of silent members
//   member_doubt.cpp      when nothing new may be written
//   member_status.cpp     what people are told
//   member_snapshot.cpp   what a forecast starts from
#pragma once

#include "lib/core/election.h"
#include "lib/core/epochs.h"
#include "lib/core/log.h"
#include "lib/core/member.h"
#include "lib/core/membership.h"
#include "lib/core/snapshot.h"
#include "lib/core/zone_work.h"

namespace rollcall {

class Member::Impl {
 public:
  Impl(Incarnation self, Uuid instance, Settings settings, const Crypto& crypto,
       const DelayStrategy& random_delay, Restored restored);

  // Events; see member.h.
  void fact(Fact fact);
  void fact_vanished(const FactId& id);
  void heartbeat(HeardHeartbeat heard, Moment now);
  void note_gone_back(const Heartbeat& heartbeat, std::uint64_t heard);
  void exported(const ZoneRef& zone, std::uint64_t order, ServedZone seen);
  void server_failed(const ZoneRef& zone, std::uint64_t order, std::string why);
  void parent_seen(const ZoneRef& zone, ParentAnswer answer, Moment now);
  std::optional<std::string> roll(const ZoneName& zone, Role role, Uuid request, std::string who, bool emergency);
  std::optional<std::string> step(const ZoneName& zone, std::string who);
  std::optional<std::string> abandon(const ZoneName& zone, Role role, std::string who);
  std::optional<std::string> cannot_remove(const ZoneName& zone) const;
  std::uint32_t next_incarnation(const ZoneName& zone) const;
  std::optional<std::string> ds_by_hand(const ZoneName& zone, std::string who, bool published);
  std::optional<std::string> admit(MemberKeys joiner, Epoch sealed);
  std::optional<std::string> set_serving(bool on);
  Effects pass(Moment now, const std::function<std::uint64_t()>& chance);
  MemberStatus status(Moment now) const;

  void save_progress();
  void save_facts();

  // member_facts.cpp
  const Fact& add_fact(FactContent content);
  void follow_facts();
  void own_answer_changed(const Fact& fact);
  bool carry(const Fact& fact);
  bool carry_candidate(const Fact& fact, const Candidate& candidate);
  bool carry_decision(const Fact& fact, const Decision& decision);
  bool carry_epoch(const Fact& fact, const Epoch& epoch);
  bool carry_rewrap(const Fact& fact, const Rewrap& rewrap);
  void carry_tombstone(const Tombstone& tombstone);
  std::optional<std::string> objection(const Candidate& candidate);
  void follow(const Incarnation& author);
  void note(const Fact& fact);

  // member_keys.cpp
  std::optional<Need> need(const ZoneWork& work, Role role) const;
  bool role_wanted(const ZoneWork& work, Role role) const;
  std::optional<Need> need_after(const ZoneWork& work, const Stated<Candidate>& winner, Need need) const;
  Nanoseconds delay(const ZoneWork& work, ZoneWork::Turn& turn, const Need& need);
  void make_keys(ZoneWork& work);
  Time missed_at(const ZoneWork& work, const ZoneWork::Turn& turn) const;
  void make_key(ZoneWork& work, Role role);
  void finish_keys();
  void drop_intent(const Intent& intent);
  bool intends(const ZoneRef& zone, Role role) const;
  void prune_losers(ZoneWork& work);
  bool gave_up_unused(const ZoneWork& work, const Fingerprint& key);
  void purge_retired(ZoneWork& work);
  const Candidate* last_winner(const ZoneWork& work, Role role) const;
  void tell_winners(ZoneWork& work);
  std::vector<std::uint16_t> taken_tags(const ZoneWork& work, const Generation& generation) const;

  // member_epochs.cpp
  void tend_master_keys();
  void note_epoch(const Fact& fact);
  void raise_epoch();
  bool wants_master_key(const MasterKeyId& key) const;
  bool holds_master_key(std::uint32_t number) const;
  std::optional<std::uint32_t> usable_epoch() const;
  void open_master_key(std::uint32_t number);
  void open_and_drop_master_keys();
  std::set<std::uint32_t> needed_epochs() const;
  void take_sealed();
  void seal_master_keys();
  bool newest_is_lost() const;
  void rotate_after_departures();
  void begin_rotation();
  void add_epoch(std::vector<Epoch> sealed);
  std::optional<std::string> cannot_rotate() const;
  void end_epochs();
  MasterKeyStatus master_key_status() const;
  std::vector<std::string> master_key_alarms() const;

  // member_rewraps.cpp
  std::vector<FactId> rewraps_now(const FactId& candidate) const;
  std::vector<MemberId> without_rewrap(const FactId& candidate) const;
  void follow_rewraps();
  void finish_rewraps();
  void rewrap(const FactId& candidate);
  void wipe_older_wraps(const FactId& candidate);
  bool carried_out(const FactId& id) const;
  std::optional<FactId> wrap_to_check(const FactId& id, const Candidate& candidate);
  enum class Checked : std::uint8_t { not_yet, passed, failed };
  Checked check_wrap(const FactId& id);
  FactId newest_wrap(const FactId& candidate) const;

  // member_steps.cpp
  void look_at_zones();
  void work_on(ZoneWork& work);
  Lens lens_for(const ZoneWork& work) const;
  ParentView view_parent(const ZoneWork& work) const;
  void ask_parent(ZoneWork& work);
  void observe(ZoneWork& work);
  void take_steps(ZoneWork& work);
  bool knows_own_server(const ZoneWork& work) const;
  void decide_step(ZoneWork& work, const Step& step);
  std::string ds_confirmed_by(const ZoneWork& work) const;
  const std::vector<FactId>& ds_step(const ZoneWork& work, const KeyView& key) const;
  void tell_holds(ZoneWork& work);
  std::size_t rank(const ZoneName& zone) const;
  bool agrees_with_step(const ZoneWork& work, const ParentAnswer& answer) const;

  // member_export.cpp
  std::vector<KeyTarget> target_of(const ZoneWork& work, std::set<FactId>& decisions) const;
  void aim(ZoneWork& work) const;
  static bool as_seen_before(const ZoneWork::Server& server, const ServedZone& seen);
  void tend_server(ZoneWork& work);
  void keep_serving(ZoneWork& work, bool may_order);
  bool mends_first(ZoneWork& work);  ///< False: that would not help, or the gate holds it, too.
  void order(ZoneWork& work, std::vector<KeyTarget> keys, bool cds_delete, bool to_do);
  void server_answered(ZoneWork& work, const std::vector<KeyTarget>& keys, ServedZone seen);
  void server_in_order(ZoneWork& work, const std::vector<KeyTarget>& keys);

  // member_gate.cpp
  void note_served(ZoneWork& work);
  void note_others(ZoneWork& work);
  bool carried_by_all_others(const ZoneWork& work, const FactId& decision) const;
  void seat_others(ZoneWork::Gate& gate) const;
  void note_other(ZoneWork& work, std::size_t place, const std::vector<std::size_t>& open);
  void note_heard();
  void note_seen(ZoneWork& work);
  void note_order(ZoneWork& work);
  void save_served(ZoneWork& work);
  void restore_served(const ZoneRef& zone, std::vector<ServedEntry> entries);
  bool gate_refuses(ZoneWork& work);
  void judge_change(ZoneWork& work);
  void open_gate(ZoneWork& work);
  std::string misfit_text(const ZoneWork& work, const Misfit& misfit) const;
  std::optional<std::string> override_gate(const ZoneName& zone, std::string who);

  // member_heartbeat.cpp
  const Heartbeat& answers();
  Heartbeat answers_now() const;
  std::vector<Behind> behind() const;
  std::vector<FactId> lacks() const;
  std::optional<Time> next_keys() const;
  bool knows_its_servers() const;
  void send_heartbeat();
  std::vector<std::string> alarms() const;      ///< All of them.
  std::vector<std::string> own_alarms() const;  ///< Those that are no zone's.
  std::optional<std::string> unmanaged_alarm(const ZoneWork& work) const;
  std::vector<std::uint16_t> foreign_keys(const ZoneWork& work) const;
  std::vector<std::string> alarms_of(const ZoneWork& work) const;
  bool fresh(const MemberId& member) const;

  // member_serving.cpp
  void serve_when_allowed();
  std::optional<Hold> held_from_serving() const;  ///< Empty: it may.
  std::optional<Hold> held_from_joining() const;
  bool has_carried_what(const Heartbeat& says) const;
  std::set<MemberId> everybody_who_counts() const;
  std::string with_names(const Hold& hold) const;
  std::optional<std::string> not_serving_alarm() const;

  // member_membership.cpp
  void settle_membership();
  void follow_decrees();
  bool keep_limits();
  void overhear(const Fact& fact);
  bool hold_back(const Fact& fact);
  void guard();
  bool over_caches(const Decrees::Decree& decree);
  std::optional<BootTime> over_caches_at(const Decrees::Decree& decree);
  Nanoseconds caches_followed() const;
  void settle_tombstones();
  bool ends(const Incarnation& author) const;
  Forget say(Forget decree) const;
  void notice_forgotten();
  void notice_left();
  void stop_answering();
  std::vector<Hold> membership_holds() const { return membership_holds_; }
  void note_membership_holds();

  // member_forget.cpp
  std::optional<std::string> leave(std::optional<MemberId> heir, std::string who);
  std::optional<std::string> forget(const Uuid& decree, const std::vector<MemberId>& dead,
                                    std::string who, bool force);
  ForgetPreview preview_forget(const std::vector<MemberId>& dead) const;
  void decree_what_was_asked();
  void leave_when_allowed();
  std::vector<MemberId> others_that_serve() const;
  MemberId some_heir(const std::vector<MemberId>& others) const;
  bool has_heir();
  void stay();
  std::string why_out() const;

  // member_restore.cpp
  void own_heartbeat_seen(const Heartbeat& heartbeat);
  void compare_own_facts(const Heartbeat& heartbeat);
  void own_fact_unknown(const FactId& id);
  void later_life_seen();
  void store_is_old(std::string why);
  bool next_life();
  void take_itself_in();
  bool caught_up() const;
  bool lacks_of_before() const;     ///< Facts that its earlier lives wrote.
  bool carried_all_of_before() const;
  bool may_answer() const;
  bool never_answers() const;

  // member_copies.cpp
  void note_gaps();
  void write_again();
  void want_copies();
  bool counts(const MemberId& member) const;
  bool owner_is_silent(const Incarnation& author) const;
  std::vector<std::string> link_alarms() const;
  std::optional<std::string> uncounted_alarm() const;

  // member_doubt.cpp
  void watch_clocks();
  bool is_live(const Heartbeat& heartbeat, Moment now) const;
  std::optional<Nanoseconds> clock_behind() const;
  bool would_sign_with_wrong_dates() const;
  std::string doubt() const;
  bool in_roster() const { return roster_.contains(self_); }
  bool may_say() const { return in_roster() && doubt_.empty() && current_ && compared(); }
  bool is_out() const { return forgotten_ || leaving_.has_value(); }
  bool may_write() const { return in_roster() && serving_ && doubt_.empty(); }
  bool may_decide() const { return may_write() && compared(); }
  bool compared() const;
  bool server_knows_more() const;  ///< Than the store.
  bool server_knows_more(const ZoneWork& work) const;
  bool is_only_one() const;  ///< As far as it knows.
  std::optional<BootTime> alone_at() const;  ///< When one who knows of nobody else may take that for true.
  /// To tell its server.
  bool may_know_too_little() const {
    return !compared() || (serving_ ? !caught_up_once_ : !caught_up() || lacks_of_before());
  }
  std::string why_undecided() const;

  // member_status.cpp
  ZoneStatus zone_status(const ZoneWork& work) const;
  Hold election_hold(const Election& election) const;
  MemberLine member_line(const MemberId& member, Moment now) const;

  // member_snapshot.cpp
  std::optional<Snapshot> snapshot(const ZoneName& zone, Moment now) const;
  std::vector<Fact> facts_about(const ZoneRef& zone) const;
  Restored restored_for(const ZoneWork& work) const;
  Heartbeat as_understood(const Heartbeat& heartbeat) const;
  Snapshot::Parent parent_in_snapshot(const ZoneWork& work) const;

  // Small things.
  /// In order, so saved with this pass at the latest; what waits for one before it is in memory only.
  bool is_stored(const FactId& id) const { return id.seq <= log_.prefix(id.author); }
  ZoneWork& work_of(const ZoneRef& zone);
  ZoneWork* find_work(const ZoneName& zone);
  const ZoneWork* find_work(const ZoneName& zone) const;
  Policy policy_of(const ZoneWork& work) const;
  bool policy_known(const ZoneWork& work) const { return policies_.contains(work.policy_name()); }
  std::string name_of_member(const MemberId& member) const;
  const MemberKeys* keys_of(
      const MemberId& member) const;  ///< Of its newest life; null if unknown.
  void tell(Notice::Level level, std::string event, const ZoneName& zone, std::string text);
  void wake(BootTime at);
  void wake_for_timer(BootTime at) { effects_.again = std::min(effects_.again.value_or(at), at); }
  void wake(Time at) { wake(now_.boot + (at - now_.wall)); }

  const Incarnation self_;
  const Uuid instance_;
  Settings settings_;
  const Crypto& crypto_;
  const DelayStrategy& random_delay_;

  FactLog log_;
  Acks acks_;
  Waits waits_;
  std::map<ZoneRef, ZoneWork> zones_;
  std::size_t answers_changed_ = 0;  // how often
  bool all_stale_ = true;          // something changed that concerns every zone
  bool could_write_ = false, could_decide_ = false, could_say_ = false;  // in the pass before
  ZoneWork* looked_at_ = nullptr;  // whose times wake() belongs to
  ClusterConfig config_;
  std::map<std::string, Policy> policies_;
  std::map<std::string, std::string> quarantine_;

  Membership members_;
  std::set<Incarnation> roster_;             // of members_, but for oneself if one is forgotten
  std::map<Incarnation, MemberKeys> known_;  // from admits
  bool members_stale_ = true;
  std::size_t members_at_ = 0;                  // log_.size() when they were settled
  std::map<FactId, Fact> beyond_;               // of the forgotten, and do not count
  std::map<MemberId, Nanoseconds> served_ttl_;  // by those who are out
  struct Asked {
    Uuid decree;
    std::vector<MemberId> dead;
    std::string who;
  };
  std::vector<Asked> decrees_asked_;
  std::vector<Hold> membership_holds_;
  bool forgotten_ = false;
  std::string forgotten_by_;  // for people
  std::optional<Leaving> leaving_;
  std::optional<BootTime> silent_since_;  // its server was seen not to answer
  std::optional<BootTime> taken_in_at_;   // in this life of the agent
  BootTime stop_at_{};
  bool stopping_ = false;
  std::string not_stopped_;                 // why
  std::vector<FactId> foreign_tombstones_;  // of facts that their authors may not end yet
  std::set<FactId> ended_;                  // by tombstones
  std::set<FactId> wiped_;                  // of those, told to the shell
  EpochBook epochs_;
  bool epochs_stale_ = true;
  std::uint32_t current_epoch_ = 0;         // that new keys are wrapped under
  std::set<MasterKeyId> master_keys_;       // opened
  std::set<FactId> opening_;                // sealed to us
  std::map<FactId, std::string> unopened_;  // and why
  std::set<FactId> to_rewrap_;              // live candidates that may have an older wrapped copy somewhere
  std::set<FactId> rewrapping_;
  std::map<FactId, Rewrap> rewrapped_;      // by candidate, for the next pass
  std::map<FactId, BootTime> retry_wrap_;   // what failed, by candidate or rewrap
  std::optional<std::string> rotation_wanted_by_;
  bool making_epoch_ = false;
  std::optional<std::vector<Epoch>> made_epoch_;  // for the next pass
  std::vector<Epoch> sealed_;               // the same
  std::map<std::pair<std::uint32_t, MemberId>, BootTime> unsealed_since_;
  std::vector<FactId> to_wipe_;             // tombstones that an earlier life carried out

  std::map<Incarnation, std::uint64_t> noted_;   // facts taken note of
  std::map<Incarnation, std::uint64_t> vector_;  // facts carried out, or behind
  std::set<FactId> behind_;
  std::map<FactId, BootTime> tried_since_;
  enum class Check : std::uint8_t { asked, passed };
  std::map<FactId, Check> checks_;
  std::map<FactId, std::string> failed_checks_;
  std::size_t followed_ = 0, saved_facts_ = 0;   // log_.size() at the time
  bool unfinished_ = false;                      // something held is not carried out, nor behind
  bool progressed_ = false;

  std::vector<FactContent> asked_for_;  // by people; facts from the next pass on
  std::set<Intent> intents_;
  std::map<Intent, NewKey> made_;
  std::set<Intent> failed_intents_;
  bool intents_struck_ = false;         // those of the life before
  std::set<FactId> unseen_;             // facts of the store not seen in the directory in this life
  std::set<FactId> to_write_again_;     // own ones
  std::vector<FactId> lacking_outside_;  // by those who are out
  std::map<MemberId, std::vector<FactId>> wanted_outside_;  // what each of them said last
  std::map<MemberId, FactId> went_back_;  // whose heartbeats count from where they had been before; the counter heard then
  std::set<FactId> vanished_;            // of those who cannot write them again
  struct WantedCopy {
    BootTime since{}, at{};
    bool made = false;
  };
  std::map<FactId, WantedCopy> wanted_copies_;
  std::map<MemberId, BootTime> pressed_since_;  // lacks what was written again
  std::map<Incarnation, BootTime> gap_since_;
  std::set<MemberId> ask_for_facts_;             // their newest heartbeats, not answered yet
  std::set<MemberId> lacking_;                   // who, as their newest heartbeats say, lack facts

  std::map<Incarnation, std::uint64_t> counters_;
  const std::uint64_t counter_at_start_;  // the highest that an earlier life of ours can have sent
  std::map<MemberId, BootTime> received_at_;
  struct Said {
    std::uint64_t counter = 0;          ///< Of the heartbeat that counts.
    BootTime at = ZoneWork::Gate::long_ago, before_until = at;  ///< When it came; until when another one is known to have counted.
  };
  std::map<MemberId, Said> said_;
  bool heard_anew_ = false;
  std::size_t heard_ = 0;  // how many that count
  std::map<MemberId, Nanoseconds> clock_offset_;  // their clock minus ours, when received
  Heartbeat own_;               // answers(), as of when they last changed
  bool own_stale_ = true;       // something that answers() tells of changed
  bool own_differs_ = true;     // from what was sent
  std::optional<Heartbeat> sent_;
  BootTime sent_at_{}, changed_at_{};
  bool change_pending_ = false;

  bool serving_ = false;
  bool current_ = false;
  std::string not_current_why_ = "the directory was not read yet";
  bool read_once_ = false;         // the directory, in this life
  bool store_is_old_ = false;      // it does not know all of our own facts
  BootTime nobody_else_since_{};   // writes with this identity, as far as was heard since then
  std::pair<std::uint32_t, std::uint64_t>
      other_said_;                         // by another agent of this identity: life, counter
  bool took_itself_in_ = false;            // after that
  bool life_begins_ = false;               // the next life was begun: this one is over
  std::uint32_t highest_own_ = 0;          // life of this member that anybody speaks of
  std::optional<std::uint64_t> disputed_;  // the first own fact that others know otherwise
  std::optional<Heartbeat> said_before_;   // by an earlier life of ours
  std::set<MemberId> not_counted_by_;      // who serve, and do not count us any more
  std::map<MemberId, Uuid> instances_;     // of everybody's last heartbeat
  bool greet_ = false;  // somebody began a new life, and waits for a word of another member
  std::string identity_trouble_;
  std::string doubt_;
  std::optional<Nanoseconds> wall_minus_boot_;
  std::optional<BootTime> jumped_at_;
  BootTime began_at_{};            // this life of the agent
  Time said_last_{};               // by an earlier life of ours, and its clock
  bool clocks_differ_ = false;     // by more than is tolerated, some from ours; may be said too long
  bool compared_ = false;  // since this life of the agent began
  bool caught_up_once_ = false;  // after that: a store may be an old copy
  std::optional<BootTime> read_at_;  // the directory, first in this life of the agent

  Moment now_{};
  const std::function<std::uint64_t()>* chance_ = nullptr;
  Effects effects_;
  std::vector<Save> pending_saves_;       // from events, for the next pass
  std::vector<Notice> pending_notices_;
  std::map<Incarnation, std::uint64_t> saved_;  // others' facts in the store
  bool again_ = false;  // a fact of our own changed the picture: look once more in this pass
};

}  // namespace rollcall
