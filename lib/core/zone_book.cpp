// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/zone_book.h"

#include <algorithm>

#include "lib/core/timing.h"

namespace rollcall {
namespace {

template <class Content>
Stated<Content> stated(const Fact& fact, const Content& content) {
  return {fact.id, fact.created, &content};
}

}  // namespace

void ZoneBook::add(const Fact& fact) {
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
    candidates_.push_back(stated(fact, *candidate));
  } else if (const auto* reject = std::get_if<Reject>(&fact.content)) {
    rejects_.push_back(stated(fact, *reject));
  } else if (const auto* observation = std::get_if<Observation>(&fact.content)) {
    observations_.push_back(stated(fact, *observation));
  } else if (const auto* request = std::get_if<Request>(&fact.content)) {
    requests_.push_back(stated(fact, *request));
  } else if (const auto* decision = std::get_if<Decision>(&fact.content)) {
    decisions_.push_back(stated(fact, *decision));
    decided_with_ = largest(decided_with_, decision->waits);
    for (const KeyRecord& record : decision->introduces) {
      RecordHistory& history = histories_[record];
      history.introduced_by.push_back(fact.id);
      history.first_introduced = std::min(history.first_introduced.value_or(fact.created), fact.created);
    }
    for (const KeyRecord& record : decision->withdraws) {
      histories_[record].withdrawn_by.push_back(fact.id);
    }
  }
}

const Stated<Candidate>* ZoneBook::candidate(const Fingerprint& key) const {
  const auto found = std::ranges::find_if(
      candidates_, [&](const auto& candidate) { return candidate->fingerprint == key; });
  return found == candidates_.end() ? nullptr : &*found;
}

std::vector<Stated<Candidate>> ZoneBook::candidates_of(Role role, std::uint32_t number) const {
  std::vector<Stated<Candidate>> some;
  for (const auto& candidate : candidates_) {
    const Generation& generation = candidate->generation;
    if (generation.role == role && generation.number == number) some.push_back(candidate);
  }
  return some;
}

std::uint32_t ZoneBook::newest_generation(Role role) const {
  std::uint32_t newest = 0;
  for (const auto& candidate : candidates_) {
    if (candidate->generation.role == role) newest = std::max(newest, candidate->generation.number);
  }
  return newest;
}

const RecordHistory& ZoneBook::history(const KeyRecord& record) const {
  static const RecordHistory none;
  const auto found = histories_.find(record);
  return found == histories_.end() ? none : found->second;
}

bool ZoneBook::ever_introduced(const Fingerprint& key) const {
  for (const Record record : {Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds}) {
    if (history({key, record}).introduced()) return true;
  }
  return false;
}

const Stated<Request>* ZoneBook::request_for(Role role, std::uint32_t number) const {
  const auto found = std::ranges::find_if(requests_, [&](const auto& request) {
    return request->generation.role == role && request->generation.number == number;
  });
  return found == requests_.end() ? nullptr : &*found;
}

bool ZoneBook::rejected(const MemberId& by, const FactId& candidate) const {
  return std::ranges::any_of(rejects_, [&](const auto& reject) {
    return reject.id.author.member == by && reject->candidate == candidate;
  });
}

const Stated<Observation>* ZoneBook::latest_observation(const MemberId& author,
                                                        const std::set<FactId>& after) const {
  const Stated<Observation>* latest = nullptr;
  for (const auto& observation : observations_) {
    if (observation.id.author.member != author || !after.contains(observation->after)) continue;
    if (!latest || latest->id < observation.id) latest = &observation;
  }
  return latest;
}

}  // namespace rollcall
