// SPDX-License-Identifier: GPL-3.0-or-later
// A few members in a world without delays: what one writes all others have read before time goes
// on.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/core/lone_member.h"

namespace rollcall::test {

class SmallCluster {
 public:
  SmallCluster(std::size_t size, Policy policy, SignerAbility ability, Seconds clock_tolerance = 400_days) : policy_(policy) {
    Settings settings;
    settings.signer = ability;
    settings.cds_delete = true;
    settings.clock_tolerance = clock_tolerance;
    settings.look_interval = settings.heartbeat_idle = settings.silence = Seconds{4000_days};
    settings.heartbeat_debounce = Nanoseconds{0};
    settings.parent_poll = Seconds{60};
    for (std::size_t i = 0; i < size; ++i) {
      members_.push_back(std::make_unique<Member>(incarnation(i),
                                                  Uuid{{static_cast<std::byte>(i + 1)}}, settings,
                                                  crypto_, delay_, Restored{}));
      again_.emplace_back();
      Member& member = *members_.back();
      member.directory_current(true, "");
      member.config({});
      member.policy("default", policy);
    }
    members_[0]->init(keys(0), {1, incarnation(0).member, {}, {}});
    settle();
    for (std::size_t i = 1; i < size; ++i) {
      members_[0]->admit(keys(i), {1, incarnation(i).member, {}, {}});
      settle();
    }
    for (auto& member : members_) member->zone({LoneMember::zone, "default"});
  }

  void run_until(Seconds end) {
    while (true) {
      settle();
      std::optional<BootTime> next;
      for (std::size_t i = 0; i < again_.size(); ++i) {
        const auto& again = again_[i];
        if (again && !halted_[i]) next = std::min(next.value_or(*again), *again);
      }
      if (!next || *next > BootTime{} + end) break;
      now_ = std::max(*next, now_);
    }
    now_ = BootTime{} + end;
  }

  void want(Policy policy) {
    policy_ = policy;
    for (auto& member : members_) member->policy("default", policy);
  }
  void want_insecure(bool insecure) {
    for (auto& member : members_) member->zone({LoneMember::zone, "default", insecure});
  }

  void halt(std::size_t i, bool halted = true) { halted_[i] = halted; }  ///< It does nothing more.

  /// From now on its wall clock is wrong by so much.
  void set_clock(std::size_t i, Nanoseconds wrong_by) { clocks_[i] = wrong_by; }

  Member& member(std::size_t i) { return *members_[i]; }
  Moment moment(std::size_t i = 0) const {
    const auto wrong_by = clocks_.find(i);
    const Time now = LoneMember::start + now_.time_since_epoch();
    return {wrong_by == clocks_.end() ? now : now + wrong_by->second, now_};
  }
  int orders(std::size_t i) const { return orders_.contains(i) ? orders_.at(i) : 0; }  ///< To its server.
  int refusals() const { return refusals_; }  ///< By last gates.
  const std::vector<Told>& told() const { return told_; }
  static Incarnation incarnation(std::size_t i) {
    return {Uuid{{static_cast<std::byte>(i + 1)}}, 1};
  }

