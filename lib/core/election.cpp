// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/election.h"

#include <algorithm>

namespace rollcall {
namespace {

bool rejected_by_anybody(const ZoneBook& book, const FactId& candidate) {
  return std::ranges::any_of(book.rejects(),
                             [&](const auto& reject) { return reject->candidate == candidate; });
}

bool answered(const ZoneBook& book, const Acks& acks, const MemberId& member,
              std::span<const Stated<Candidate>> candidates) {
  return std::ranges::all_of(candidates, [&](const auto& candidate) {
    return acks.promised(member, candidate.id) || book.rejected(member, candidate.id);
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

  for (const MemberId& member : acks.roster()) {
    if (!answered(book, acks, member, election.candidates)) election.waits_for.push_back(member);
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
