// SPDX-License-Identifier: GPL-3.0-or-later
// What a member has on its desk about one zone: what it was told of it, what its server serves and is to serve, what is
// wanted next. Shared by the source files of Member only.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "lib/core/decide.h"
#include "lib/core/member.h"
#include "lib/core/served_sets.h"
#include "lib/core/ttl_history.h"
#include "lib/core/zone_book.h"
#include "lib/core/zone_view.h"

namespace rollcall {

/// What is done about one zone.
struct ZoneWork {
  ZoneRef zone;
  ZoneConfig config;              ///< As administrators wrote it last.
  bool configured = false;
  bool stale = true;              ///< Something about it changed since it was looked at.
  std::optional<BootTime> again;  ///< When it wants to be looked at in any case.
  ZoneBook book;

  // The own server.
  struct Server {
    std::vector<KeyTarget> ordered, verified;
    bool delete_ordered = false, delete_verified = false;  ///< CDS DELETE.
    std::set<FactId> ordered_decisions, carried_decisions;
    std::optional<std::array<std::size_t, 4>> targeted_at;  ///< What `target` was made of; it only grows.
    std::vector<KeyTarget> target;
    std::set<FactId> target_decisions;
    bool target_carried = false;  ///< `carried_decisions` knows of them.
    std::size_t changes = 0;   ///< How often something else was verified.
    std::uint64_t order = 0;
    bool busy = false;         ///< An Export or Look is on its way.
    bool ever_verified = false;
    bool lost = false;         ///< It does not serve what was acked.
    bool held_back = false;    ///< An order: it may know too little, or had wrong dates.
    std::string failure;
    std::optional<BootTime> failing_since;
    BootTime retry_at{}, look_at{};
    Nanoseconds backoff{0};
    ServedZone seen;
    TtlHistory dnskey_ttl, zone_ttl;
  } server;

  // The last gate.
  struct Gate {
    ServedLedger ledger;
    static constexpr BootTime long_ago = BootTime{} - std::chrono::days{3650};
    BootTime old_ds_seen = long_ago;   ///< When the parent last showed a DS that is to leave.
    using MadeOf = std::tuple<std::size_t, std::size_t, Seconds, BootTime>;
    std::optional<MadeOf> noted_at;    ///< What the others' part and the parent's were made of.
    std::vector<ServedEntry> saved;
    bool seen_anew = false;            ///< The own server was looked at, and the ledger does not know yet.
    std::vector<bool> settled;         ///< Decisions that all others have carried out.
    std::size_t reopened = 0;          ///< Grows whenever a decision comes, or is settled.
    CarriedRecords base;               ///< By those.
    /// What the ledger was told of a member.
    struct Other {
      std::pair<std::size_t, std::size_t> made_of;  ///< Acks::changes(), and the open ones.
      bool serving = false;
      Seconds dnskey_ttl{0}, max_zone_ttl{0};
      std::vector<bool> carried;       ///< Which decisions it has carried out.
      bool same(const Other& other) const;
    };
    std::vector<MemberId> roster;      ///< When `others` was told of last.
    std::vector<std::optional<Other>> others;  ///< By place in it.
    std::vector<Misfit> refused;       ///< Empty: nothing is refused.
    std::tuple<std::size_t, std::size_t, std::optional<std::array<std::size_t, 4>>> judged;  ///< What, and by what.
    std::string text;                  ///< Why, for people.
    std::optional<Time> until;         ///< When it fits by itself.
    std::optional<std::vector<KeyTarget>> overridden;
  } gate;

  // The parent.
  struct Parent {
    bool configured = true;    ///< Until the shell says otherwise.
    std::optional<ParentAnswer> answer;
    BootTime answered_at{}, ask_at{};
    TtlHistory ttl;            ///< Of the DS RRset.
    std::string silent;
  } parent;

  // Whose turn it is to make the next key.
  struct Turn {
    std::uint32_t number = 0;
    BootTime since{};
    Time due{};
    std::optional<Nanoseconds> drawn;
    BootTime retry_at{};  ///< Not before, if a key could not be made.
  };
  std::map<Role, Turn> turns;
  std::map<Role, Time> next_due;  ///< Of the next generation, where it has a date.

  std::optional<std::string> stepped_by;  ///< Who let the next step happen, in manual mode.
  std::map<std::string, BootTime> allowed_since;  ///< Steps by their text.
  struct ToldHold {
    std::string text;
    BootTime since{};
    bool told = false;
  };
  std::map<std::string, ToldHold> told_holds;  ///< By step.
  std::set<FactId> told_winners;
  ZoneView view;
  Plan plan;
  const std::string& policy_name() const { return config.policy; }
};

/// The next generation of a role, and why.
struct Need {
  Generation generation;
  std::optional<Time> due;  ///< Empty: as soon as it is noticed.
  std::string why;
  bool at_once = false;     ///< A first or forced one: the short window applies.
  unsigned voids = 0;       ///< Generations in a row of which no candidate was eligible.
};

}  // namespace rollcall
