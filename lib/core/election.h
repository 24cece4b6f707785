// SPDX-License-Identifier: GPL-3.0-or-later
// The election of a generation's one key among the candidates that members made for it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lib/core/zone_book.h"

namespace rollcall {

struct Election {
  std::uint32_t number = 0;
  std::span<const Stated<Candidate>> candidates;  ///< The book's, the earliest first.
  std::optional<Stated<Candidate>> winner;    ///< Final; never changes again.
  bool voided = false;                        ///< All answered, and none is eligible.
  std::vector<MemberId> waits_for;            ///< Who has not answered every candidate.

  bool open() const { return !winner && !voided; }
};

/// Whether a candidate may win by its own content.
bool eligible_by_content(const Candidate& candidate);

/// The winner is final when every member has promised or rejected every candidate: each answer is
/// also the promise to make none, so no further candidate can come. One of which a record was
/// introduced is the winner for ever: introduced beats earlier.
Election elect(const ZoneBook& book, Role role, std::uint32_t number, const Acks& acks);

}  // namespace rollcall
