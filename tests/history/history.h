// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
// The history of a real cluster: what servers were seen to serve, look by look, and from when to when
// a cache may have got it.
//
// A file of one JSON object a line, in the order of time for each server. Times are seconds since 1970
// with a fraction; keys are `ALGORITHM/TAG/DIGEST`, where the digest names the key and the tag is for
// people. A signer is the key that a valid signature verifies with.
//
//   {"what":"served","server":"a","zone":"example.test.","asked":T,"answered":T,
//    "dnskey":{"keys":[KEY, …],"signers":[KEY, …],"ttl":2},
//    "data":[{"rrset":"www.example.test. A","signers":[KEY, …],"ttl":2}, …]}
//   {"what":"ds","server":"parent","zone":"example.test.","asked":T,"answered":T,"ds":[KEY, …],"ttl":2}
//   {"what":"same","server":"a","zone":"example.test.","asked":T,"answered":T}  as at the look before
//   {"what":"down","server":"a","time":T}  killed or stopped: it answers nothing from here
//   {"what":"up","server":"a","time":T}    … until here
//
// A look that is the first one since `up` may have "kept":true: the server is seen with the version of
// the zone that its files had when it was killed, so it served nothing else since then.
//
// Of `data` one RRset stands for all that have the same signers and TTL; for CDS and CDNSKEY none other does.
//
// A change between two looks is an interval. To miss nothing, what is new counts from the moment when
// the look before was asked, and what is gone counts until this look was answered: both were possible
// all the time between. Being down is knowledge, not a gap: nothing is served then, and what was
// served before may be served again from `up` on. What is left out must be what no cache can have got.
// clang-format on
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/util/result.h"
#include "lib/util/time.h"

namespace rollcall::history {

using KeyNames = std::vector<std::string>;  ///< Sorted, each once.

struct Ds {
  KeyNames keys;  ///< Empty: an answer that there is none.
  Seconds ttl{0};
  auto operator<=>(const Ds&) const = default;
};

struct Dnskey {
  KeyNames keys, signers;  ///< Empty: an answer that there is none.
  Seconds ttl{0};
  auto operator<=>(const Dnskey&) const = default;
};

struct Data {
  std::string rrset;  ///< For people: one of those that are signed so.
  KeyNames signers;
  Seconds ttl{0};
  auto operator<=>(const Data&) const = default;
};

using Answer = std::variant<Ds, Dnskey, Data>;

struct Span {
  Time from, until;
};

/// One answer that a server gave for a while.
struct Publication {
  std::string server, zone;
  Answer answer;
  Span possible;  ///< A cache may have got it at any moment of this.
  std::optional<Span>
      certain;  ///< Served from its beginning to its end, which may lie the other way
                ///< round: one look takes time. Empty: never seen, possible nevertheless.
};

struct History {
  std::vector<Publication> publications;
  std::size_t looks = 0;
  Time begin, end;
  Nanoseconds widest_gap{0};  ///< Between two looks at a server that was not down.
  std::string widest_at;      ///< That server.
};

/// Reads a whole history.
///
/// Errors  malformed: names line and field.
Result<History> read(std::istream& lines);

}  // namespace rollcall::history
