// SPDX-License-Identifier: GPL-3.0-or-later
// The view checker: could any cache hold answers that do not fit together?
//
// This is ground truth and knows nothing of our rules and states, so it cannot share their
// mistakes. It is the judge of the simulator, and the last gate before a step is decided.
//
// A cache may hold any content of an RRset that any server served within the last TTL, and pairs
// them as it likes. With D the DS RRsets, K the DNSKEY RRsets with the keys that signed them and S
// the sets of keys that signed some RRset of data, a zone is never bogus iff
//   for all d in D, d not empty, and all (k, s) in K:  d, k and s have a key in common;  and
//   for all (k, s) in K and all z in S:                k and z have a key in common
// (the second only while some d in D is not empty: without a DS nobody validates).
//
// Some resolvers insist on more: on every algorithm of the DS RRset, or, as RFC 4035 (2.2) lets signers
// do it and RFC 6840 (5.11) forbids validators to demand, on every algorithm of the DNSKEY RRset.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/types.h"

namespace rollcall {

/// A set of keys by number, at most 64 of a zone.
using KeySet = std::uint64_t;

struct DnskeyView {
  KeySet keys = 0;
  KeySet signers = 0;
  auto operator<=>(const DnskeyView&) const = default;
};

/// Everything that caches could hold at one moment.
struct Views {
  std::vector<KeySet> ds;
  std::vector<DnskeyView> dnskey;
  std::vector<KeySet> data;
};

/// A pair of answers that would be bogus.
struct Bogus {
  enum class Pair : std::uint8_t { ds_dnskey, dnskey_data } pair;
  KeySet ds = 0;
  DnskeyView dnskey;
  KeySet data = 0;
};
std::optional<Bogus> find_bogus(const Views& views);

/// The algorithms of which a resolver wants a chain each.
enum class Insists : std::uint8_t { any, every_in_ds, every_in_dnskey };
std::string_view to_string(Insists insists);

/// As find_bogus(), for such a resolver.
///
/// algorithms  The keys of each algorithm.
std::optional<Bogus> find_bogus(const Views& views, Insists insists, std::span<const KeySet> algorithms);

/// What servers served from when to when, to be asked what caches could hold. One per zone.
class Ledger {
 public:
  /// From `now` on, server `server` serves this. `ttl` is the TTL that goes with it.
  void serve_ds(std::size_t server, KeySet ds, Seconds ttl, Time now);
  void serve_dnskey(std::size_t server, DnskeyView content, Seconds ttl, Time now);
  void serve_data(std::size_t server, KeySet signers, Seconds ttl, Time now);
  /// The server answers nothing from `now` on; caches keep what they have.
  void stop(std::size_t server, Time now);

  /// What any cache could hold at `now`.
  Views views(Time now) const;

  /// Forgets what no cache can hold at `now` any more.
  void trim(Time now);

 private:
  template <class Content>
  struct Publication {
    std::size_t server;
    Content content;
    Seconds ttl;
    std::optional<Time> until;  ///< Empty: still served.
  };
  template <class Content>
  using Publications = std::vector<Publication<Content>>;

  template <class Content>
  static void serve(Publications<Content>& list, std::size_t server, const Content& content,
                    Seconds ttl, Time now);
  template <class Content>
  static std::vector<Content> cached(const Publications<Content>& list, Time now);

  Publications<KeySet> ds_;
  Publications<DnskeyView> dnskey_;
  Publications<KeySet> data_;
};

}  // namespace rollcall
