// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the modelled shell that has to do with master keys: what it holds in memory, and which
// wrapped copies it can read. It forgets the keys when it dies, and opens only what the core asks for.
#include <algorithm>
#include <utility>

#include "tests/sim/machine.h"

namespace rollcall::sim {
namespace {

using std::chrono::milliseconds;

struct Copy {
  FactId candidate;
  std::uint32_t epoch;
  Digest digest;
};

std::optional<Copy> copy_in(const Fact& fact) {
  if (const auto* key = std::get_if<Candidate>(&fact.content)) return Copy{fact.id, key->epoch, key->wrapped_digest};
  const auto* rewrap = std::get_if<Rewrap>(&fact.content);
  if (rewrap == nullptr) return std::nullopt;
  return Copy{rewrap->candidate, rewrap->epoch, rewrap->wrapped_digest};
}

}  // namespace

// The sealed copy stays in the store, so the key is there as soon as it is asked for.
void Machine::open(const OpenEpoch& act) {
  const auto& epoch = std::get<Epoch>(store_.find(act.fact)->content);
  master_keys_.insert({epoch.number, epoch.check});
  later(milliseconds{1}, [this, act] {
    member_->epoch_opened(act.fact, std::nullopt);
    poke();
  });
}

void Machine::make_epoch(const MakeEpoch& act) {
  later(site_.context.dice.between(milliseconds{1}, milliseconds{100}), [this, act] {
    Digest check;
    for (std::byte& byte : check) byte = static_cast<std::byte>(site_.context.dice.below(256));
    std::vector<Epoch> sealed;
    for (const MemberKeys& recipient : act.recipients) {
      sealed.push_back({act.number, recipient.member, check, Bytes(48, std::byte{7})});
    }
    member_->epoch_made(std::move(sealed));
    poke();
  });
}

void Machine::seal(const SealEpoch& act) {
  if (!master_keys_.contains(act.key)) return site_.judge.violated(name() + " is to seal a master key that it does not hold");
  site_.context.counters.add("master key sealed to one who lacked it");
  later(milliseconds{1}, [this, act] {
    member_->epoch_sealed({act.key.number, act.recipient.member, act.key.check, Bytes(48, std::byte{7})});
    poke();
  });
}

void Machine::rewrap(const RewrapKey& act) {
  later(site_.context.dice.between(milliseconds{1}, milliseconds{100}), [this, act] {
    const auto key = member_->master_key(act.epoch);
    const std::string why = unreadable(member_->newest_wrap(act.candidate));
    if (!why.empty() || !key || !master_keys_.contains(*key)) {
      member_->rewrap_failed(act.candidate, why);
    } else {
      Digest digest;
      for (std::byte& byte : digest) byte = static_cast<std::byte>(site_.context.dice.below(256));
      site_.vault.wrapped_with[digest] = *key;
      member_->key_rewrapped(act.candidate, act.epoch, digest);
    }
    poke();
  });
}

// Why this copy cannot be unwrapped here and now; empty if it can.
std::string Machine::unreadable(const FactId& copy) const {
  const Fact* fact = store_.find(copy);
  const auto found = fact == nullptr ? std::nullopt : copy_in(*fact);
  if (!found || !store_.has_wrapped_key(copy)) return "its wrapped key is not in the directory";
  const auto believed = member_->master_key(found->epoch);
  if (!believed || !master_keys_.contains(*believed)) return "its master key was not opened";
  return *believed == site_.vault.wrapped_with.at(found->digest) ? "" : "does not unwrap";
}

// Whether some copy in the own store can be unwrapped with a master key that was sealed to this member,
// whatever the core thinks of it.
bool Machine::can_ever_read(const FactId& candidate) const {
  return std::ranges::any_of(store_.facts(), [&](const auto& entry) {
    const auto copy = copy_in(entry.second);
    if (!copy || copy->candidate != candidate || !store_.has_wrapped_key(entry.first)) return false;
    const MasterKeyId key = site_.vault.wrapped_with.at(copy->digest);
    return std::ranges::any_of(store_.facts(), [&](const auto& other) {
      const auto* epoch = std::get_if<Epoch>(&other.second.content);
      return epoch != nullptr && epoch->recipient == id_ && MasterKeyId{epoch->number, epoch->check} == key;
    });
  });
}

std::optional<FactId> Machine::key_it_cannot_read() const {
  std::set<FactId> ended;
  for (const auto& [id, fact] : store_.facts()) {
    if (const auto* tombstone = std::get_if<Tombstone>(&fact.content)) ended.insert(tombstone->ended);
  }
  for (const auto& [id, fact] : store_.facts()) {
    if (!std::holds_alternative<Candidate>(fact.content) || ended.contains(id)) continue;
    if (!can_ever_read(id)) return id;
  }
  return std::nullopt;
}

void Machine::wipe_copy(const FactId& copy) {
  store_.wipe(copy);
  if (copy.author.member == id_) site_.vault.wiped.insert(copy);
}

void Machine::wipe(const Wipe& act) {
  const Fact* fact = store_.find(act.candidate);
  if (fact == nullptr) return;
  // After a restart it is asked for once more, and what the parent shows by then is another matter.
  if (store_.has_wrapped_key(act.candidate)) site_.judge.wiped(index_, std::get<Candidate>(fact->content));
  wipe_copy(act.candidate);
}

// One copy goes because there is a later one: what could be read before must be readable after.
void Machine::wipe(const WipeWrap& act) {
  const Fact* fact = store_.find(act.fact);
  const auto copy = fact == nullptr ? std::nullopt : copy_in(*fact);
  if (!copy) return;
  const bool could = can_ever_read(copy->candidate);
  wipe_copy(act.fact);
  site_.context.counters.add("older copy wiped");
  const auto ends = [&](const auto& entry) {
    const auto* tombstone = std::get_if<Tombstone>(&entry.second.content);
    return tombstone != nullptr && tombstone->ended == copy->candidate;
  };
  if (!could || can_ever_read(copy->candidate) || std::ranges::any_of(store_.facts(), ends)) return;
  site_.judge.violated("unreadable: " + name() + " wipes the last copy that it can read of " + to_string(copy->candidate));
}

// A server is told of keys that every member had unwrapped; not to be able to any more breaks that word.
bool Machine::reads_all(const Export& act) {
  for (const KeyTarget& target : act.keys) {
    if (!target.dnskey && !target.krrsig && !target.zrrsig && !target.revoked) continue;
    const std::string why = unreadable(member_->newest_wrap(target.candidate));
    if (why.empty()) continue;
    const bool lame = std::ranges::any_of(site_.context.swarm.faults, is_fatal);
    if (store_.serving() && !lame && !can_ever_read(target.candidate)) {
      site_.judge.violated("unreadable: " + name() + " serves " + to_string(target.candidate) + ": " + why);
    }
    member_->export_failed(act.zone, act.order, why);
    poke();
    return false;
  }
  return true;
}

}  // namespace rollcall::sim
