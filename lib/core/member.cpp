// SPDX-License-Identifier: GPL-3.0-or-later
// The public face of the member: each event leaves something behind for the next pass.
#include "lib/core/member.h"

#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr Seconds key_retry{10};
constexpr Seconds wrap_retry{60};

}  // namespace

Member::Member(Incarnation self, Uuid instance, Settings settings, const Crypto& crypto,
               const DelayStrategy& random_delay, Restored restored)
    : impl_(std::make_unique<Impl>(self, instance, std::move(settings), crypto, random_delay,
                                   std::move(restored))) {}
Member::~Member() = default;

void Member::config(ClusterConfig config) {
  impl_->config_ = std::move(config);
  impl_->all_stale_ = true;
}

void Member::policy(const std::string& name, Policy policy) {
  impl_->policies_[name] = policy;
  impl_->all_stale_ = true;
}

void Member::policy_gone(const std::string& name) {
  impl_->policies_.erase(name);
  impl_->all_stale_ = true;
}

void Member::zone(ZoneConfig config) {
  zone_gone(config.zone.name);
  for (auto& [zone, before] : impl_->zones_) {
    if (zone.name == config.zone.name && zone.incarnation < config.zone.incarnation) {
      before.config = {zone, config.policy, false, false, true};
    }
  }
  ZoneWork& work = impl_->work_of(config.zone);
  work.configured = !config.removed;
  work.stale = true;
  work.config = std::move(config);
}

void Member::zone_gone(const ZoneName& name) {
  for (auto& [zone, work] : impl_->zones_) {
    if (zone.name != name) continue;
    work.configured = false;
    work.stale = true;
  }
}

void Member::fact(Fact fact) { impl_->fact(std::move(fact)); }
void Member::fact_vanished(const FactId& id) { impl_->fact_vanished(id); }
void Member::heartbeat(HeardHeartbeat heard, Moment now) { impl_->heartbeat(std::move(heard), now); }

void Member::own_heartbeat_seen(const Heartbeat& heartbeat) {
  impl_->own_heartbeat_seen(heartbeat);
}

void Member::directory_current(bool current, std::string why) {
  if (current && !impl_->current_) {
    for (const FactId& id : impl_->unseen_) fact_vanished(id);
  }
  impl_->current_ = current;
  impl_->read_once_ = impl_->read_once_ || current;
  impl_->not_current_why_ = std::move(why);
}

void Member::quarantined(const std::string& dn, const std::string& why) {
  if (why.empty()) {
    impl_->quarantine_.erase(dn);
  } else {
    impl_->quarantine_[dn] = why;
  }
}

void Member::key_made(NewKey key) {
  const Intent intent = key.intent;
  impl_->work_of(intent.zone).stale = true;
  if (impl_->intents_.contains(intent)) impl_->made_.insert_or_assign(intent, std::move(key));
}

void Member::key_failed(const Intent& intent, std::string why) {
  impl_->tell(Notice::Level::error, "key not made", intent.zone.name,
              to_string(intent.generation) + ": " + why);
  impl_->failed_intents_.insert(intent);
  ZoneWork& work = impl_->work_of(intent.zone);
  work.turns[intent.generation.role].retry_at = impl_->now_.boot + key_retry;
  work.stale = true;
}

void Member::candidate_checked(const FactId& fact, std::optional<std::string> failure) {
  if (!impl_->checks_.contains(fact)) return;  // it was tried with a master key that is not the one
  impl_->checks_[fact] = Impl::Check::passed;
  impl_->failed_checks_.erase(fact);
  if (!failure) return;
  impl_->failed_checks_[fact] = std::move(*failure);
  impl_->retry_wrap_[fact] = impl_->now_.boot + wrap_retry;
}

void Member::epoch_opened(const FactId& fact, std::optional<std::string> failure) {
  impl_->opening_.erase(fact);
  const Fact* held = impl_->log_.find(fact);
  const auto* epoch = held ? std::get_if<Epoch>(&held->content) : nullptr;
  if (!epoch) return;
  if (failure) {
    impl_->tell(Notice::Level::error, "master key not opened", "", *failure);
    impl_->opening_.insert(fact);  // asking again would end the same way
    impl_->unopened_[fact] = std::move(*failure);
    return;
  }
  impl_->all_stale_ = true;
  impl_->master_keys_.insert({epoch->number, epoch->check});
}

void Member::epoch_made(std::vector<Epoch> sealed) {
  impl_->epochs_stale_ = true;
  impl_->made_epoch_ = std::move(sealed);
}

void Member::epoch_sealed(Epoch sealed) {
  impl_->epochs_stale_ = true;
  impl_->sealed_.push_back(std::move(sealed));
}

void Member::key_rewrapped(const FactId& candidate, std::uint32_t epoch, const Digest& wrapped_digest) {
  const Fact* held = impl_->log_.find(candidate);
  const auto* key = held ? std::get_if<Candidate>(&held->content) : nullptr;
  if (!key) return;
  impl_->epochs_stale_ = true;
  impl_->rewrapped_.insert_or_assign(candidate, Rewrap{key->zone, candidate, epoch, wrapped_digest});
}

