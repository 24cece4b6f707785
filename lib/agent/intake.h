// SPDX-License-Identifier: GPL-3.0-or-later
// What the directory says, told to the core: each entry is read, its signature checked, and what
// is wrong with it never goes further than a line in the status.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "lib/agent/store.h"
#include "lib/agent/trust.h"
#include "lib/core/member.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/codec_requests.h"
#include "lib/directory/directory.h"

namespace rollcall::agent {

/// What the intake is given; all must outlive it.
struct IntakeParts {
  const Membership& self;
  std::string base;
  Member& member;
  Trust& trust;
  Staging& staging;
};

/// Told besides the core.
struct IntakeEvents {
  std::function<void()> news;                                       ///< The core should look.
  std::function<void(const Fact&)> fact;                            ///< Not known before; verified.
  std::function<void(const directory::MemberEntry&)> joiner;        ///< An entry with a proof.
  std::function<void(directory::State, const std::string&)> state;
  std::function<void(const std::vector<std::string>&)> conflicts;   ///< Entries that the server hides.
  std::function<void(directory::DirectoryRequest)> request;         ///< Of an administrator, new or again.
  std::function<void(const Uuid&)> request_answered;                ///< By whomever.
};

class Intake final : public directory::Listener {
 public:
  Intake(IntakeParts parts, IntakeEvents events);

  /// A fact from the local store: its signature was checked before it went there.
  void restored(const Fact& fact);

  void entry(directory::Entry entry) override;
  void vanished(const std::string& dn) override;
  void state(directory::State state, const std::string& why) override;
  void conflicts(const std::vector<std::string>& lost) override;

 private:
  Result<> take(const directory::Located& where, directory::Entry& entry);
  Result<> take_config(const directory::Entry& entry);
  Result<> take_policy(const std::string& name, const directory::Entry& entry);
  Result<> take_zone(const std::string& name, const directory::Entry& entry);
  Result<> take_member(const MemberId& owner, const directory::Entry& entry);
  Result<> take_heartbeat(const MemberId& owner, ByteView value, const directory::Entry& entry);
  Result<> take_fact(directory::Entry& entry);
  Result<> take_request(const directory::Entry& entry);
  Result<> take_answer(const Uuid& request);
  Result<> defer(const Incarnation& author, const directory::Entry& entry);
  void retry_deferred();
  void quarantine(const std::string& dn, const Result<>& taken);

  IntakeParts parts_;
  IntakeEvents events_;
  std::map<FactId, Digest> known_;  ///< Of what was signed, so that nothing is verified twice.
  std::map<std::string, directory::Entry> deferred_;  ///< By DN: authors that nobody vouched for yet.
  std::set<std::string> quarantined_;                 ///< DNs.
};

}  // namespace rollcall::agent
