// SPDX-License-Identifier: GPL-3.0-or-later
// Facts and heartbeats taken in, what people ask for, and the order of things in a pass.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr int most_rounds = 16;  // a pass that goes on longer continues with the next one

void keep_if(std::set<MemberId>& members, const MemberId& member, bool is_so) {
  if (is_so) {
    members.insert(member);
  } else {
    members.erase(member);
  }
}

}  // namespace

Member::Impl::Impl(Incarnation self, Uuid instance, Settings settings, const Crypto& crypto,
                   const DelayStrategy& random_delay, Restored restored)
    : self_(self),
      instance_(instance),
      settings_(std::move(settings)),
      crypto_(crypto),
      random_delay_(random_delay),
      log_([&crypto](const Digest& before, const Signature& s) { return crypto.chain(before, s); }),
      acks_(log_),
      waits_(std::move(restored.waits)),
      members_(self, restored.took_itself_in,
               [this](const Incarnation& author) { return log_.prefix(author); }),
      leaving_(std::move(restored.leaving)),
      counters_(std::move(restored.counters)),
      counter_at_start_(counters_[self_]),
      serving_(restored.serving),
      took_itself_in_(restored.took_itself_in) {
  for (Fact& fact : restored.facts) {
    unseen_.insert(fact.id);
    log_.add(std::move(fact));
  }
  for (const Incarnation& author : log_.authors()) saved_[author] = log_.prefix(author);
  for (const VectorEntry& entry : restored.vector) {
    vector_[entry.author] = std::min(entry.seq, log_.prefix(entry.author));
  }
  for (const Behind& behind : restored.behind) behind_.insert(behind.facts.begin(), behind.facts.end());
  std::erase_if(behind_, [this](const FactId& id) { return !log_.holds(id); });  // dropped since
  for (const Intent& intent : restored.intents) intents_.insert(intent);
  for (auto& [zone, entries] : restored.served) restore_served(zone, std::move(entries));
  for (const auto& [zone, ttls] : restored.ttls) {
    ZoneWork& work = work_of(zone);
    work.server.dnskey_ttl = ttls.dnskey;
    work.server.zone_ttl = ttls.zone;
    work.parent.ttl = ttls.ds;
  }
  asked_for_ = std::move(restored.asked_for);
  compared_ = caught_up_once_ = restored.compared;
  for (const Incarnation& author : log_.authors()) {
    for (const Fact& fact : log_.in_order(author)) {
      note(fact);
      if (fact.id.seq > vector_[author] || behind_.contains(fact.id)) continue;
      // A wipe may have been cut short by our death; asking for it twice does no harm.
      if (std::holds_alternative<Tombstone>(fact.content)) to_wipe_.push_back(fact.id);
    }
  }
  roster_ = members_.roster();
}

// --- events --------------------------------------------------------------------------------------

void Member::Impl::fact(Fact fact) {
  const FactId id = fact.id;
  unseen_.erase(id);
  if (id.author.member == self_.member) highest_own_ = std::max(highest_own_, id.author.number);
  const Fact* held = log_.find(id);
  if (id.author == self_ && (!held || held->signature != fact.signature))
    return own_fact_unknown(id);
  if (id.author.member == self_.member && id.author.number > self_.number) later_life_seen();
  overhear(fact);
  if (held || !hold_back(fact)) log_.add(std::move(fact));
}

void Member::Impl::fact_vanished(const FactId& id) {
  if (!log_.holds(id)) return;
  if (id.author.member == self_.member) {
    to_write_again_.insert(id);
  } else {
    vanished_.insert(id);
  }
}

// It came late; or its author's store does not know what it had said before: another agent, or, if it was written
// later, a machine that was set back with its memory.
void Member::Impl::note_gone_back(const Heartbeat& heartbeat, std::uint64_t heard) {
  const auto known = instances_.find(heartbeat.member.member);
  const Heartbeat* newest = acks_.newest(heartbeat.member.member);
  const bool written_later = newest && newest->member == heartbeat.member && heartbeat.time > newest->time;
  if (known != instances_.end() && known->second == heartbeat.instance && !written_later) return;
  went_back_.insert_or_assign(heartbeat.member.member, FactId{heartbeat.member, heard});
}