void Member::rewrap_failed(const FactId& candidate, std::string why) {
  impl_->rewrapping_.erase(candidate);
  impl_->retry_wrap_[candidate] = impl_->now_.boot + wrap_retry;
  impl_->epochs_stale_ = true;
  impl_->tell(Notice::Level::error, "key not wrapped again", "", std::move(why));
}

void Member::exported(const ZoneRef& zone, std::uint64_t order, ServedZone seen) {
  impl_->exported(zone, order, std::move(seen));
}
void Member::export_failed(const ZoneRef& zone, std::uint64_t order, std::string why) {
  impl_->server_failed(zone, order, std::move(why));
}
void Member::looked(const ZoneRef& zone, std::uint64_t order, ServedZone seen) {
  impl_->exported(zone, order, std::move(seen));
}
void Member::look_failed(const ZoneRef& zone, std::uint64_t order, std::string why) {
  impl_->server_failed(zone, order, std::move(why));
}

void Member::parent_seen(const ZoneRef& zone, ParentAnswer answer, Moment now) {
  std::ranges::sort(answer.ds);
  std::ranges::sort(answer.ds_somewhere);
  impl_->parent_seen(zone, std::move(answer), now);
}

void Member::parent_silent(const ZoneRef& zone, std::string why) {
  impl_->work_of(zone).stale = true;
  auto& parent = impl_->work_of(zone).parent;
  parent.answer.reset();
  parent.silent = std::move(why);
}

void Member::parent_unconfigured(const ZoneRef& zone) {
  impl_->work_of(zone).stale = true;
  impl_->work_of(zone).parent.configured = false;
}

std::optional<std::string> Member::admit(MemberKeys joiner, Epoch sealed) {
  return impl_->admit(std::move(joiner), std::move(sealed));
}
std::optional<std::string> Member::init(MemberKeys self, Epoch sealed) {
  return impl_->admit(std::move(self), std::move(sealed));
}
std::optional<std::string> Member::roll(const ZoneName& zone, Role role, Uuid request,
                                        std::string asked_by, bool emergency) {
  return impl_->roll(zone, role, request, std::move(asked_by), emergency);
}
std::optional<std::string> Member::step(const ZoneName& zone, std::string asked_by) {
  return impl_->step(zone, std::move(asked_by));
}
std::optional<std::string> Member::abandon(const ZoneName& zone, Role role, std::string asked_by) {
  return impl_->abandon(zone, role, std::move(asked_by));
}
std::optional<std::string> Member::ds_published(const ZoneName& zone, std::string asked_by) {
  return impl_->ds_by_hand(zone, std::move(asked_by), true);
}
std::optional<std::string> Member::ds_withdrawn(const ZoneName& zone, std::string asked_by) {
  return impl_->ds_by_hand(zone, std::move(asked_by), false);
}
std::optional<std::string> Member::set_serving(bool on) { return impl_->set_serving(on); }
std::optional<std::string> Member::rotate_master_key(std::string asked_by) {
  if (auto why_not = impl_->cannot_rotate()) return why_not;
  impl_->rotation_wanted_by_ = std::move(asked_by);
  impl_->epochs_stale_ = true;
  return std::nullopt;
}
std::optional<MasterKeyId> Member::master_key(std::uint32_t epoch) const { return impl_->epochs_.key(epoch); }
std::optional<MasterKeyId> Member::current_master_key() const {
  const auto number = impl_->usable_epoch();
  return number ? impl_->epochs_.key(*number) : std::nullopt;
}
FactId Member::newest_wrap(const FactId& candidate) const { return impl_->newest_wrap(candidate); }
std::optional<std::string> Member::leave(std::optional<MemberId> heir, std::string asked_by) {
  return impl_->leave(heir, std::move(asked_by));
}
std::optional<std::string> Member::forget(const Uuid& decree, const std::vector<MemberId>& dead,
                                          std::string asked_by, bool force) {
  return impl_->forget(decree, dead, std::move(asked_by), force);
}
ForgetPreview Member::preview_forget(const std::vector<MemberId>& dead) const {
  return impl_->preview_forget(dead);
}
bool Member::may_answer() const { return impl_->may_answer(); }
bool Member::never_answers() const { return impl_->never_answers(); }
std::optional<std::string> Member::override_gate(const ZoneName& zone, std::string asked_by) {
  return impl_->override_gate(zone, std::move(asked_by));
}
std::optional<std::string> Member::cannot_remove(const ZoneName& zone) const {
  return impl_->cannot_remove(zone);
}
std::uint32_t Member::next_incarnation(const ZoneName& zone) const { return impl_->next_incarnation(zone); }

Effects Member::pass(Moment now, const std::function<std::uint64_t()>& chance) {
  return impl_->pass(now, chance);
}

MemberStatus Member::status(Moment now) const { return impl_->status(now); }

}  // namespace rollcall
