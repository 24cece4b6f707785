// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/judge.h"

#include <algorithm>
#include <bit>

#include "lib/util/must.h"

namespace rollcall::sim {
namespace {

// A member's server is two ledger servers, one for each half of its data; the DNSKEY RRset is one.
std::size_t half(std::size_t server, bool second) { return 2 * server + (second ? 1 : 0); }

constexpr std::size_t first_parent = 1'000'000;

// One in use, and one on its way in or out.
constexpr std::ptrdiff_t most_keys_a_role = 2;

}  // namespace

bool Served::Key::serves_all() const {
  const auto wanted = [this](Record record) { return has_record(generation.role, record); };
  return (krrsig || !wanted(Record::krrsig)) && ((first_half && second_half) || !wanted(Record::zrrsig)) &&
         (cds || !wanted(Record::ds));
}

std::set<Fingerprint> Served::signing() const {
  std::set<Fingerprint> signing;
  for (const auto& [key, records] : keys) {
    if (records.first_half && records.second_half) signing.insert(key);
  }
  return signing;
}

// Caches only ever lose content between two changes of what is served, so a pair that would be bogus
// shows right after some change or never: no look at other moments is needed.
void Judge::check(const ZoneName& name, Zone& zone) {
  const Time now = context_.schedule.now();
  if (++zone.changes % 16 == 0) zone.ledger.trim(now);
  const Views views = zone.ledger.views(now);
  const std::vector<KeySet> by_algorithm = algorithms(zone);
  for (const Insists insists : {Insists::any, Insists::every_in_ds, Insists::every_in_dnskey}) {
    if (insists != Insists::any && by_algorithm.size() < 2) break;  // then they ask for the same
    const bool liberal = context_.swarm.policy.algorithm_rollover == AlgorithmRollover::liberal;
    if (insists == Insists::every_in_dnskey && liberal) break;  // its known price
    const auto bogus = find_bogus(views, insists, by_algorithm);
    if (!bogus) continue;
    violated("bogus to who asks for " + std::string(to_string(insists)) + ": " + name + ": " + explain(zone, *bogus));
  }
  if (zone.numbers.size() > 48) recycle_numbers(zone, views);
}

std::vector<KeySet> Judge::algorithms(const Zone& zone) const {
  std::map<Algorithm, KeySet> sets;
  for (const auto& [key, number] : zone.numbers) {
    if (const Candidate* of = candidate(key)) sets[of->generation.algorithm] |= KeySet{1} << number;
  }
  std::vector<KeySet> list;
  for (const auto& [algorithm, keys] : sets) list.push_back(keys);
  return list;
}

void Judge::distrust(std::size_t member, const ZoneName& name) { distrusted_.insert({member, name}); }

bool Judge::trust(std::size_t member, const ZoneName& name) { return distrusted_.erase({member, name}) > 0; }

void Judge::serves(std::size_t server, const ZoneName& name, const Served& content) {
  Zone& zone = zones_[name];
  const Time now = context_.schedule.now();
  DnskeyView dnskey;
  KeySet first = 0, second = 0;
  for (const Role role : all_roles) {
    std::map<Algorithm, std::size_t> of_algorithm;
    std::size_t keys = 0;
    for (const auto& [key, records] : content.keys) {
      if (!records.dnskey || records.generation.role != role) continue;
      ++keys;
      ++of_algorithm[records.generation.algorithm];
    }
    // On the way back to an algorithm that never left, its two keys stand beside the other algorithm's.
    if (keys <= most_keys_a_role + (of_algorithm.size() > 1 ? 1 : 0)) continue;
    violated("too many keys: " + member_name(server / 2) + " serves " + std::to_string(keys) + " " +
             std::string(to_string(role)) + " of " + name);
  }
  for (const auto& [key, records] : content.keys) {
    if (records.nothing()) continue;  // it was served once
    const KeySet one = bit(zone, key);
    if (records.dnskey) dnskey.keys |= one;
    if (records.krrsig) dnskey.signers |= one;
    if (records.first_half) first |= one;
    if (records.second_half) second |= one;
    if (records.first_half && records.second_half) used(key, Record::zrrsig);
    if (records.krrsig) used(key, Record::krrsig);
    if (records.serves_all()) carried_.try_emplace({server / 2, key}, now);
  }
  zone.ledger.serve_dnskey(half(server, false), dnskey, content.dnskey_ttl, now);
  zone.ledger.serve_data(half(server, false), first, content.zone_ttl, now);
  zone.ledger.serve_data(half(server, true), second, content.zone_ttl, now);
  if (time_line_.on()) {
    std::string text = "DNSKEY " + names(zone, dnskey.keys) + " signed by " + names(zone, dnskey.signers) +
                       ", data by " + names(zone, first);
    if (second != first) text += " and by " + names(zone, second);
    time_line_.serves(name, server_name(server), std::move(text));
  }
  check(name, zone);
}

void Judge::silent(std::size_t server, const ZoneName& name) {
  Zone& zone = zones_[name];
  time_line_.serves(name, server_name(server), "");
  zone.ledger.stop(half(server, false), context_.schedule.now());
  zone.ledger.stop(half(server, true), context_.schedule.now());
}

void Judge::parent_serves(std::size_t address, const ZoneName& name,
                          const std::set<Fingerprint>& ds, Seconds ttl) {
  Zone& zone = zones_[name];
  KeySet keys = 0;
  for (const Fingerprint& key : ds) {
    keys |= bit(zone, key);
    used(key, Record::ds);
  }
  zone.ledger.serve_ds(first_parent + address, keys, ttl, context_.schedule.now());
  if (time_line_.on()) {
    const std::string at = "parent " + std::to_string(address / 2 + 1) + (address % 2 == 0 ? "" : ", secondary");
    time_line_.serves(name, at, "DS " + names(zone, keys));
  }
  check(name, zone);
}

// In use it is when everything that its role takes was there.
void Judge::used(const Fingerprint& key, Record record) {
  const Candidate* of = candidate(key);
  if (of == nullptr || first_used_.contains(key)) return;
  std::set<Record>& seen = seen_[key];
  seen.insert(record);
  const auto lacks = [&](Record one) { return has_record(of->generation.role, one) && !seen.contains(one); };
  constexpr Record uses[] = {Record::krrsig, Record::zrrsig, Record::ds};
  if (std::ranges::none_of(uses, lacks)) first_used_.emplace(key, context_.schedule.now());
}

void Judge::check_forward(std::size_t member, const Fingerprint& key, Record record, bool before,
                          bool after) {
  if (before && !after) gone_.emplace(member, key, record);
  const bool may_learn_what_counts = forgetful_.contains(member) || !cuts_.empty();  // a decree takes facts away
  if (!before && after && gone_.contains({member, key, record}) && !may_learn_what_counts) {
    violated("forward only: " + member_name(member) + " serves " + std::string(to_string(record)) +
             " of " + short_name(key) + " again");
  }
}

void Judge::ordered(std::size_t member, const ZoneName& name, const Served& before,
                    const Served& after, bool answering) {
  Zone& zone = zones_[name];
  for (const auto& [key, records] : after.keys) {
    const auto found = before.keys.find(key);
    const Served::Key old = found == before.keys.end() ? Served::Key{} : found->second;
    if (answering) {
      check_forward(member, key, Record::dnskey, old.dnskey, records.dnskey);
      check_forward(member, key, Record::krrsig, old.krrsig, records.krrsig);
      check_forward(member, key, Record::zrrsig, old.first_half, records.first_half);
      check_forward(member, key, Record::ds, old.cds, records.cds);
      check_forward(member, key, Record::revoked, old.revoked, records.revoked);
    }
    if (records.revoked && !old.revoked) context_.counters.add("key revoked");
    if (records.nothing()) continue;
    const auto introduced = zone.introduced.try_emplace(records.generation, key);
    if (introduced.second) check_earliest(zone, records.generation, key);
    if (unwritten_.contains(by_key_.at(introduced.first->second))) introduced.first->second = key;  // nobody knows of it
    if (introduced.first->second != key) {
      violated("two keys of " + name + " " + to_string(records.generation) + " introduced: " +
               short_name(introduced.first->second) + " and, by " + member_name(member) + ", " +
               short_name(key));
    }
  }
}

// All have answered by then, so nobody can come with an earlier one.
void Judge::check_earliest(const Zone& zone, const Generation& generation, const Fingerprint& winner) {
  const Candidate* won = candidate(winner);
  const auto rivals = zone.candidates.find(generation);
  if (won == nullptr || rivals == zone.candidates.end()) return;
  for (const FactId& rival : rivals->second) {
    const Written& other = written_.at(rival);
    if (!other.rejected && counts(rival) && !unwritten_.contains(rival) && other.candidate.created < won->created) {
      violated("not the earliest: " + to_string(generation) + " " + short_name(winner) + " is introduced, " +
               short_name(other.candidate.fingerprint) + " is earlier");
    }
  }
}

void Judge::violated(const std::string& what) {
  if (violation_) return;
  violation_ = what;
  context_.trace.line("judge", "VIOLATION " + what);
}

std::vector<FactId> Judge::losers_left() const {
  std::vector<FactId> left;
  for (const auto& [id, written] : written_) {
    const Zone& zone = zones_.at(written.candidate.zone.name);
    const auto introduced = zone.introduced.find(written.candidate.generation);
    const bool lost = introduced != zone.introduced.end() &&
                      introduced->second != written.candidate.fingerprint;
    if (lost && !written.ended_by && counts(id) && !unwritten_.contains(id)) left.push_back(id);
  }
  return left;
}

std::vector<FactId> Judge::candidates(const ZoneName& name, const Generation& generation) const {
  const auto zone = zones_.find(name);
  if (zone == zones_.end()) return {};
  const auto found = zone->second.candidates.find(generation);
  if (found == zone->second.candidates.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::optional<Fingerprint> Judge::introduced(const ZoneName& name, const Generation& generation) const {
  const auto zone = zones_.find(name);
  if (zone == zones_.end()) return std::nullopt;
  const auto found = zone->second.introduced.find(generation);
  if (found == zone->second.introduced.end()) return std::nullopt;
  return found->second;
}

std::optional<Time> Judge::first_used(const Fingerprint& key) const {
  const auto found = first_used_.find(key);
  if (found == first_used_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t Judge::requested(const ZoneName& name, Role role) const {
  const auto zone = zones_.find(name);
  if (zone == zones_.end()) return 0;
  const auto found = zone->second.requested.find(role);
  if (found == zone->second.requested.end()) return 0;
  std::uint32_t last = 0;
  for (const auto& [request, number] : found->second) {
    if (counts(request) && !unwritten_.contains(request)) last = std::max(last, number);
  }
  return last;
}

const Candidate* Judge::candidate(const Fingerprint& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &written_.at(found->second).candidate;
}

std::optional<InUse> Judge::newest(const std::set<Fingerprint>& keys) const {
  std::optional<InUse> newest;
  for (const Fingerprint& key : keys) {
    const auto since = first_used(key);
    if (!since) continue;
    const Candidate* of = candidate(key);
    const bool older = newest && of->generation.number < newest->key->generation.number;
    if (!older) newest = InUse{of, *since};
  }
  return newest;
}

std::optional<InUse> Judge::newest(const std::set<Fingerprint>& keys, std::size_t member) const {
  std::set<Fingerprint> known = keys;
  std::erase_if(known, [&](const Fingerprint& key) { return !carried(member, key); });
  auto use = newest(known);
  if (use) use->since = std::max(use->since, *carried(member, use->key->fingerprint));
  return use;
}

std::optional<Time> Judge::carried(std::size_t member, const Fingerprint& key) const {
  const auto found = carried_.find({member, key});
  if (found == carried_.end()) return std::nullopt;
  return found->second;
}

KeySet Judge::bit(Zone& zone, const Fingerprint& key) {
  const auto found = zone.numbers.find(key);
  if (found != zone.numbers.end()) return KeySet{1} << found->second;
  KeySet taken = 0;
  for (const auto& entry : zone.numbers) taken |= KeySet{1} << entry.second;
  const auto number = static_cast<unsigned>(std::countr_one(taken));
  MUST(number < 64);
  zone.numbers.emplace(key, number);
  return KeySet{1} << number;
}

void Judge::recycle_numbers(Zone& zone, const Views& views) {
  KeySet cached = 0;
  for (const KeySet ds : views.ds) cached |= ds;
  for (const DnskeyView& dnskey : views.dnskey) cached |= dnskey.keys | dnskey.signers;
  for (const KeySet data : views.data) cached |= data;
  std::erase_if(zone.numbers,
                [cached](const auto& entry) { return (cached & (KeySet{1} << entry.second)) == 0; });
}

std::string Judge::server_name(std::size_t server) {
  return member_name(server / 2) + (server % 2 == 0 ? "" : ", secondary");
}

std::string Judge::names(const Zone& zone, KeySet keys) const {
  std::string text = "{";
  for (const auto& [key, number] : zone.numbers) {
    if ((keys & (KeySet{1} << number)) == 0) continue;
    const Candidate* of = candidate(key);
    text += (text.size() > 1 ? " " : "") +
            (of != nullptr ? key_name(of->generation.role, of->generation.number, key) : short_name(key));
  }
  return text + "}";
}

std::string Judge::explain(const Zone& zone, const Bogus& bogus) const {
  const std::string dnskey = "DNSKEY " + names(zone, bogus.dnskey.keys) + " signed by " +
                             names(zone, bogus.dnskey.signers);
  if (bogus.pair == Bogus::Pair::ds_dnskey) return "DS " + names(zone, bogus.ds) + " with " + dnskey;
  return dnskey + " with data signed by " + names(zone, bogus.data);
}

}  // namespace rollcall::sim