 private:
  static MemberKeys keys(std::size_t i) {
    return {incarnation(i).member, 1, "member" + std::to_string(i + 1), {}, {}};
  }

  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (std::size_t i = 0; i < members_.size(); ++i) busy = pass(i) || busy;
    }
  }

  bool pass(std::size_t i) {
    if (halted_[i]) return false;
    Effects effects = members_[i]->pass(moment(i), [] { return std::uint64_t{0}; });
    again_[i] = effects.again;
    bool busy = effects.again && *effects.again <= now_;
    for (const Save& save : effects.saves) {
      const auto* saved = std::get_if<SaveFact>(&save);
      if (!saved || saved->fact.id.author != incarnation(i)) continue;
      note(saved->fact);
      for (std::size_t other = 0; other < members_.size(); ++other)
        members_[other]->fact(saved->fact);
      busy = true;
    }
    for (const Act& act : effects.acts) {
      busy = std::visit([&](const auto& what) { return carry_out(i, what); }, act) || busy;
    }
    return busy;
  }

  void note(const Fact& fact) {
    if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
      keys_[candidate->fingerprint] = candidate->generation;
    }
    const auto* decision = std::get_if<Decision>(&fact.content);
    if (!decision) return;
    const auto tell = [&](const KeyRecord& record, const char* sign) {
      const Generation& generation = keys_.at(record.key);
      Told told{std::chrono::duration_cast<Seconds>(now_.time_since_epoch()),
                std::string{to_string(generation.role)} + ' ' + sign +
                    std::string{to_string(record.record)} + ' ' +
                    std::to_string(generation.number)};
      const bool again =
          std::ranges::any_of(told_, [&](const Told& one) { return one.text == told.text; });
      if (!again) told_.push_back(std::move(told));  // equal decisions of two are one
    };
    for (const KeyRecord& record : decision->introduces) tell(record, "+");
    for (const KeyRecord& record : decision->withdraws) tell(record, "-");
  }

  bool carry_out(std::size_t i, const SendHeartbeat& send) {
    for (std::size_t other = 0; other < members_.size(); ++other) {
      if (other != i) members_[other]->heartbeat(send.heartbeat, moment(other));
    }
    return true;
  }
  bool carry_out(std::size_t, const Notice& notice) {
    if (notice.event == "export refused") ++refusals_;
    return false;
  }
  bool carry_out(std::size_t i, const MakeKey& make) {
    NewKey key{make.intent, moment(i).wall, {}, static_cast<std::uint16_t>(1000 + 300 * ++made_),
               {},          make.epoch,    {}};
    key.fingerprint[0] = static_cast<std::byte>(made_);
    members_[i]->key_made(key);
    return true;
  }
  bool carry_out(std::size_t i, const CheckCandidate& check) {
    members_[i]->candidate_checked(check.fact, std::nullopt);
    return true;
  }
  bool carry_out(std::size_t i, const OpenEpoch& open) {
    members_[i]->epoch_opened(open.fact, std::nullopt);
    return true;
  }
  bool carry_out(std::size_t i, const Export& order) {
    ++orders_[i];
    ServedZone seen;
    for (const KeyTarget& key : order.keys) {
      seen.keys.push_back({key.dnskey, key.krrsig, key.zrrsig, key.zrrsig, key.ds, key.revoked});
    }
    seen.cds_delete = order.cds_delete;
    seen.dnskey_ttl = order.dnskey_ttl;
    seen.max_zone_ttl = policy_.max_zone_ttl;
    const bool announces = order.cds_delete || std::ranges::any_of(order.keys, &KeyTarget::ds);
    if (i == 0 && announces) {  // the parent reads one of them
      ds_.clear();
      for (const KeyTarget& key : order.keys) {
        if (key.ds) ds_.push_back(key.key);
      }
    }
    members_[i]->exported(order.zone, order.order, seen);
    return true;
  }
  bool carry_out(std::size_t i, const AskParent& ask) {
    members_[i]->parent_seen(ask.zone, {ds_, {}, 0, policy_.ds_ttl}, moment(i));
    return true;
  }
  template <class Other>
  bool carry_out(std::size_t, const Other&) {
    return false;
  }

  Policy policy_;
  PlainCrypto crypto_;
  RandomDelay delay_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::optional<BootTime>> again_;
  std::map<std::size_t, bool> halted_;
  std::map<std::size_t, Nanoseconds> clocks_;
  std::map<std::size_t, int> orders_;
  BootTime now_{};
  std::map<Fingerprint, Generation> keys_;
  std::vector<Told> told_;
  std::vector<Fingerprint> ds_;
  int made_ = 0, refusals_ = 0;
};

}  // namespace rollcall::test
