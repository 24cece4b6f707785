// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/election.h"

#include <algorithm>

namespace rollcall {
namespace {

bool rejected_by_anybody(const ZoneBook& book, const FactId& candidate) {
  return std::ranges::any_of(book.rejects(),
                             [&](const auto& reject) { return reject->candidate == candidate; });
}

// place  Of the member in the roster.
bool answered(const ZoneBook& book, const Acks& acks, std::size_t place,
              std::span<const Stated<Candidate>> candidates) {
  return std::ranges::all_of(candidates, [&](const auto& candidate) {
    return acks.promised(place, candidate.id) || book.rejected(acks.roster()[place], candidate.id);
  });
}

}  // namespace

bool eligible_by_content(const Candidate& candidate) { return candidate.created >= candidate.due; }

Election elect(const ZoneBook& book, Role role, std::uint32_t number, const Acks& acks) {
  Election election{number, book.candidates_of(role, number), {}, false, {}};
  for (const auto& candidate : election.candidates) {
    if (book.ever_introduced(candidate->fingerprint)) {
      election.winner = candidate;
      return election;
    }
  }
  if (election.candidates.empty()) return election;

  for (std::size_t place = 0; place < acks.roster().size(); ++place) {
    if (answered(book, acks, place, election.candidates)) continue;
    election.waits_for.push_back(acks.roster()[place]);
  }
  if (!election.waits_for.empty() || acks.roster().empty()) return election;

  const auto first = std::ranges::find_if(election.candidates, [&](const auto& candidate) {
    return eligible_by_content(*candidate.content) && !rejected_by_anybody(book, candidate.id);
  });
  if (first == election.candidates.end()) {
    election.voided = true;
  } else {
    election.winner = *first;
  }
  return election;
}

}  // namespace rollcall
