// SPDX-License-Identifier: GPL-3.0-or-later
// The multi-master directory as a model: every member has a replica; between entries there is no order.
//
// slapd replicates whole entries, and the newest write of an entry wins. 389-ds does it attribute by attribute;
// of two adds of one name the earlier keeps it and the other is hidden; a delete beats every change; machines
// whose clocks are too far apart do not replicate, and who was cut off for longer than changes are kept has to be
// filled anew from another one.
//
// It is hostile where such servers are: changes arrive late and in any order, a refresh after a cut delivers
// in random order, a replica can lose an entry for good and not know it, and notices to an agent
// come late, twice, or long after. One writer an entry is the agents' promise, not the model's.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/context.h"

namespace rollcall::sim {

struct PolicyEntry {
  std::string name;
  Policy policy;
};
/// Another's fact, below the copier's own container.
struct CopiedFact {
  MemberId copier;
  Fact fact;
};
using Content = std::variant<Fact, Heartbeat, ClusterConfig, PolicyEntry, ZoneConfig, CopiedFact>;
using Entry = std::shared_ptr<const Content>;

class Directory {
 public:
  /// An agent, as its own replica talks to it.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void entry(const Entry& entry) = 0;
    virtual void vanished(const FactId& fact) = 0;
    virtual void state(bool current, const std::string& why) = 0;
  };

  explicit Directory(Context& context);

  std::size_t add_replica(Listener& listener);

  // What an agent does with its own replica.
  void connect(std::size_t replica);     ///< Delivers everything in any order, then `current`.
  void disconnect(std::size_t replica);  ///< No more notices.
  void add(std::size_t replica, Content content);    ///< Nothing if the entry is there.
  void write(std::size_t replica, Content content);  ///< Adds, replaces what differs, or touches.
  void set(std::size_t replica, Content content);    ///< Every attribute anew, whatever stands there.

  // What happens to replicas and links. Cuts add up: two of one link need two repairs.
  void wire(std::size_t a, std::size_t b, bool wired);  ///< Whether the two replicate directly.
  /// A machine went for good: those who replicated with it do so with each other.
  void go_around(std::size_t gone);
  void cut(std::size_t from, std::size_t to);
  void repair(std::size_t from, std::size_t to);
  void repair_all();
  void power(std::size_t replica, bool on);
  void set_clock(std::size_t replica, Nanoseconds wrong_by);
  void keep_copy(std::size_t replica);       ///< As a backup of its machine does.
  void return_to_copy(std::size_t replica);  ///< What was written since, only others have.
  /// Loses one fact that this replica has; false if it has none. Of 389-ds somebody deletes it there, for all.
  bool lose_fact(std::size_t replica, const std::function<bool(const FactId&)>& may_be_lost = {});
  Time lost_at() const { return lost_at_; }  ///< An entry, on its way.
  void set_lag(Nanoseconds lag) { lag_ = lag; }
  void set_hostile(bool hostile) { hostile_ = hostile; }  ///< False: no more of its faults.

  std::size_t replicas() const { return replicas_.size(); }
  /// Whether changes pass from any replica to any other, directly or not.
  bool whole() const;
  /// Since when it is so at least; now if it is not.
  Time whole_since() const { return whole() && to_fill_.empty() ? reopened_at_ : context_.schedule.now(); }
  bool linked(std::size_t from, std::size_t to) const;
  /// Whether anything can reach this replica from another one.
  bool holds(std::size_t replica, const std::function<bool(const Fact&)>& like) const;
  /// All facts of all replicas are deleted, and the agents see it.
  void lose_all_facts();
  /// The same of what is younger than that: an old copy of the directory was loaded everywhere.
  void return_to(Time moment);
  /// How many facts, or copies of them, a replica has.
  std::size_t distinct_facts(std::size_t replica) const;

