// SPDX-License-Identifier: GPL-3.0-or-later
// One member of the cluster as a state machine: events in, effects out.
//
// There is no clock, chance or I/O in here: the shell says what time it is, rolls the dice and
// carries the effects out. It calls an event function for whatever it learned, then `pass()`, then
// stores `saves` in one transaction, and only then does `acts`. If it dies anywhere in between, a
// new Member with what the store holds goes on: everything that was promised is in the store
// before anybody could have heard of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/core/delay.h"
#include "lib/core/fact.h"
#include "lib/core/heartbeat.h"
#include "lib/core/policy.h"
#include "lib/core/served_ledger.h"
#include "lib/core/status.h"
#include "lib/core/ttl_history.h"
#include "lib/core/types.h"
#include "lib/core/wait.h"

namespace rollcall {

/// Now, on both clocks.
struct Moment {
  Time wall;
  BootTime boot;
};

/// Signatures and digests: pure functions of their arguments, done outside.
class Crypto {
 public:
  virtual ~Crypto() = default;
  virtual Signature sign(const FactId& id, Time created, const FactContent& content) const = 0;
  /// SHA-256(before | signature).
  virtual Digest chain(const Digest& before, const Signature& signature) const = 0;
  /// Rendezvous hash of a member for a zone: the lowest is rank 0.
  virtual std::uint64_t rank(const MemberId& member, const ZoneName& zone) const = 0;
};

/// What one installation sets for its agent.
struct Settings {
  Seconds heartbeat_idle{300};
  Nanoseconds heartbeat_debounce = std::chrono::milliseconds{200};
  Nanoseconds step_stagger = std::chrono::seconds{2};  ///< Between the ranks that may take a step.
  Nanoseconds patience = std::chrono::seconds{5};  ///< Until what is not carried out is `behind`.
  Seconds look_interval{300};      ///< Between two looks at the own server when nothing changes.
  Seconds parent_poll{60};         ///< Between two looks at the parent while a DS is awaited.
  Seconds clock_tolerance{300};    ///< Against the median of the others, and of wall against boot.
  Seconds silence{900};            ///< A heartbeat older than this is not fresh.
  Seconds rrsig_alarm = 3_days;    ///< Before the first RRSIG of a zone expires.
  bool cds_delete = false;         ///< The own server can publish a CDS that asks for no DS. RFC 8078, 4.
  bool serves_dns = true;          ///< False: decisions are carried out by storing them.
  SignerAbility signer;            ///< What the own server can do.
  bool last_gate = true;           ///< False: what is decided is served, unlooked at. For proofs of the rules.
  bool serve_automatically = true; ///< False: serving comes on by set_serving() only.
  std::string version;
  std::vector<std::string> addresses =
      {};  ///< `address@port` where resolvers reach the own server.
};

/// A key that the member was about to make; written before the key.
struct Intent {
  ZoneRef zone;
  Generation generation;
  auto operator<=>(const Intent&) const = default;
};

/// The TTLs that were seen of a zone.
struct SeenTtls {
  TtlHistory dnskey, zone, ds;
};

/// What an administrator asked of a member that is to go for good.
struct Leaving {
  MemberId heir;
  std::string asked_by;
};

/// What survives a restart. The shell loads it from the store; all facts are verified already.
struct Restored {
  std::vector<Fact> facts;
  std::vector<VectorEntry> vector;     ///< What was carried out.
  std::vector<Behind> behind;
  std::vector<Intent> intents;
  std::map<WaitKey, BootTime> waits;   ///< Of this boot only.
  std::map<Incarnation, std::uint64_t> counters;  ///< Highest heartbeat counters seen; own included.
  bool serving = false;
  std::map<ZoneRef, SeenTtls> ttls;     ///< Of this boot only.
  std::map<ZoneRef, std::vector<ServedEntry>> served;  ///< By the own server, and by the parent.
  std::vector<FactContent> asked_for;   ///< By people, and no facts yet. Not stored: in a snapshot only.
  bool compared = false;                ///< With other members. In a snapshot only.
  bool took_itself_in = false;          ///< This life began with SaveNextLife.
  std::optional<Leaving> leaving = {};  ///< It was asked to leave.
};

// --- effects: saves -----------------------------------------------------------------------------

struct SaveFact { Fact fact; };     ///< Own or another's. A candidate of ours goes with its wrapped key.
struct SaveIntent { Intent intent; };
struct DropIntent { Intent intent; };
struct SaveWait { WaitKey key; BootTime since; };
struct DropWait { WaitKey key; };
struct SaveCounter { Incarnation member; std::uint64_t counter; };
struct SaveProgress { std::vector<VectorEntry> vector; std::vector<Behind> behind; bool serving; };
struct SaveLeaving {
  std::optional<Leaving> leaving;
};  ///< Empty: it stays.
struct SaveNextLife {
  std::uint32_t incarnation;
};  ///< From now on this is who it is. Not serving.
struct DropFacts {
  Incarnation author;
  std::uint64_t above;
};  ///< They never counted.
/// In place of all that was saved of this zone.
struct SaveServed { ZoneRef zone; std::vector<ServedEntry> entries; };
using Save = std::variant<SaveFact, SaveIntent, DropIntent, SaveWait, DropWait, SaveCounter,
                          SaveProgress, SaveServed, SaveLeaving, SaveNextLife, DropFacts>;

// --- effects: acts ------------------------------------------------------------------------------

/// Put an own, stored fact into the directory; harmless if it is there.
struct Publish { FactId fact; };
/// Somebody lacks this own fact: make the server send it again.
struct Republish { FactId fact; };
/// Put a copy of another's fact below the own container; if it is there, make the server send it
/// again.
struct Copy {
  FactId fact;
};
/// Make a key with a tag that is not taken, wrap it, then call key_made().
struct MakeKey { Intent intent; std::uint32_t epoch; std::vector<std::uint16_t> taken_tags; };
/// Unwrap, compare with the DNSKEY, sign and verify something; then call candidate_checked(). The fact is a
/// candidate, or a rewrap of one.
struct CheckCandidate { FactId fact; };
/// Open the sealed master key and compare its check value; then call epoch_opened().
struct OpenEpoch { FactId fact; };
/// Forget this master key: nothing that is needed is wrapped with it.
struct DropEpoch { MasterKeyId key; };
/// Make a master key and seal it to each of these; then call epoch_made(). What is sealed to oneself is
/// opened like anybody's: the key is not lost with the process.
struct MakeEpoch { std::uint32_t number; std::vector<MemberKeys> recipients; };
/// Seal a master key that was opened to one who lacks it; then call epoch_sealed().
struct SealEpoch { MasterKeyId key; MemberKeys recipient; };
/// Wrap the private key of a candidate again, under this epoch; then call key_rewrapped().
struct RewrapKey { FactId candidate; std::uint32_t epoch; };

/// What the own server is to serve of one key.
struct KeyTarget {
  FactId candidate;
  Fingerprint key;
  Generation generation;
  bool dnskey = false, krrsig = false, zrrsig = false, ds = false;
  bool revoked = false;       ///< The key with its REVOKE flag, signing the DNSKEY RRset. RFC 5011.
  bool ever_revoked = false;  ///< Files of it may be there.
  bool operator==(const KeyTarget&) const = default;
};
/// Make the own server serve this; then call exported() with the same `order`.
struct Export {
  ZoneRef zone;
  std::uint64_t order;
  std::vector<KeyTarget> keys;
  Seconds dnskey_ttl;
  bool cds_delete = false;  ///< Ask the parent to remove every DS. RFC 8078, 4.
};
/// Ask the own server what it serves of these keys; then call looked().
struct Look { ZoneRef zone; std::uint64_t order; std::vector<KeyTarget> keys; bool cds_delete = false; };
/// Ask all addresses of the parent for the DS; then call parent_seen() or parent_silent().
struct AskParent { ZoneRef zone; std::vector<FactId> candidates; /**< To match DS records with. */ };
/// Remove the wrapped key of a candidate from the own store; of an own one from the directory too.
struct Wipe { FactId candidate; };
/// The same for one wrapped copy of a key that has a later one: of a candidate, or of a rewrap.
struct WipeWrap { FactId fact; };
struct SendHeartbeat { Heartbeat heartbeat; };
/// The own DNS server must not answer any more; then call stopped_answering(), or not_stopped().
struct StopAnswering {};
/// Begin anew with what the store holds now: this Member is not asked again.
struct StartOver {};
/// For people: the audit trail.
struct Notice {
  enum class Level : std::uint8_t { info, notice, warning, error } level;
  std::string event;  ///< `candidate made`, `decision`, `step held`, …
  ZoneName zone;      ///< May be empty.
  std::string text;
};
using Act = std::variant<Publish, Republish, Copy, MakeKey, CheckCandidate, OpenEpoch, DropEpoch,
                         MakeEpoch, SealEpoch, RewrapKey, Export, Look, AskParent, Wipe, WipeWrap,
                         SendHeartbeat, StopAnswering, StartOver, Notice>;

struct Effects {
  std::vector<Save> saves;           ///< One transaction, before any of `acts`.
  std::vector<Act> acts;             ///< In this order.
  std::optional<BootTime> again;     ///< Call pass() then, if nothing happens before.
};

// --- events that carry more than a line ---------------------------------------------------------

/// A key made for an intent. The shell keeps the wrapped key until SaveFact or DropIntent.
struct NewKey {
  Intent intent;
  Time created;
  Fingerprint fingerprint;
  std::uint16_t key_tag;
  Bytes dnskey;
  std::uint32_t epoch;
  Digest wrapped_digest;
};

/// What the own server was seen to serve of one key, in the order of the targets.
struct ServedKey {
  bool dnskey = false;
  bool krrsig = false;
  bool zrrsig_everywhere = false;  ///< Every RRset that needs a signature has one of this key.
  bool zrrsig_anywhere = false;
  bool cds = false;
  bool revoked = false;
  bool operator==(const ServedKey&) const = default;
};
struct ServedZone {
  std::vector<ServedKey> keys;
  Seconds dnskey_ttl{0};
  Seconds max_zone_ttl{0};
  std::optional<Time> first_expiry;  ///< Of any RRSIG.
  std::vector<std::uint16_t> foreign_keys;  ///< Key tags of DNSKEY records that nobody asked about.
  bool cds_delete = false;
};

/// What all addresses of the parent answered.
struct ParentAnswer {
  std::vector<Fingerprint> ds;            ///< At every address.
  std::vector<Fingerprint> ds_somewhere;  ///< At some only.
  std::uint32_t unknown = 0;
  Seconds ttl{0};
  bool operator==(const ParentAnswer&) const = default;
};

struct Snapshot;  // snapshot.h

class Member {
 public:
  Member(Incarnation self, Uuid instance, Settings settings, const Crypto& crypto,
         const DelayStrategy& random_delay, Restored restored);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // What the directory says. Facts and heartbeats are verified; unreadable ones never come here.
  void config(ClusterConfig config);
  void policy(const std::string& name, Policy policy);
  void policy_gone(const std::string& name);
  void zone(ZoneConfig zone);
  void zone_gone(const ZoneName& name);
  void fact(Fact fact);
  void fact_vanished(const FactId& id);  ///< It, or a copy of it, is to be written again.
  void heartbeat(HeardHeartbeat heard, Moment now);
  void heartbeat(Heartbeat heard, Moment now) { heartbeat(std::make_shared<const Heartbeat>(std::move(heard)), now); }
  void own_heartbeat_seen(const Heartbeat& heartbeat);
  /// False: blind; nothing new is written.
  void directory_current(bool current, std::string why);
  /// An entry that cannot be read, or one that can again (`why` empty).
  void quarantined(const std::string& dn, const std::string& why);

