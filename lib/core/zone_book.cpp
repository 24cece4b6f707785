// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/zone_book.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

#include "lib/core/timing.h"

namespace rollcall {
namespace {

template <class Content>
Stated<Content> stated(const Fact& fact, const Content& content) {
  return {fact.id, fact.created, &content};
}

// The order of the election: creation to the nanosecond, then the author, then the key.
auto place(const Stated<Candidate>& candidate) {
  return std::tie(candidate->created, candidate.id.author.member, candidate->fingerprint);
}

}  // namespace

bool KeyHistory::introduced() const {
  return std::ranges::any_of(records, &RecordHistory::introduced);
}

void ZoneBook::add(const Fact& fact) {
  ++size_;
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
    add(stated(fact, *candidate));
  } else if (const auto* reject = std::get_if<Reject>(&fact.content)) {
    rejects_.push_back(stated(fact, *reject));
  } else if (const auto* observation = std::get_if<Observation>(&fact.content)) {
    observed_by_[fact.id.author.member].push_back(observations_.size());
    observations_.push_back(stated(fact, *observation));
  } else if (const auto* request = std::get_if<Request>(&fact.content)) {
    requests_.push_back(stated(fact, *request));
  } else if (const auto* abandon = std::get_if<Abandon>(&fact.content)) {
    abandons_.push_back(stated(fact, *abandon));
  } else if (const auto* decision = std::get_if<Decision>(&fact.content)) {
    add(stated(fact, *decision));
  }
}

void ZoneBook::add(const Stated<Candidate>& candidate) {
  candidates_.push_back(candidate);
  auto& rivals = generations_[{candidate->generation.role, candidate->generation.number}];
  rivals.insert(std::ranges::upper_bound(rivals, place(candidate), {}, place), candidate);
}

void ZoneBook::add(const Stated<Decision>& decision) {
  decisions_.push_back(decision);
  for (const KeyRecord& record : decision->introduces) {
    RecordHistory& history = histories_[record.key][record.record];
    history.introduced_by.push_back(decision.id);
    history.waits = largest(history.waits, decision->waits);
    history.first_introduced =
        std::min(history.first_introduced.value_or(decision.created), decision.created);
  }
  for (const KeyRecord& record : decision->withdraws) {
    RecordHistory& history = histories_[record.key][record.record];
    history.withdrawn_by.push_back(decision.id);
    history.waits = largest(history.waits, decision->waits);
  }
}

const Stated<Candidate>* ZoneBook::candidate(const Fingerprint& key) const {
  const auto found = std::ranges::find_if(
      candidates_, [&](const auto& candidate) { return candidate->fingerprint == key; });
  return found == candidates_.end() ? nullptr : &*found;
}

const std::vector<Stated<Candidate>>& ZoneBook::candidates_of(Role role, std::uint32_t number) const {
  static const std::vector<Stated<Candidate>> none;
  const auto found = generations_.find({role, number});
  return found == generations_.end() ? none : found->second;
}

std::uint32_t ZoneBook::newest_generation(Role role) const {
  const auto after = generations_.upper_bound({role, std::numeric_limits<std::uint32_t>::max()});
  if (after == generations_.begin()) return 0;
  const auto& [of, number] = std::prev(after)->first;
  return of == role ? number : 0;
}

const KeyHistory& ZoneBook::history(const Fingerprint& key) const {
  static const KeyHistory none;
  const auto found = histories_.find(key);
  return found == histories_.end() ? none : found->second;
}

std::vector<FactId> ZoneBook::abandoned_by(const Fingerprint& key) const {
  std::vector<FactId> facts;
  for (const auto& abandon : abandons_) {
    if (std::ranges::binary_search(abandon->keys, key)) facts.push_back(abandon.id);
  }
  return facts;
}

std::optional<Time> ZoneBook::first_use(const Candidate& key) const {
  Time last{};
  for (const Record record : all_records) {
    if (!has_record(key.generation.role, record)) continue;
    const auto introduced = history({key.fingerprint, record}).first_introduced;
    if (!introduced) return std::nullopt;
    last = std::max(last, *introduced);
  }
  return last;
}

bool ZoneBook::withdrawn(const Candidate& key) const {
  const KeyHistory& all = history(key.fingerprint);
  return std::ranges::any_of(all_records, [&](Record record) { return has_record(key.generation.role, record) && all[record].withdrawn(); });
}

const Stated<Request>* ZoneBook::request_for(Role role, std::uint32_t number) const {
  const auto found = std::ranges::find_if(requests_, [&](const auto& request) {
    return request->generation.role == role && request->generation.number == number;
  });
  return found == requests_.end() ? nullptr : &*found;
}

bool ZoneBook::in_emergency(const Generation& generation) const {
  return std::ranges::any_of(requests_, [&](const auto& request) {
    const Generation& asked = request->generation;
    return request->emergency && asked.role == generation.role &&
           (asked.number == generation.number || asked.number == generation.number + 1);
  });
}

bool ZoneBook::rejected(const MemberId& by, const FactId& candidate) const {
  return std::ranges::any_of(rejects_, [&](const auto& reject) {
    return reject.id.author.member == by && reject->candidate == candidate;
  });
}

const Stated<Observation>* ZoneBook::latest_observation(const MemberId& author,
                                                        const std::vector<FactId>& after) const {
  const auto own = observed_by_.find(author);
  if (own == observed_by_.end()) return nullptr;
  const Stated<Observation>* latest = nullptr;
  for (const std::size_t place : own->second) {
    const Stated<Observation>& observation = observations_[place];
    if (std::ranges::find(after, observation->after) == after.end()) continue;
    if (!latest || latest->id < observation.id) latest = &observation;
  }
  return latest;
}

}  // namespace rollcall
