// SPDX-License-Identifier: GPL-3.0-or-later
// How the modelled shell carries out what the core wants done, each act in its own time.
#include <algorithm>
#include <utility>

#include "tests/sim/machine.h"

namespace rollcall::sim {
namespace {

using std::chrono::milliseconds;

std::string target_name(const KeyTarget& target) {
  std::string text = key_name(target.generation.role, target.generation.number, target.key) + ":";
  if (target.dnskey) text += " DNSKEY";
  if (target.krrsig) text += " KRRSIG";
  if (target.zrrsig) text += " ZRRSIG";
  if (target.ds) text += " CDS";
  return text;
}

}  // namespace

void Machine::carry_out(const Act& act) {
  struct {
    Machine& machine;
    void operator()(const Publish& a) const { machine.publish(a.fact, false); }
    void operator()(const Republish& a) const { machine.publish(a.fact, true); }
    void operator()(const Copy& a) const { machine.copy(a.fact); }
    void operator()(const StopAnswering&) const { machine.stop_answering(); }
    void operator()(const StartOver&) const { machine.start_over(); }
    void operator()(const MakeKey& a) const { machine.make_key(a); }
    void operator()(const CheckCandidate& a) const { machine.check(a); }
    void operator()(const OpenEpoch& a) const { machine.open(a); }
    void operator()(const DropEpoch& a) const { machine.master_keys_.erase(a.key); }
    void operator()(const MakeEpoch& a) const { machine.make_epoch(a); }
    void operator()(const SealEpoch& a) const { machine.seal(a); }
    void operator()(const RewrapKey& a) const { machine.rewrap(a); }
    void operator()(const Export& a) const { machine.export_zone(a); }
    void operator()(const Look& a) const { machine.look(a); }
    void operator()(const AskParent& a) const { machine.ask_parent(a); }
    void operator()(const Wipe& a) const { machine.wipe(a); }
    void operator()(const WipeWrap& a) const { machine.wipe(a); }
    void operator()(const SendHeartbeat& a) const { machine.beat(a.heartbeat); }
    void operator()(const Notice& a) const { machine.notice(a); }
  } visitor{*this};
  std::visit(visitor, act);
}

void Machine::notice(const Notice& act) {
  if (act.event == "export refused") site_.context.counters.add("gate refused");
  if (act.event == "last gate open again") site_.context.counters.add("gate open again");
  tell(act.event + (act.text.empty() ? "" : ": " + act.text));
}

void Machine::publish(const FactId& id, bool again) {
  const Fact* fact = store_.find(id);
  if (fact == nullptr) {
    site_.judge.violated(name() + " publishes a fact that its store does not have");
    return;
  }
  if (again) site_.context.counters.add("entry written again");
  to_directory([this, content = *fact, again] {
    if (again) {
      site_.directory.write(index_, content);
    } else {
      site_.directory.add(index_, content);
    }
  });
}

void Machine::copy(const FactId& id) {
  const Fact* fact = store_.find(id);
  if (fact == nullptr) return;
  site_.context.counters.add("copy of a silent owner's fact");
  to_directory(
      [this, content = CopiedFact{id_, *fact}] { site_.directory.write(index_, content); });
}

void Machine::beat(const Heartbeat& heartbeat) {
  site_.context.counters.add("heartbeat");
  site_.judge.beats(index_, heartbeat);
  to_directory([this, heartbeat] { site_.directory.write(index_, heartbeat); });
}

void Machine::make_key(const MakeKey& act) {
  later(site_.context.dice.between(milliseconds{1}, Seconds{3}), [this, act] {
    if (auto key = new_key(act)) {
      member_->key_made(std::move(*key));
      key_in_hand_ = true;
    } else {
      site_.context.counters.add("key failed");
      member_->key_failed(act.intent, "simulated failure");
    }
    poke();
  });
}

// Few different tags where keys are a fault, so that two members often choose the same one.
std::optional<NewKey> Machine::new_key(const MakeKey& act) {
  if (key_failures_ > 0) {
    --key_failures_;
    return std::nullopt;
  }
  const auto master_key = member_->master_key(act.epoch);
  if (!master_key || !master_keys_.contains(*master_key)) return std::nullopt;
  Dice& dice = site_.context.dice;
  NewKey key{act.intent, now().wall, {}, 0, Bytes{std::byte{1}, std::byte{1}, std::byte{3}, std::byte{13}},
             act.epoch, {}};
  const bool few = site_.context.swarm.on(Fault::key) && act.taken_tags.size() < 30;  // of those that are left
  const std::uint64_t tags = few ? 40 : 65536;
  do {
    key.key_tag = static_cast<std::uint16_t>(dice.below(tags));
  } while (std::ranges::count(act.taken_tags, key.key_tag) > 0);
  for (std::byte& byte : key.fingerprint) byte = static_cast<std::byte>(dice.below(256));
  key.dnskey.insert(key.dnskey.end(), key.fingerprint.begin(), key.fingerprint.begin() + 8);
  key.wrapped_digest = key.fingerprint;
  site_.vault.wrapped_with[key.wrapped_digest] = *master_key;
  return key;
}

void Machine::check(const CheckCandidate& act) {
  later(site_.context.dice.between(milliseconds{1}, milliseconds{100}), [this, act] {
    // One that does not serve yet may not reject; what it cannot use is for people to solve.
    const Fact* fact = store_.find(act.fact);
    if (fact == nullptr) return;  // dropped; this life is over
    const bool first_copy = std::holds_alternative<Candidate>(fact->content);
    if (dislikes_ > 0 && first_copy && store_.serving() && disliked_.insert(act.fact).second) --dislikes_;
    std::string why = unreadable(act.fact);
    if (disliked_.contains(act.fact)) why = "is not liked";
    if (!why.empty()) site_.context.counters.add("candidate unusable");
    member_->candidate_checked(act.fact, why.empty() ? std::nullopt : std::optional{why});
    poke();
  });
}

void Machine::export_zone(const Export& act) {
  if (site_.context.trace.on()) {
    std::string text = "tells its server " + act.zone.name;
    for (const KeyTarget& target : act.keys) text += "  " + target_name(target);
    tell(text);
  }
  if (!reads_all(act)) return;
  const Nanoseconds wrong_by = now().wall - site_.context.schedule.now();
  const bool wrong_dates = wrong_by > 2 * DnsServer::dated_back || wrong_by < -2 * DnsServer::dated_back;
  if (wrong_dates && dns_.answering() && was_told_the_time()) {
    site_.judge.violated("wrong dates: " + name() + " has its server sign by a clock that is " + to_words(wrong_by) + " off");
  }
  ++orders_;
  dns_.apply(act, [this, act, life = life_](std::optional<ServedZone> seen) {
    if (life_ != life) return;
    --orders_;
    if (seen) {
      member_->exported(act.zone, act.order, std::move(*seen));
    } else {
      member_->export_failed(act.zone, act.order, "simulated failure");
    }
    poke();
  });
}

void Machine::look(const Look& act) {
  ++orders_;
  later(site_.context.dice.between(milliseconds{1}, milliseconds{100}), [this, act] {
    --orders_;
    dns_.look(act.zone.name, act.keys, [this, &act](std::optional<ServedZone> seen) {
      if (seen) {
        member_->looked(act.zone, act.order, std::move(*seen));
      } else {
        member_->look_failed(act.zone, act.order, "no such zone");
      }
    });
    poke();
  });
}

void Machine::ask_parent(const AskParent& act) {
  later(site_.context.dice.between(milliseconds{10}, Seconds{5}), [this, act] {
    if (site_.context.swarm.parent_by_hand) {
      member_->parent_unconfigured(act.zone);
    } else if (parent_deaf_) {
      member_->parent_silent(act.zone, "parent does not answer");
    } else {
      std::set<Fingerprint> known;
      for (const FactId& id : act.candidates) {
        const Fact* fact = store_.find(id);
        if (fact != nullptr) known.insert(std::get<Candidate>(fact->content).fingerprint);
      }
      member_->parent_seen(act.zone, site_.parent.answer(act.zone.name, known), now());
    }
    poke();
  });
}

}  // namespace rollcall::sim
