// SPDX-License-Identifier: GPL-3.0-or-later
// The directory as a port: entries come, change and go; we add and modify our own.
//
// The implementation (ldap_directory.h) knows LDAP and no keys; what an entry means is told by the
// codec (codec.h), which knows no LDAP.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/util/bytes.h"
#include "lib/util/result.h"

namespace rollcall::directory {

/// Attribute names in lower case; values in the server's order.
using Attributes = std::map<std::string, std::vector<Bytes>>;

struct Entry {
  std::string dn;  ///< Lower case, no spaces after commas.
  Attributes attributes;
};

enum class State {
  down,        ///< No connection; `why` says what was tried and when it is tried again.
  refreshing,  ///< Connected; what has come so far may be a part.
  current,     ///< Everything that this server has was delivered, and the server itself is whole.
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void entry(Entry entry) = 0;                 ///< New or changed, whole.
  virtual void vanished(const std::string& dn) = 0;    ///< Absence is not an instruction.
  virtual void state(State state, const std::string& why) = 0;

  /// Told before State::down if that is since no server lets us in: waiting does not help.
  virtual void denied() {}

  /// All entries below the base that lost a conflict of replication and that the server hides, each with
  /// its DN and what the server says of it; told when there are other ones than before. Where there is
  /// one writer an entry they come of administrators who added the same thing at two servers.
  virtual void conflicts(const std::vector<std::string>&) {}
};

class Directory {
 public:
  virtual ~Directory() = default;

  /// Delivers every entry below the base once, then every change, until destroyed; reconnects by
  /// itself with back-off. Order between entries means nothing. Call once.
  ///
  /// Source  RFC 4533, refreshAndPersist.
  virtual void watch(Listener& listener) = 0;

  /// Adds an entry.
  ///
  /// Errors  unavailable means *unknown*: it may be there; look before trying again. denied;
  ///         malformed if the schema refuses it; conflict if the DN is taken; not_found if its
  ///         parent is missing.
  /// Source  RFC 4511, 4.7.
  virtual void add(Entry entry, Done<> done) = 0;

  /// Replaces each named attribute of an entry as a whole; an empty list of values removes it.
  ///
  /// Errors  as add; not_found if there is no such entry.
  /// Source  RFC 4511, 4.6.
  virtual void modify(std::string dn, Attributes replace, Done<> done) = 0;

  /// Reads one entry with all its attributes.
  ///
  /// Errors  not_found, denied, unavailable.
  virtual void read(std::string dn, Done<Entry> done) = 0;

  /// Reads entries at and below a DN, which may be outside of the base, in no order.
  ///
  /// filter  As of RFC 4515. What we may not see looks as if it were not there.
  /// names   Of the attributes wanted.
  /// Errors  not_found if there is no `dn`, or it may not be seen; denied; unavailable. All or nothing: a limit of
  ///         the server that cuts the answer short is an error.
  virtual void search(std::string dn, std::string filter, std::vector<std::string> names,
                      Done<std::vector<Entry>> done) = 0;

  /// Tells as which DN the server knows us, in the form of Entry::dn; empty if as nobody.
  ///
  /// Errors  denied, unavailable; malformed if the identity is no DN.
  /// Source  RFC 4532.
  virtual void who_am_i(Done<std::string> done) = 0;
};

}  // namespace rollcall::directory
