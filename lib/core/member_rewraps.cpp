// SPDX-License-Identifier: GPL-3.0-or-later
// Every key wrapped under the next master key: own ones wrapped, others' copies tried, older ones wiped.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"

namespace rollcall {

// --- keys wrapped again --------------------------------------------------------------------------

std::vector<FactId> Member::Impl::rewraps_now(const FactId& candidate) const {
  std::vector<FactId> list;
  for (const auto& rewrap : epochs_.rewraps(candidate)) {
    if (rewrap->epoch >= current_epoch_) list.push_back(rewrap.id);
  }
  return list;
}

std::vector<MemberId> Member::Impl::without_rewrap(const FactId& candidate) const {
  const std::vector<FactId> rewraps = rewraps_now(candidate);
  std::vector<MemberId> list;
  if (rewraps.empty()) return {members_.ender(candidate.author)};
  for (const MemberId& member : acks_.roster()) {
    const auto has = [&](const FactId& id) { return acks_.promised(member, id); };
    if (std::ranges::none_of(rewraps, has)) list.push_back(member);
  }
  return list;
}

void Member::Impl::follow_rewraps() {
  for (auto at = to_rewrap_.begin(); at != to_rewrap_.end();) {
    const FactId id = *at;
    bool over = ended_.contains(id);  // all its copies are wiped with it
    if (!over && rewraps_now(id).empty()) {
      rewrap(id);
    } else if (!over && may_decide() && without_rewrap(id).empty()) {
      wipe_older_wraps(id);
      over = true;
    }
    at = over ? to_rewrap_.erase(at) : std::next(at);
  }
}

void Member::Impl::rewrap(const FactId& candidate) {
  if (!may_decide() || !ends(candidate.author) || rewrapping_.contains(candidate)) return;
  if (!holds_master_key(current_epoch_) || !carried_out(candidate)) return;
  const Fact& from = *log_.find(newest_wrap(candidate));
  const auto* before = std::get_if<Rewrap>(&from.content);
  if (!holds_master_key(before ? before->epoch : std::get<Candidate>(from.content).epoch)) return;
  if (const auto retry = retry_wrap_.find(candidate);
      retry != retry_wrap_.end() && now_.boot < retry->second) {
    epochs_stale_ = true;
    return wake_for_timer(retry->second);
  }
  rewrapping_.insert(candidate);
  effects_.acts.push_back(RewrapKey{candidate, current_epoch_});
}

void Member::Impl::finish_rewraps() {
  for (auto& [candidate, rewrap] : std::exchange(rewrapped_, {})) {
    rewrapping_.erase(candidate);
    const bool wanted = may_decide() && rewrap.epoch == current_epoch_ &&
                        !ended_.contains(candidate) && rewraps_now(candidate).empty();
    if (wanted) add_fact(std::move(rewrap));
  }
}

void Member::Impl::wipe_older_wraps(const FactId& candidate) {
  effects_.acts.push_back(WipeWrap{candidate});
  for (const auto& rewrap : epochs_.rewraps(candidate)) {
    if (rewrap->epoch < current_epoch_) effects_.acts.push_back(WipeWrap{rewrap.id});
  }
}

bool Member::Impl::carried_out(const FactId& id) const {
  const auto reached = vector_.find(id.author);
  return reached != vector_.end() && id.seq <= reached->second && !behind_.contains(id);
}

FactId Member::Impl::newest_wrap(const FactId& candidate) const {
  const auto& rewraps = epochs_.rewraps(candidate);
  const auto newest = std::find_if(rewraps.rbegin(), rewraps.rend(),
                                   [this](const auto& rewrap) { return carried_out(rewrap.id); });
  return newest == rewraps.rend() ? candidate : newest->id;
}

// --- others' copies tried ------------------------------------------------------------------------

// The newest one that can be opened; older ones may have been wiped.
std::optional<FactId> Member::Impl::wrap_to_check(const FactId& id, const Candidate& candidate) {
  const auto& rewraps = epochs_.rewraps(id);
  const auto newest = std::find_if(rewraps.rbegin(), rewraps.rend(), [this](const auto& rewrap) {
    return holds_master_key(rewrap->epoch);
  });
  if (newest != rewraps.rend()) return newest->id;
  if (holds_master_key(candidate.epoch)) return id;
  open_master_key(candidate.epoch);
  return std::nullopt;
}

Member::Impl::Checked Member::Impl::check_wrap(const FactId& id) {
  const auto check = checks_.find(id);
  const bool rewrap = std::holds_alternative<Rewrap>(log_.find(id)->content);
  if (check != checks_.end()) {
    if (check->second == Check::asked) return Checked::not_yet;
    if (!failed_checks_.contains(id)) return Checked::passed;
    if (!rewrap && serving_) return Checked::failed;
    // Nobody makes another one if this one cannot be used, and who does not serve yet cannot reject it, so it
    // is tried again: perhaps it had not come whole.
    const BootTime at = retry_wrap_[id];
    if (now_.boot < at) {
      wake_for_timer(at);
      return Checked::failed;
    }
  }
  checks_[id] = Check::asked;
  effects_.acts.push_back(CheckCandidate{id});
  return Checked::not_yet;
}

bool Member::Impl::carry_rewrap(const Fact& fact, const Rewrap& rewrap) {
  if (fact.id.author == self_) return true;
  if (ended_.contains(rewrap.candidate)) {
    if (wiped_.contains(rewrap.candidate)) effects_.acts.push_back(WipeWrap{fact.id});
    return true;
  }
  const Fact* held = log_.find(rewrap.candidate);
  const auto* candidate = held ? std::get_if<Candidate>(&held->content) : nullptr;
  if (!candidate) return false;
  const auto wrap = wrap_to_check(held->id, *candidate);
  const auto* newest = wrap ? std::get_if<Rewrap>(&log_.find(*wrap)->content) : nullptr;
  if (!newest || newest->epoch < rewrap.epoch) return false;  // its master key is not opened
  return check_wrap(newest->epoch == rewrap.epoch ? fact.id : *wrap) == Checked::passed;
}

}  // namespace rollcall
