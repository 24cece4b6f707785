// SPDX-License-Identifier: GPL-3.0-or-later
// The parent zone as a model: now and then it reads CDS from all servers that answer; if they agree
// it changes the DS, sooner or later, at one address after the other. Each address has secondaries
// that follow within the parent's propagation delay.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/sim/context.h"
#include "tests/sim/judge.h"

namespace rollcall::sim {

class Parent {
 public:
  /// The CDS of a server that answers: keys, or that no DS is wanted; neither: it says nothing.
  struct Cds {
    std::set<Fingerprint> keys;
    bool none_wanted = false;
    bool operator==(const Cds&) const = default;
  };
  using ReadCds = std::function<std::vector<Cds>(const ZoneName&)>;

  Parent(Context& context, Judge& judge, ReadCds read_cds);

  void delegate(const ZoneName& zone);

  /// What an agent that asks all addresses now gets to know.
  ParentAnswer answer(const ZoneName& zone, const std::set<Fingerprint>& known) const;
  /// Whether no address has a DS.
  bool has_none(const ZoneName& zone) const;
  /// The DS that every address has; empty if they differ.
  std::set<Fingerprint> agreed(const ZoneName& zone) const;

  void bring_back(const ZoneName& zone);   ///< One address shows DS of before again, for some days at most.
  void add_foreign(const ZoneName& zone);  ///< One address shows a DS that nobody knows, the same.
  void withdraw(const ZoneName& zone);  ///< The DS goes at every address, and comes back with a later scan.
  void hurry();                         ///< From now on all goes fast.

 private:
  struct Zone {
    std::vector<std::set<Fingerprint>> addresses;
    std::vector<Time> secondary_at;  ///< Until when the changes of each address's secondaries are under way.
    std::optional<std::set<Fingerprint>> accepted;  ///< Read, and on its way or there; empty: to be read again.
    std::set<Fingerprint> before;  ///< What every address had before `accepted`.
    bool foreign = false;
    std::uint64_t change = 0;
  };

  void scan(const ZoneName& name);
  std::optional<std::set<Fingerprint>> announced(const ZoneName& name) const;
  void accept(const ZoneName& name, const std::set<Fingerprint>& ds);
  void publish(const ZoneName& name, std::size_t address, const std::set<Fingerprint>& ds);
  void mend(const ZoneName& name, std::size_t address, std::uint64_t change, std::set<Fingerprint> right);

  Context& context_;
  Judge& judge_;
  ReadCds read_cds_;
  Nanoseconds lag_;
  Nanoseconds spread_;
  std::map<ZoneName, Zone> zones_;
};

}  // namespace rollcall::sim
