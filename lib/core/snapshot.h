// SPDX-License-Identifier: GPL-3.0-or-later
// What a member knows about one zone at one moment, as a value: enough for another Member to go on
// from there in a world of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/member.h"

namespace rollcall {

struct Snapshot {
  Moment now;
  Incarnation self;
  Settings settings;
  /// Facts of other zones are there by their numbers only. No intents: a key that is being made is
  /// made anew.
  Restored restored;
  ClusterConfig config;
  std::map<std::string, Policy> policies;
  ZoneConfig zone;
  std::vector<Incarnation> others;  ///< Whose answers are needed, the own one left out.
  std::vector<Heartbeat>
      heartbeats;  ///< Their newest; vectors hold only what agrees with the own digests.
  std::map<MemberId, std::string> names;  ///< Of everybody.
  std::vector<MemberId> silent;           ///< Of the others: not heard of for a while.

  struct Parent {
    bool configured = true;       ///< False: nobody asks it, so administrators have to tell.
    std::vector<Fingerprint> ds;  ///< Of our keys, as far as is known.
    std::uint32_t unknown = 0;    ///< Others that it shows.
    std::string silent;           ///< Why it did not answer; empty: it did, or was not asked.
  } parent;
  std::string server_trouble;  ///< Why the own server is not in order; empty: it is.
  Seconds max_zone_ttl{0};     ///< As the own server serves now; 0: not seen yet.
  std::string doubt;           ///< Why the member writes nothing new; empty: no doubt.
};

}  // namespace rollcall