void Member::Impl::heartbeat(HeardHeartbeat heard, Moment now) {
  const Heartbeat& heartbeat = *heard;
  const Incarnation member = heartbeat.member;
  std::uint64_t& counter = counters_[member];
  if (heartbeat.counter < counter) return note_gone_back(heartbeat, counter);
  went_back_.erase(member.member);
  // Somebody began a new life: its server may wait for a word that was written since then.
  const auto [instance, unknown] = instances_.try_emplace(member.member, heartbeat.instance);
  greet_ = greet_ || unknown || instance->second != heartbeat.instance;
  instance->second = heartbeat.instance;
  if (members_.gone(member)) {
    Nanoseconds& ttl = served_ttl_[member.member];
    ttl = std::max<Nanoseconds>({ttl, heartbeat.dnskey_ttl, heartbeat.max_zone_ttl});
    lacking_outside_.insert(lacking_outside_.end(), heartbeat.lacks.begin(), heartbeat.lacks.end());
    wanted_outside_[member.member] = heartbeat.lacks;
    return;
  }
  compare_own_facts(heartbeat);
  const bool live = is_live(heartbeat, now);
  if (!acks_.receive(heard)) return;
  const bool counts_us = std::ranges::any_of(
      heartbeat.roster, [this](const Incarnation& known) { return known.member == self_.member; });
  keep_if(not_counted_by_, member.member, heartbeat.serving && serving_ && !counts_us);
  keep_if(ask_for_facts_, member.member, !heartbeat.lacks.empty());
  keep_if(lacking_, member.member, !heartbeat.lacks.empty());
  compared_ = compared_ || live;
  const Nanoseconds offset = heartbeat.time - now.wall;
  if (live || offset > settings_.clock_tolerance) {  // ahead of ours it tells the least that we are behind
    clock_offset_[member.member] = offset;
    clocks_differ_ = clocks_differ_ || offset > settings_.clock_tolerance || -offset > settings_.clock_tolerance;
  }
  received_at_[member.member] = now.boot;
  heard_anew_ = true;
  if (heartbeat.counter > counter) {
    counter = heartbeat.counter;
    pending_saves_.push_back(SaveCounter{member, counter});
  }
}

ZoneWork& Member::Impl::work_of(const ZoneRef& zone) {
  const auto [at, added] = zones_.try_emplace(zone);
  if (added) at->second.zone = zone;
  return at->second;
}

const ZoneWork* Member::Impl::find_work(const ZoneName& zone) const {
  const ZoneWork* found = nullptr;
  for (const auto& [ref, work] : zones_) {
    if (ref.name == zone && work.configured) found = &work;
  }
  return found;
}

ZoneWork* Member::Impl::find_work(const ZoneName& zone) {
  return const_cast<ZoneWork*>(std::as_const(*this).find_work(zone));  // NOLINT: this is not const
}

Policy Member::Impl::policy_of(const ZoneWork& work) const {
  const auto found = policies_.find(work.policy_name());
  return found == policies_.end() ? Policy{} : found->second;
}

std::string Member::Impl::name_of_member(const MemberId& member) const {
  const MemberKeys* keys = keys_of(member);
  return keys == nullptr ? to_string(member) : keys->host;
}

const MemberKeys* Member::Impl::keys_of(const MemberId& member) const {
  const auto after = known_.upper_bound({member, ~std::uint32_t{0}});
  if (after == known_.begin() || std::prev(after)->first.member != member) return nullptr;
  return &std::prev(after)->second;
}

void Member::Impl::tell(Notice::Level level, std::string event, const ZoneName& zone,
                        std::string text) {
  pending_notices_.push_back({level, std::move(event), zone, std::move(text)});
}

void Member::Impl::wake(BootTime at) {
  wake_for_timer(at);
  if (looked_at_) looked_at_->again = std::min(looked_at_->again.value_or(at), at);
}

// --- what people ask -----------------------------------------------------------------------------

std::optional<std::string> Member::Impl::admit(MemberKeys joiner, Epoch sealed) {
  const bool first = log_.authors().empty() && joiner.member == self_.member;
  compared_ = compared_ || first;
  if (!first && !may_decide()) return "this member cannot admit anybody now: " + why_undecided();
  for (const Incarnation& member : roster_) {
    if (member.member != joiner.member) continue;
    if (member.number >= joiner.incarnation)
      return name_of_member(joiner.member) + " is a member already";
    return "an earlier life of " + name_of_member(joiner.member) +
           " is a member still: `rollcall forget` comes first";
  }
  if (const auto holds = membership_holds(); !holds.empty()) {
    return "a decree is not in force yet: " + holds.front().step + ": " + holds.front().text;
  }
  Admit admit{std::move(joiner), {}, members_.forgotten(), {}};
  for (const auto& [member, keys] : known_) admit.known.push_back(keys);
  for (const Incarnation& dead : admit.forgotten) {
    if (const auto limit = members_.limit(dead); limit && *limit > 0)
      admit.had.push_back({dead, *limit});
  }
  asked_for_.push_back(std::move(admit));
  asked_for_.push_back(std::move(sealed));
  return std::nullopt;
}

