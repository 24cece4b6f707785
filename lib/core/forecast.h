// SPDX-License-Identifier: GPL-3.0-or-later
// What is going to happen to a zone's keys, when, and what that depends on.
//
// Nothing is computed by other rules than those that act: a copy of the member lives on in an ideal
// world (ideal_world.h) until the horizon, and what it does there is the forecast. The world that
// comes may be slower; the assumptions say where.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/core/snapshot.h"

namespace rollcall {

struct ForecastQuestion {
  std::optional<Time>
      until;  ///< Empty: until a key of each role was replaced and is gone; two years at most.
  std::optional<std::string> policy;  ///< In place of the zone's.
  Seconds parent_takes{0};            ///< From a CDS until the parent shows the DS.
  std::optional<Role> roll;           ///< As if somebody asked for it now.
  bool emergency = false;             ///< `roll` is one.
};

struct ForecastChange {
  Generation key;
  Record record;
  bool introduced;
  bool operator==(const ForecastChange&) const = default;
};

/// What an event waits for before it happens.
struct Dependency {
  Reason reason;
  std::string text;
  std::vector<MemberId> members;  ///< Empty: nobody in particular.
  std::optional<Time> until;      ///< When a wait for time ends.
};

struct ForecastEvent {
  enum class Kind : std::uint8_t {
    make_key,  ///< By any member.
    step,      ///< `changes` are decided.
    give_up,   ///< A key will never be used.
    parent,    ///< The parent is seen to have followed.
    gone,      ///< No cache has anything of the key any more.
    wipe,      ///< Its owner destroys the private key.
  };
  Time at;
  Kind kind;
  std::string what;  ///< `introduce DNSKEY of ZSK generation 3`
  std::vector<ForecastChange> changes;
  std::vector<Dependency> depends;
};
std::string_view to_string(ForecastEvent::Kind kind);

/// What would be bogus if a key were removed at once.
struct Breakage {
  std::string text;           ///< `a cache could hold …`
  std::optional<Time> until;  ///< Empty: the text says on what it depends.
};

struct Forecast {
  Time from, until;
  std::string policy;
  std::vector<ForecastEvent> events;     ///< In the order of time.
  std::vector<Hold> stuck;               ///< What would not happen even if all went well.
  std::vector<std::string> assumptions;  ///< Where the real world may be slower. For people.
  std::string replaced;                  ///< In an emergency: the key that is to go, `KSK 20013`.
  std::vector<Breakage> faster;          ///< What it would break to remove it at once.
  bool cut_short = false;                ///< So much happens that it ends before its time.
  std::string refused;  ///< Why `roll` cannot be asked for; then nothing else is said.
};

/// Takes milliseconds; the bound of its work is `cut_short`. The zone's policy has to be in the
/// snapshot.
Forecast forecast(Snapshot start, const ForecastQuestion& question);

}  // namespace rollcall
