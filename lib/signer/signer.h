// SPDX-License-Identifier: GPL-3.0-or-later
// The signing DNS server as a port: tell it which keys it has now, then ask it what it serves.
//
// No implementation decides anything about keys, and none trusts its own files: what counts is what
// the server answers.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/heartbeat.h"
#include "lib/core/types.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::signer {

/// A key and what of it the server has to serve from now on. All four false: it leaves.
struct KeyOrder {
  Fingerprint fingerprint{};
  Role role = Role::zsk;
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  std::uint16_t key_tag = 0;
  Bytes dnskey;  ///< RDATA in wire form.
  Time created;
  Seconds dnskey_ttl{3600};  ///< Of the DNSKEY RRset; the same for all keys of a zone.
  bool publish = false;    ///< DNSKEY
  bool sign_keys = false;  ///< KRRSIG
  bool sign_zone = false;  ///< ZRRSIG
  bool announce = false;   ///< CDS and CDNSKEY
  /// The private key as text of BIND's private-key format v1.3 without the lines that carry times.
  /// Called on a worker thread, only if the key is not in the key directory yet.
  std::function<Result<Secret>()> private_key;
};

/// What one key was seen to have.
struct SeenKey {
  Fingerprint fingerprint{};
  bool published = false;        ///< In the DNSKEY RRset.
  bool signs_keys = false;       ///< A valid RRSIG of it over the DNSKEY RRset.
  bool signs_whole_zone = false; ///< A valid RRSIG of it over every RRset that needs one.
  bool signs_anything = false;   ///< Any RRSIG with its tag and algorithm over zone data.
  bool announced = false;        ///< In the CDS RRset.
};

/// What the own server serves for a zone, as it answers itself (zone transfer from loopback).
struct Seen {
  std::vector<SeenKey> keys;   ///< One for each key that was asked about, in that order.
  std::vector<std::uint16_t> foreign_keys;  ///< Key tags of DNSKEY records that nobody asked about.
  Seconds dnskey_ttl{0};
  Seconds max_zone_ttl{0};     ///< The largest TTL of any RRset, SOA minimum included.
  std::optional<Time> first_expiry;  ///< The earliest expiration of any RRSIG; empty: unsigned.
  std::uint32_t serial = 0;
  /// When the key files were durable and the server was about to be told; empty: it was not told.
  std::optional<std::chrono::steady_clock::time_point> told_at;
};

/// One line of the set-up check.
struct Finding {
  enum class Level { ok, warning, error } level = Level::ok;
  std::string what;  ///< Names the object.
  std::string cure;  ///< The line to paste; empty if ok.
};

class Signer {
 public:
  virtual ~Signer() = default;

  /// What this server can do; the rules plan with it.
  virtual SignerAbility ability() const = 0;

  /// Makes the server have exactly these keys for the zone, durably, then asks it until it serves
  /// what was ordered or `patience` is over. Orders are idempotent; one at a time per zone. Keys in
  /// the zone's key directory that are not among the orders are left alone and reported as foreign.
  /// The outcome is what is seen, even if that is not yet what was ordered.
  ///
  /// Errors  unavailable: server down or the zone not loaded; denied: key directory not writable or
  ///         rndc refused; not_found: the server has no such zone; malformed: a key does not unwrap.
  virtual void apply(const ZoneName& zone, std::vector<KeyOrder> orders, Seconds patience,
                     Done<Seen> done) = 0;

  /// Asks the server without changing anything.
  ///
  /// Errors  unavailable, denied, not_found as apply(); not_found too if files of the keys are gone or
  ///         wrong, which apply() mends.
  virtual void look(const ZoneName& zone, std::vector<KeyOrder> keys, Done<Seen> done) = 0;

  /// Stops the server: it must not answer any more, until people start it again. One that is down
  /// already is stopped.
  virtual void stop(Done<> done) = 0;

  /// Inspects the set-up for a zone (empty: everything that no zone is needed for).
  ///
  /// foreign  Key tags of DNSKEYs that are to be taken out.
  virtual void check(const ZoneName& zone, std::vector<std::uint16_t> foreign, Done<std::vector<Finding>> done) = 0;
};

}  // namespace rollcall::signer
