// SPDX-License-Identifier: GPL-3.0-or-later
// What members write down, and what their keys come to.
#include <algorithm>

#include "tests/sim/judge.h"

namespace rollcall::sim {

void Judge::wrote(std::size_t member, const Fact& fact) {
  if (unwritten_.contains(fact.id)) context_.counters.add("two facts of one number");
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) made(member, fact.id, *candidate);
  if (const auto* request = std::get_if<Request>(&fact.content)) {
    auto& asked = zones_[request->zone.name].requested[request->generation.role];
    const bool again = std::ranges::any_of(asked, [&](const auto& one) { return one.second == request->generation.number; });
    if (again) context_.counters.add("roll asked for on both sides");
    asked.insert_or_assign(fact.id, request->generation.number);
    context_.counters.add("roll asked for");
  }
  if (const auto* epoch = std::get_if<Epoch>(&fact.content)) wrote(fact.id, *epoch);
  if (std::holds_alternative<Rewrap>(fact.content)) context_.counters.add("key wrapped again");
  if (const auto* tombstone = std::get_if<Tombstone>(&fact.content)) {
    ended_epoch(*tombstone);
    ended(fact.id, *tombstone);
  }
  said_of_members(fact);
  if (const auto* reject = std::get_if<Reject>(&fact.content)) {
    if (const auto found = written_.find(reject->candidate); found != written_.end()) found->second.rejected = true;
  }
  if (const auto* reject = std::get_if<Reject>(&fact.content)) {
    context_.counters.add("candidate rejected");
    if (reject->reason.find("collides") != std::string::npos) context_.counters.add("tag collision");
  }
  if (std::holds_alternative<Decision>(fact.content)) context_.counters.add("decision");
  if (std::holds_alternative<Observation>(fact.content)) context_.counters.add("parent observed");
}

void Judge::wrote(const FactId& id, const Epoch& epoch) {
  epochs_.emplace(id, epoch.number);
  std::set<Digest>& rivals = master_keys_[epoch.number];
  if (!rivals.insert(epoch.check).second || epoch.number == 1) return;
  context_.counters.add(rivals.size() == 1 ? "rotation begun" : "rotation begun twice");
}

void Judge::ended_epoch(const Tombstone& tombstone) {
  const auto epoch = epochs_.find(tombstone.ended);
  if (epoch == epochs_.end() || !tombstone.why.starts_with("epoch ")) return;
  if (rotated_.insert(epoch->second).second) context_.counters.add("rotation finished");
}

void Judge::forgot(std::size_t member, const std::vector<FactId>& own_facts) {
  amnesiac_.insert(member);
  unwritten_.insert(own_facts.begin(), own_facts.end());
  if (!own_facts.empty()) forgetful_.insert(member);
}

void Judge::made(std::size_t member, const FactId& id, const Candidate& candidate) {
  written_.insert_or_assign(id, Written{candidate});
  by_key_.insert_or_assign(candidate.fingerprint, id);
  std::set<FactId>& rivals = zones_[candidate.zone.name].candidates[candidate.generation];
  for (const FactId& rival : rivals) {
    if (rival == id || rival.author != id.author || unwritten_.contains(rival)) continue;
    violated("two candidates of one member for " + to_string(candidate.generation));
  }
  const bool beats_all = !rivals.empty() && std::ranges::all_of(rivals, [&](const FactId& rival) {
    return candidate.created < written_.at(rival).candidate.created;
  });
  if (beats_all) context_.counters.add("winner changed before it was final");
  if (rivals.insert(id).second) made_.emplace_back(id, context_.schedule.now());
  context_.counters.add("candidate made");
  const auto place = std::ranges::find(appointed_, member);
  if (place != appointed_.end() && place != appointed_.begin()) context_.counters.add("fail-over made the key");
  if (rivals.size() == 2) context_.counters.add("duplicate candidates");
  Generation before = candidate.generation;
  --before.number;
  const std::set<FactId>& lost = zones_[candidate.zone.name].candidates[before];
  const auto rejected = [this](const FactId& old) { return written_.at(old).rejected; };
  if (rivals.size() == 1 && !lost.empty() && std::ranges::all_of(lost, rejected)) {
    context_.counters.add("generation void");
  }
}

void Judge::wiped(std::size_t member, const Candidate& candidate) {
  Zone& zone = zones_[candidate.zone.name];
  context_.counters.add("key wiped");
  const auto number = zone.numbers.find(candidate.fingerprint);
  if (number == zone.numbers.end()) return;
  const KeySet one = KeySet{1} << number->second;
  const Views views = zone.ledger.views(context_.schedule.now());
  bool seen = false;
  for (const KeySet ds : views.ds) seen = seen || ((ds & one) != 0 && !regressed_.contains(candidate.fingerprint));
  for (const DnskeyView& dnskey : views.dnskey) seen = seen || ((dnskey.keys | dnskey.signers) & one) != 0;
  for (const KeySet data : views.data) seen = seen || (data & one) != 0;
  if (seen) {
    violated("wiped too early: " + member_name(member) + " wipes " +
             key_name(candidate.generation.role, candidate.generation.number, candidate.fingerprint) +
             " while caches have it");
  }
}

}  // namespace rollcall::sim