  // How effects ended.
  void key_made(NewKey key);
  void key_failed(const Intent& intent, std::string why);
  void candidate_checked(const FactId& fact, std::optional<std::string> failure);
  /// `failure` empty: opened. `for_us` false facts are never asked about.
  void epoch_opened(const FactId& fact, std::optional<std::string> failure);
  void epoch_made(std::vector<Epoch> sealed);  ///< Empty: it failed.
  void epoch_sealed(Epoch sealed);
  void key_rewrapped(const FactId& candidate, std::uint32_t epoch, const Digest& wrapped_digest);
  void rewrap_failed(const FactId& candidate, std::string why);
  void exported(const ZoneRef& zone, std::uint64_t order, ServedZone seen);
  void export_failed(const ZoneRef& zone, std::uint64_t order, std::string why);
  void looked(const ZoneRef& zone, std::uint64_t order, ServedZone seen);
  void look_failed(const ZoneRef& zone, std::uint64_t order, std::string why);
  void parent_seen(const ZoneRef& zone, ParentAnswer answer, Moment now);
  void parent_silent(const ZoneRef& zone, std::string why);  ///< It did not answer at some address.
  void parent_unconfigured(const ZoneRef& zone);             ///< This agent knows no address of it.
  void stopped_answering();
  void not_stopped(std::string why);

