// SPDX-License-Identifier: GPL-3.0-or-later
// A member by itself in a world without delays: its server serves at once, its parent takes every
// CDS at once. What is left is the rules and their waits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/member.h"
#include "lib/core/views.h"

namespace rollcall::test {

class PlainCrypto : public Crypto {
 public:
  Signature sign(const FactId& id, Time, const FactContent&) const override {
    Signature signature{};
    for (std::size_t i = 0; i < 8; ++i) signature[i] = static_cast<std::byte>(id.seq >> (8 * i));
    for (std::size_t i = 0; i < 16; ++i) signature[8 + i] = id.author.member.bytes[i];
    return signature;
  }
  Digest chain(const Digest& before, const Signature& signature) const override {
    Digest digest = before;
    for (std::size_t i = 0; i < signature.size(); ++i) {
      digest[i % 32] = (digest[i % 32] << 1) ^ (digest[i % 32] >> 7) ^ signature[i];
    }
    return digest;
  }
  std::uint64_t rank(const MemberId& member, const ZoneName&) const override {
    return std::to_integer<std::uint64_t>(member.bytes[0]);
  }
};

/// A decision as a test wants to see it: `+ZRRSIG 2` is ZRRSIG of generation 2 introduced.
struct Told {
  Seconds at;
  std::string text;
  bool operator==(const Told&) const = default;
};

class LoneMember {
 public:
  LoneMember(Policy policy, SignerAbility ability, bool last_gate = true) : policy_(policy) {
    Settings& settings = settings_;
    settings.last_gate = last_gate;
    settings.signer = ability;
    settings.cds_delete = true;
    settings.clock_tolerance = Seconds{400_days};
    settings.look_interval = Seconds{4000_days};
    settings.parent_poll = Seconds{3600};
    settings.heartbeat_idle = Seconds{4000_days};
    settings.silence = Seconds{0};  // there is nobody
    start_member();
    member_->init({self.member, 1, "alone", {}, {}}, {1, self.member, {}, {}});
  }

  /// The agent dies and comes back with its store.
  ///
  /// tamper  What happens to the store meanwhile.
  void restart(const std::function<void(Restored&)>& tamper = [](Restored&) {}) {
    tamper(store_);
    start_member();
  }

  /// A key is given up although it is too late for that, as by a member that has not heard of its use.
  void give_up(Role role, std::uint32_t number) {
    std::vector<Fingerprint> keys;
    for (const auto& [key, generation] : keys_) {
      if (generation.role == role && generation.number == number) keys.push_back(key);
    }
    restart([&](Restored& store) {
      store.facts.push_back({{self, store.facts.size() + 1}, moment().wall, {}, Abandon{zone, keys, "asked by root"}});
    });
  }

  /// Lets time go by until `end` after the start.
  void run_until(Seconds end) {
    while (true) {
      settle();
      if (!again_ || *again_ > BootTime{} + end) break;
      now_ = std::max(*again_, now_);
      again_.reset();
    }
    now_ = BootTime{} + end;
  }

  /// Decisions about generations of a role since the start, in hours after `origin`.
  std::vector<Told> told(Role role) const {
    std::vector<Told> list;
    for (const Told& told : told_) {
      if (told.text.starts_with(to_string(role))) list.push_back({told.at, told.text.substr(4)});
    }
    return list;
  }

  const std::vector<Told>& told() const { return told_; }

  std::optional<Seconds> first(const std::string& text) const {
    for (const Told& told : told_) {
      if (told.text == text) return told.at;
    }
    return std::nullopt;
  }

  /// When a record was first deduced to be in a state, by polling the status.
  State state(Role role, std::uint32_t number, Record record) {
    settle();
    const MemberStatus now = status();
    for (const KeyStatus& key : now.zones.at(0).keys) {
      if (key.generation.role == role && key.generation.number == number) {
        return key.records.at(record).state;
      }
    }
    return State::hidden;
  }

  /// Administrators change their mind.
  void want(Policy policy) {
    policy_ = policy;
    member_->policy("default", policy);
  }
  void want_insecure(bool insecure) {
    config_.insecure = insecure;
    member_->zone(config_);
  }

  /// Whether the parent takes what CDS announce, or stays as it is.
  void let_parent_follow(bool follows) {
    parent_follows_ = follows;
    if (follows) ds_ = announced_;
    serve_ds();
  }