std::optional<std::string> Member::Impl::set_serving(bool on) {
  if (!on) {
    return "serving cannot be taken back: caches may hold what this server answered. Stop its DNS "
           "server, or let the member leave";
  }
  const bool automatic = std::exchange(settings_.serve_automatically, true);
  if (serving_) return std::nullopt;
  if (const auto hold = held_from_serving()) {
    settings_.serve_automatically = automatic;
    return "not yet: " + with_names(*hold);
  }
  return std::nullopt;
}

// --- a pass --------------------------------------------------------------------------------------

Effects Member::Impl::pass(Moment now, const std::function<std::uint64_t()>& chance) {
  now_ = now;
  chance_ = &chance;
  effects_ = {};
  std::ranges::move(std::exchange(pending_saves_, {}), std::back_inserter(effects_.saves));
  watch_clocks();
  if (read_once_ && !read_at_) read_at_ = now_.boot;
  compared_ = compared();  // who was the only one need not hear of whom it takes in
  if (const auto alone = alone_at(); !compared_ && alone && now_.boot < *alone) wake_for_timer(*alone);
  doubt_ = doubt();
  if (life_begins_ || next_life()) {
    for (Notice& notice : std::exchange(pending_notices_, {}))
      effects_.acts.push_back(std::move(notice));
    return std::move(effects_);
  }
  if (may_write() != std::exchange(could_write_, may_write())) all_stale_ = true;
  if (may_decide() != std::exchange(could_decide_, may_decide())) all_stale_ = true;
  if (may_say() != std::exchange(could_say_, may_say())) members_stale_ = true;
  if (!std::exchange(intents_struck_, true)) {  // a key that was being made when we died
    for (const Intent& intent : std::set<Intent>{intents_}) drop_intent(intent);
  }
  const bool first_of_all = log_.authors().empty() && !asked_for_.empty();
  if (may_decide() || first_of_all) {
    for (FactContent& content : std::exchange(asked_for_, {})) add_fact(std::move(content));
  }
  for (const FactId& id : std::exchange(to_wipe_, {})) {
    carry_tombstone(std::get<Tombstone>(log_.find(id)->content));
  }
  decree_what_was_asked();
  take_itself_in();
  int rounds = 0;
  do {
    again_ = false;
    follow_facts();
    settle_membership();
    if (life_begins_) return std::move(effects_);
    if (own_stale_) acks_.set_self(answers());
    const bool answers_changed = acks_.recount();
    caught_up_once_ = caught_up_once_ || (read_once_ && compared() && caught_up());
    if (answers_changed) {
      all_stale_ = true;
      ++answers_changed_;
    }
    if (std::exchange(heard_anew_, false) || answers_changed) note_heard();
    serve_when_allowed();
    leave_when_allowed();
    tend_master_keys();
    finish_keys();
    look_at_zones();
  } while (again_ && ++rounds < most_rounds);
  if (again_) wake(now_.boot);

  stop_answering();
  note_gaps();
  write_again();
  save_progress();
  send_heartbeat();
  for (Notice& notice : std::exchange(pending_notices_, {})) effects_.acts.push_back(std::move(notice));
  return std::move(effects_);
}

// Work follows change: a zone is looked at when something about it changed, or its time came. To look
// at its server and to ask its parent now and then is nothing of that.
void Member::Impl::look_at_zones() {
  const bool all = std::exchange(all_stale_, false);
  for (auto& [zone, work] : zones_) {
    const bool its_time = work.again && *work.again <= now_.boot;
    if (!all && !work.stale && !its_time) {
      if (work.again) wake(*work.again);
      tend_server(work);
      if (work.configured && policy_known(work)) ask_parent(work);
      continue;
    }
    work.stale = false;
    work.again.reset();
    looked_at_ = &work;
    work_on(work);
    looked_at_ = nullptr;
  }
}

void Member::Impl::save_progress() {
  for (const WaitKey& key : waits_.take_stopped()) effects_.saves.push_back(DropWait{key});
  for (const auto& [key, since] : waits_.take_started()) effects_.saves.push_back(SaveWait{key, since});
  save_facts();
  if (!std::exchange(progressed_, false)) return;
  const Heartbeat& own = answers();
  effects_.saves.push_back(SaveProgress{own.vector, own.behind, serving_});
}

void Member::Impl::save_facts() {
  if (std::exchange(saved_facts_, log_.size()) == log_.size()) return;
  for (const Incarnation& author : log_.authors()) {
    std::uint64_t& saved = saved_[author];
    if (author == self_) continue;  // saved as they were made
    for (; saved < log_.prefix(author); ++saved) {
      effects_.saves.push_back(SaveFact{*log_.find({author, saved + 1})});
    }
  }
}

}  // namespace rollcall