  // What people ask of this agent. Each returns why it cannot be done, or nothing.
  std::optional<std::string> admit(MemberKeys joiner, Epoch sealed);
  std::optional<std::string> init(MemberKeys self, Epoch sealed);  ///< The first member of a cluster.
  std::optional<std::string> roll(const ZoneName& zone, Role role, Uuid request, std::string asked_by,
                                  bool emergency = false);
  /// In manual mode: takes the next step that everything else allows.
  std::optional<std::string> step(const ZoneName& zone, std::string asked_by);
  /// Gives up the newest key of a role that is not in use yet; another one is made at once.
  std::optional<std::string> abandon(const ZoneName& zone, Role role, std::string asked_by);
  std::optional<std::string> ds_published(const ZoneName& zone, std::string asked_by);
  std::optional<std::string> ds_withdrawn(const ZoneName& zone, std::string asked_by);
  std::optional<std::string> set_serving(bool on);
  /// Begins the next epoch of the master key.
  std::optional<std::string> rotate_master_key(std::string asked_by);

  /// The master key of an epoch, by what is known of it now; empty if nothing is.
  std::optional<MasterKeyId> master_key(std::uint32_t epoch) const;
  /// The one that new keys are wrapped with, and that a joiner is sealed.
  std::optional<MasterKeyId> current_master_key() const;
  /// The fact whose wrapped key is to be used for a candidate: its newest rewrap that was carried out, or
  /// itself.
  FactId newest_wrap(const FactId& candidate) const;
  /// Lets the one change through that the last gate holds, whatever it breaks.
  std::optional<std::string> override_gate(const ZoneName& zone, std::string asked_by);

