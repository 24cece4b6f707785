// SPDX-License-Identifier: GPL-3.0-or-later
// What a directory server tells of its own replication: hints for people, where to look first.
//
// Nothing rests on it. What has arrived where is proved by a probe that is seen and by the facts that are
// compared; a change vector counts changes that are none of ours, and says nothing of entries that were lost.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/util/time.h"

namespace rollcall {

/// The last change of one server that a replica has.
struct LastChange {
  std::string csn;   ///< Change sequence number: those of one server sort as texts.
  Time at;           ///< The time in it, by the clock of the server where the change was made.
  std::string host;  ///< Of that server; empty where the vector does not name it.
};

/// By the number of the server: the RUV of 389-ds, the contextCSN of slapd.
using ChangeVector = std::map<std::string, LastChange>;

/// A replication agreement of 389-ds, as its supplier tells of it.
struct Agreement {
  std::string name;      ///< Its `cn`.
  std::string partner;   ///< Host at the other end.
  bool windows = false;  ///< With a domain controller of Active Directory.
  std::string problem;   ///< What became of its last update; empty: nothing is wrong with it.
};

struct ReplicationState {
  std::string attribute;  ///< `nsds50ruv` or `contextCSN`, that `changes` come from; empty: neither was told.
  ChangeVector changes;
  bool tells_agreements = false;  ///< Its agreements may be read; else that there are none means nothing.
  std::vector<Agreement> agreements;
};

/// That a replica lacks the last changes of one server.
struct Lag {
  std::string server;                 ///< Host, or number where no host is told.
  std::optional<Nanoseconds> behind;  ///< From its last change here to the last one that is known; empty: it has none.
};

/// The longest lag of a replica behind any other; empty: none is known.
std::optional<Lag> lag_of(const ChangeVector& replica, const std::vector<ChangeVector>& others);

}  // namespace rollcall