  /// Whether it was told, in the last order, to serve the DNSKEY of a ZSK; empty: nothing was said of it.
  std::optional<bool> dnskey_ordered(std::uint32_t zsk) const {
    for (const KeyTarget& key : served_) {
      if (key.generation.role == Role::zsk && key.generation.number == zsk) return key.dnskey;
    }
    return std::nullopt;
  }
  void lose_zone() { served_.clear(); }  ///< By its server.
  int orders() const { return orders_; }  ///< To it.
  bool was_ever_bogus() const { return bogus_; }
  int refusals() const { return refusals_; }  ///< By the last gate.
  std::vector<FactId> wiped;           ///< Copies that had a later one.
  std::vector<std::uint16_t> foreign_keys;  ///< That its server is seen to serve beside what was asked about.
  std::vector<std::uint32_t> dropped;  ///< Master keys.
  std::vector<Fact> facts;             ///< Saved, in order.

  MemberStatus status() const { return member_->status(moment()); }
  Member& member() { return *member_; }
  Moment moment() const { return {start + now_.time_since_epoch(), now_}; }

  static inline const Incarnation self{Uuid{{std::byte{1}}}, 1};
  static inline const ZoneRef zone{"example.test.", 1};
  static constexpr Time start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

 private:
  void start_member() {
    member_ = std::make_unique<Member>(self, Uuid{}, settings_, crypto_, delay_, store_);
    member_->directory_current(true, "");
    member_->config({});
    member_->policy("default", policy_);
    member_->zone(config_);
  }

  void keep(const Save& save) {
    if (const auto* fact = std::get_if<SaveFact>(&save)) store_.facts.push_back(fact->fact);
    if (const auto* wait = std::get_if<SaveWait>(&save)) store_.waits[wait->key] = wait->since;
    if (const auto* wait = std::get_if<DropWait>(&save)) store_.waits.erase(wait->key);
    if (const auto* served = std::get_if<SaveServed>(&save)) store_.served[served->zone] = served->entries;
    if (const auto* progress = std::get_if<SaveProgress>(&save)) {
      store_.vector = progress->vector;
      store_.behind = progress->behind;
      store_.serving = progress->serving;
    }
  }

  void settle() {
    for (bool busy = true; busy;) {
      Effects effects = member_->pass(moment(), [] { return std::uint64_t{0}; });
      if (effects.again) again_ = effects.again;
      busy = false;
      for (const Save& save : effects.saves) {
        keep(save);
        if (const auto* fact = std::get_if<SaveFact>(&save)) {
          note(fact->fact);
          facts.push_back(fact->fact);
        }
      }
      for (const Act& act : effects.acts) busy = std::visit([&](const auto& a) { return carry_out(a); }, act) || busy;
      if (effects.again && *effects.again <= now_) busy = true;
    }
  }

  void note(const Fact& fact) {
    if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
      keys_[candidate->fingerprint] = candidate->generation;
    }
    const auto* decision = std::get_if<Decision>(&fact.content);
    if (!decision) return;
    const auto tell = [&](const KeyRecord& record, const char* sign) {
      const Generation& generation = keys_.at(record.key);
      told_.push_back({std::chrono::duration_cast<Seconds>(now_.time_since_epoch()),
                       std::string{to_string(generation.role)} + ' ' + sign +
                           std::string{to_string(record.record)} + ' ' + std::to_string(generation.number)});
    };
    for (const KeyRecord& record : decision->introduces) tell(record, "+");
    for (const KeyRecord& record : decision->withdraws) tell(record, "-");
  }

