// SPDX-License-Identifier: GPL-3.0-or-later
// The multi-master directory as a model of slapd's: every member has a replica; whole entries are
// replicated, the newest write of an entry wins; between entries there is no order.
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
    virtual void entry(const Content& content) = 0;
    virtual void vanished(const FactId& fact) = 0;
    virtual void state(bool current, const std::string& why) = 0;
  };

  explicit Directory(Context& context);

  std::size_t add_replica(Listener& listener);

  // What an agent does with its own replica.
  void connect(std::size_t replica);     ///< Delivers everything in any order, then `current`.
  void disconnect(std::size_t replica);  ///< No more notices.
  void add(std::size_t replica, Content content);    ///< Nothing if the entry is there.
  void write(std::size_t replica, Content content);  ///< Adds, replaces or touches.

  // What happens to replicas and links. Cuts add up: two of one link need two repairs.
  void wire(std::size_t a, std::size_t b, bool wired);  ///< Whether the two replicate directly.
  /// A machine went for good: those who replicated with it do so with each other.
  void go_around(std::size_t gone);
  void cut(std::size_t from, std::size_t to);
  void repair(std::size_t from, std::size_t to);
  void repair_all();
  void power(std::size_t replica, bool on);
  void set_clock(std::size_t replica, Nanoseconds wrong_by);
  /// Loses one fact that this replica has; false if it has none.
  bool lose_fact(std::size_t replica);
  void set_lag(Nanoseconds lag) { lag_ = lag; }
  void set_hostile(bool hostile) { hostile_ = hostile; }  ///< False: no more of its faults.

  std::size_t replicas() const { return replicas_.size(); }
  /// Whether changes pass from any replica to any other, directly or not.
  bool whole() const;
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
  struct Stored {
    Version version;
    Entry entry;  ///< Null: not there; then what is not newer than `version` was lost.
  };
  struct Replica {
    Listener* listener;
    std::vector<Stored> stored;  ///< By EntryId; shorter than `names_` if newer ones never came.
    std::uint64_t session = 0;   ///< Odd: an agent listens.
    bool powered = true;
    Nanoseconds clock{0};        ///< Its machine's, against true time.
  };
  struct Link {
    bool wired = true;
    unsigned cuts = 0;
    bool behind = false;  ///< Something could not be passed on.
    std::uint64_t refresh = 0;
  };

  static Name name_of(const Content& content);
  EntryId id_of(const Content& content);
  Stored& at(std::size_t replica, EntryId id);
  Link& link(std::size_t from, std::size_t to) { return links_[from][to]; }
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

  Context& context_;
  Nanoseconds lag_;
  bool hostile_ = true;
  std::uint64_t order_ = 0;
  std::map<Name, EntryId> names_;
  std::vector<Replica> replicas_;
  std::set<std::size_t> gone_;            ///< Replicas that the others replicate around.
  std::vector<std::vector<Link>> links_;  ///< From, to.
};

}  // namespace rollcall::sim
