// SPDX-License-Identifier: GPL-3.0-or-later
// A whole simulated cluster: machines with the real core, their directory, the parent, administrators
// and faults, all from one seed. First everything may break, then all is healed and has to agree.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/administrators.h"
#include "tests/sim/crypto.h"
#include "tests/sim/deadlines.h"
#include "tests/sim/faults.h"
#include "tests/sim/machine.h"

namespace rollcall::sim {

class World {
 public:
  /// story  Where the history is told; null: nowhere.
  /// delay  Of random mode; null: the core's own.
  explicit World(Swarm swarm, std::ostream* story = nullptr, const DelayStrategy* delay = nullptr);

  /// Lets time go by, until a promise is broken at most.
  void run(Nanoseconds duration);
  /// Ends all faults: everybody is back, links are up, clocks are right.
  void heal();
  /// Waits until all agree and everything wanted is done; that it takes too long is a violation.
  void converge();

  /// What is not yet as it should be; empty if nothing.
  std::string unfinished() const;
  /// How long the agreement may take after the worst history.
  Nanoseconds patience() const;
  Seconds longest_wait() const;  ///< Until caches have followed a change, whatever it was.
  /// Since when all members can talk at least, and nothing else is wrong.
  Time calm_since() const;
  /// When it is to be replaced; empty: never.
  std::optional<Time> end_of_use(const InUse& use) const;
  const std::optional<std::string>& violation() const { return judge_.violation(); }

  Context& context() { return context_; }
  Judge& judge() { return judge_; }
  Directory& directory() { return directory_; }
  const Parent& parent() const { return parent_; }
  std::size_t members() const { return machines_.size(); }
  const Machine& machine(std::size_t index) const { return *machines_[index]; }
  Machine& machine(std::size_t index) { return *machines_[index]; }

  // Administrators.
  std::size_t add_machine();                 ///< Its agent runs, but it is no member yet.
  void admit(std::size_t joiner);            ///< By any member that serves, again until it is done.
  void admit(std::size_t joiner, std::size_t by);
  bool forget(std::size_t at, const std::vector<std::size_t>& dead, bool force);
  void roll(std::size_t at, Role role, bool emergency = false);
  void withdraw_ds(const ZoneName& zone) { parent_.withdraw(zone); }
  void bring_back_ds(const ZoneName& zone) { parent_.bring_back(zone); }
  void add_foreign_ds(const ZoneName& zone) { parent_.add_foreign(zone); }
  void appoint(std::size_t at, const std::vector<std::size_t>& managers);
  const std::vector<ZoneName>& zones() const { return zones_; }
  bool somebody_stores(const FactId& fact) const;
  bool someone_answers_beside(std::size_t but) const;  ///< And counts for the others.
  std::size_t some_replica();                          ///< Of a machine that may come back.

 private:
  void begin();
  void set_up_zones();
  void wire(std::size_t index);
  std::optional<std::size_t> someone_serving(std::size_t but);
  /// By the servers that are `asked` and answer.
  std::vector<Parent::Cds> scanned(const ZoneName& zone) const;
  std::vector<Parent::Cds> announced(const ZoneName& zone, const std::function<bool(const Machine&)>& asked) const;
  void every_day();
  Reports reports_of_all() const;
  void see_after_members(const Reports& reports, bool all);
  static void take_out_foreign_keys(Machine& machine, const MemberStatus& status);
  void forget_the_dead(bool all);
  bool somebody_counts(const Machine& one) const;
  void watch_holds(const Reports& reports);
  void watch_alarms(const Reports& reports);
  void tell_of_ds();
  void tell_state();
  MemberId new_id();
  static Epoch sealed_to(const MemberId& member, const MasterKeyId& key);

  bool is_waited_for(const Machine& machine) const;
  std::string unfinished_member(const Machine& machine) const;
  std::string unfinished_zone(const ZoneName& zone) const;
  std::string unfinished_scheme(const Served& served) const;
  std::string overdue(const ZoneName& zone, const std::set<Fingerprint>& in_use, Role role) const;

  Context context_;
  ModelledCrypto crypto_;
  Vault vault_;
  RandomDelay random_delay_;
  Judge judge_;
  Directory directory_;
  Parent parent_;
  Site site_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<ZoneName> zones_;
  Faults faults_;
  Administrators administrators_;
  Deadlines deadlines_;
  std::map<std::size_t, unsigned> away_for_;  ///< Days, by machine.
  std::map<std::size_t, unsigned> astray_for_;  ///< Days, by machine that only its people can help.
  bool converging_ = false;  ///< Everything is healed, and has to come to rest.
  std::map<std::string, unsigned> held_for_;  ///< Days, by step.
  std::map<std::string, unsigned> silent_for_;  ///< Days, by who should have raised which alarm.
};

}  // namespace rollcall::sim