  bool carry_out(const MakeKey& make) {
    NewKey key{make.intent, moment().wall, {}, static_cast<std::uint16_t>(1000 + 300 * ++made_), {}, make.epoch, {}};
    key.fingerprint[0] = static_cast<std::byte>(made_);
    member_->key_made(key);
    return true;
  }
  bool carry_out(const Notice& notice) {
    if (notice.event == "export refused") ++refusals_;
    return false;
  }
  bool carry_out(const OpenEpoch& open) {
    member_->epoch_opened(open.fact, std::nullopt);
    return true;
  }
  bool carry_out(const MakeEpoch& make) {
    Digest check{};
    check[0] = static_cast<std::byte>(make.number);
    std::vector<Epoch> sealed;
    for (const MemberKeys& recipient : make.recipients) sealed.push_back({make.number, recipient.member, check, {}});
    member_->epoch_made(std::move(sealed));
    return true;
  }
  bool carry_out(const RewrapKey& again) {
    member_->key_rewrapped(again.candidate, again.epoch, Digest{});
    return true;
  }
  bool carry_out(const WipeWrap& wipe) {
    wiped.push_back(wipe.fact);
    return false;
  }
  bool carry_out(const DropEpoch& drop) {
    dropped.push_back(drop.key.number);
    return false;
  }
  bool carry_out(const Look& look) {
    ServedZone seen;
    for (const KeyTarget& key : look.keys) {
      const auto at = std::ranges::find(served_, key.key, &KeyTarget::key);
      const KeyTarget is = at == served_.end() ? KeyTarget{} : *at;
      seen.keys.push_back({is.dnskey, is.krrsig, is.zrrsig, is.zrrsig, is.ds, is.revoked});
    }
    seen.foreign_keys = foreign_keys;
    seen.cds_delete = look.cds_delete;
    seen.dnskey_ttl = policy_.dnskey_ttl;
    seen.max_zone_ttl = policy_.max_zone_ttl;
    member_->exported(zone, look.order, seen);
    return true;
  }
  bool carry_out(const Export& order) {
    ++orders_;
    served_ = order.keys;
    ServedZone seen;
    for (const KeyTarget& key : order.keys) {
      seen.keys.push_back({key.dnskey, key.krrsig, key.zrrsig, key.zrrsig, key.ds, key.revoked});
    }
    seen.foreign_keys = foreign_keys;
    seen.cds_delete = order.cds_delete;
    seen.dnskey_ttl = order.dnskey_ttl;
    seen.max_zone_ttl = policy_.max_zone_ttl;
    const bool announces = order.cds_delete || std::ranges::any_of(order.keys, &KeyTarget::ds);
    if (announces) announced_.clear();  // without any CDS the parent changes nothing
    for (const KeyTarget& key : order.keys) {
      if (key.ds) announced_.push_back(key.key);
    }
    if (parent_follows_) ds_ = announced_;
    serve(order);
    member_->exported(order.zone, order.order, seen);
    return true;
  }
  bool carry_out(const AskParent& ask) {
    member_->parent_seen(ask.zone, {ds_, {}, 0, policy_.ds_ttl}, moment());
    return true;
  }
  template <class Other>
  bool carry_out(const Other&) { return false; }

  KeySet bit(const Fingerprint& key) const { return KeySet{1} << std::to_integer<unsigned>(key[0]); }

  void serve_ds() {
    KeySet ds = 0;
    for (const Fingerprint& key : ds_) ds |= bit(key);
    ledger_.serve_ds(1, ds, policy_.ds_ttl, moment().wall);
  }

  // What is served is judged like in the simulator.
  void serve(const Export& order) {
    DnskeyView dnskey;
    KeySet data = 0;
    for (const KeyTarget& key : order.keys) {
      if (key.dnskey) dnskey.keys |= bit(key.key);
      if (key.krrsig) dnskey.signers |= bit(key.key);
      if (key.zrrsig) data |= bit(key.key);
    }
    ledger_.serve_dnskey(0, dnskey, policy_.dnskey_ttl, moment().wall);
    ledger_.serve_data(0, data, policy_.max_zone_ttl, moment().wall);
    serve_ds();
    bogus_ = bogus_ || find_bogus(ledger_.views(moment().wall)).has_value();
    ledger_.trim(moment().wall);
  }

  Ledger ledger_;
  bool bogus_ = false;
  int refusals_ = 0, orders_ = 0;
  Settings settings_;
  Restored store_;
  std::vector<KeyTarget> served_;
  Policy policy_;
  ZoneConfig config_{zone, "default"};
  PlainCrypto crypto_;
  RandomDelay delay_;
  std::unique_ptr<Member> member_;
  BootTime now_{};
  std::optional<BootTime> again_;
  std::map<Fingerprint, Generation> keys_;
  std::vector<Told> told_;
  std::vector<Fingerprint> ds_, announced_;
  bool parent_follows_ = true;
  int made_ = 0;
};

}  // namespace rollcall::test