 private:
  using EntryId = std::size_t;
  using Name = std::variant<FactId, MemberId, std::string, std::pair<MemberId, FactId>>;
  struct Version {
    Time written{};
    std::size_t replica = 0;
    std::uint64_t order = 0;
    auto operator<=>(const Version&) const = default;
  };
  /// Of 389-ds: one entry of those that were added under one name.
  struct Added {
    Version version;
    Entry entry;                      ///< Null: deleted.
    std::vector<Version> attributes;  ///< Of those that are merged one by one.
  };
  struct Stored {
    Version version;
    Entry entry;  ///< Null: not there; then what is not newer than `version` was lost.
    std::map<Version, Added> added = {};  ///< Of 389-ds, by when; `entry` is the first that is not deleted.
  };
  struct Replica {
    Listener* listener;
    std::vector<Stored> stored;  ///< By EntryId; shorter than `names_` if newer ones never came.
    std::uint64_t session = 0;   ///< Odd: an agent listens.
    bool powered = true;
    Nanoseconds clock{0};        ///< Its machine's, against true time.
    std::vector<Stored> copy = {};
    Time copied{};
  };
  struct Link {
    bool wired = true;
    unsigned cuts = 0;
    bool behind = false;  ///< Something could not be passed on,
    Time behind_since{};  ///< the first of it then.
    std::uint64_t refresh = 0;
  };

  static Name name_of(const Content& content);
  EntryId id_of(const Content& content);
  Stored& at(std::size_t replica, EntryId id);
  Link& link(std::size_t from, std::size_t to) { return links_[from][to]; }
  /// leads  From one replica to another. Whether all are reached from the first.
  bool all_reached(const std::function<bool(std::size_t, std::size_t)>& leads) const;
  bool open(std::size_t from, std::size_t to) const;

  void store(std::size_t replica, EntryId id, Stored stored);
  void pass_on(std::size_t from, std::size_t to, EntryId id);
  void deliver(std::size_t from, std::size_t to, EntryId id, const Stored& stored);
  void refresh(std::size_t from, std::size_t to);
  void reopened(std::size_t from, std::size_t to);
  void notify(std::size_t replica, const Entry& entry);
  void notify_after(std::size_t replica, const Entry& entry, Nanoseconds delay);
  void break_session(std::size_t replica);
  void lose(std::size_t replica, EntryId id);
  void tell_of_loss(std::size_t replica, const Entry& lost);
  void fall_behind(std::size_t from, std::size_t to);
  bool tells(std::size_t replica) const { return replicas_[replica].session % 2 == 1; }

  // In directory_ds389.cpp.
  bool ds389() const { return context_.swarm.engine == Engine::ds389; }
  /// What a write makes of what stands there.
  ///
  /// all  Every attribute, whether it differs or not.
  static Stored written_over(const Stored& present, const Stored& written, bool all);
  Stored new_version(std::size_t replica, Content content);
  /// Whether the target has all of it already.
  bool covers(const Stored& present, const Stored& stored) const;
  static bool covers(const Added& present, const Added& stored);
  /// What stands there after both.
  Stored merged(const Stored& present, const Stored& stored);
  Added merged(const Added& present, const Added& stored);
  static void show_first(Stored& stored);
  void remove(std::size_t replica, EntryId id);
  bool changes_are_gone(std::size_t from, std::size_t to) const;
  void fill_anew_later(std::size_t from, std::size_t to);
  void fill_anew(std::size_t from, std::size_t to);

  Context& context_;
  Nanoseconds lag_;
  bool hostile_ = true;
  Time lost_at_{};
  Time reopened_at_{};  ///< Some link, last.
  std::uint64_t order_ = 0;
  std::map<Name, EntryId> names_;
  std::vector<Replica> replicas_;
  std::set<std::size_t> gone_;            ///< Replicas that the others replicate around.
  std::vector<std::vector<Link>> links_;  ///< From, to.
  std::set<std::size_t> to_fill_;         ///< Somebody will.
};

}  // namespace rollcall::sim