  /// This member goes for good; its keys go to the heir. The server must not be in any NS set any
  /// more.
  std::optional<std::string> leave(std::optional<MemberId> heir, std::string asked_by);
  /// Decrees that these are dead. `force`: although they seem to be alive, or something would be
  /// lost.
  std::optional<std::string> forget(const Uuid& decree, const std::vector<MemberId>& dead,
                                    std::string asked_by, bool force);
  /// What that would do.
  ForgetPreview preview_forget(const std::vector<MemberId>& dead) const;

  /// Whether the own DNS server may be started: what it is to serve was compared with another
  /// member, and nobody forgot this one. If nobody answers, the shell waits for a while only; see
  /// never_answers().
  bool may_answer() const;
  /// However long nobody answers: it was forgotten, or somebody who serves does not count it any more; it left, or its
  /// store is known to be an old copy.
  bool never_answers() const;

  /// Why a zone cannot be removed without harm: caches may have keys of it, or soon will.
  std::optional<std::string> cannot_remove(const ZoneName& zone) const;
  /// As which a zone is to be added: one more than any that was, unless keys of the last one are
  /// still about. Two of one name would fight over one server, so that one goes on.
  std::uint32_t next_incarnation(const ZoneName& zone) const;

  /// Looks, decides, and says what is to be done.
  ///
  /// chance  Draws of a uniform 64-bit source.
  Effects pass(Moment now, const std::function<std::uint64_t()>& chance);

  /// For people and for tests; changes nothing.
  MemberStatus status(Moment now) const;

  /// What a forecast of a zone starts from (forecast.h). Empty: the zone is not managed here.
  std::optional<Snapshot> snapshot(const ZoneName& zone, Moment now) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall
