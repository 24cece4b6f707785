// SPDX-License-Identifier: GPL-3.0-or-later
// When a key is made, and when it is wiped.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"
#include "lib/core/timing.h"

namespace rollcall {
namespace {

// If candidate after candidate is refused or given up, something is wrong that more keys will not mend: each
// next generation comes twice as late, until an administrator has looked.
Nanoseconds after_voids(unsigned voids, const Policy& policy) {
  if (voids <= 1) return Nanoseconds{0};
  const Nanoseconds first = std::max(policy.window_first, Seconds{1});
  const Nanoseconds later = first * (std::int64_t{1} << std::min(voids, 20u));
  return std::min<Nanoseconds>(later, std::max<Seconds>(policy.window, 1_days));
}

// Of no record of the zone: those have waits of their own.
WaitKey unused_since(const Fingerprint& key) { return {{".", 0}, key, Record::dnskey, Change::withdrawn}; }

// The later one, but for a time in the future: that is of a clock that was wrong, and nobody waits for it.
void later_of(std::optional<Time>& due, Time other, Time now) {
  if (other <= now) due = std::max(due.value_or(other), other);
}

// It was due, and is not any more: wanted again, it begins anew, or all would have theirs at once. One that
// brought a candidate goes on until that is answered.
void end_turn(ZoneWork& work, Role role) {
  const auto turn = work.turns.find(role);
  if (turn != work.turns.end() && turn->second.number > work.book.newest_generation(role)) work.turns.erase(turn);
}

}  // namespace

bool Member::Impl::role_wanted(const ZoneWork& work, Role role) const {
  return work.view.keys.empty() ? policy_of(work).wants(role) : scheme_of(role) == work.view.scheme;
}

// Nothing of n+1 is due before n is won or void.
std::optional<Need> Member::Impl::need(const ZoneWork& work, Role role) const {
  const Policy policy = policy_of(work);
  if (work.config.insecure || work.config.suspended || !role_wanted(work, role)) return std::nullopt;
  const std::uint32_t newest = work.book.newest_generation(role);
  if (newest == 0) return Need{{role, policy.algorithm, 1}, std::nullopt, "first", true};

  Need need{{role, policy.algorithm, newest + 1}, {}, {}, true};
  Election election = elect(work.book, role, newest, acks_);
  if (election.open()) return std::nullopt;
  const auto* request = work.book.request_for(role, newest + 1);
  // What a void generation was made for, or one given up before its use, is still wanted, and at once.
  const auto never_used = [&work](const Election& over) {
    return over.winner && !work.book.abandoned_by(over.winner->content->fingerprint).empty() &&
           !work.book.first_use(*over.winner->content);
  };
  while (election.voided || never_used(election)) {
    ++need.voids;
    later_of(need.due, election.candidates.back()->created, now_.wall);
    if (!request) request = work.book.request_for(role, election.number);
    if (election.number == 1) {
      need.why = "first";
      return need;
    }
    election = elect(work.book, role, election.number - 1, acks_);
  }
  if (election.open()) return std::nullopt;
  if (request) {
    later_of(need.due, request->created, now_.wall);
    need.why = "request " + to_string(request->content->id);
    return need;
  }
  return need_after(work, *election.winner, std::move(need));
}

// What the newest winner calls for, if nobody asked.
std::optional<Need> Member::Impl::need_after(const ZoneWork& work, const Stated<Candidate>& winner,
                                             Need need) const {
  const Policy policy = policy_of(work);
  const Role role = winner->generation.role;
  const auto first_use = work.book.first_use(*winner.content);
  if (!first_use) return std::nullopt;
  const bool given_up = !work.book.abandoned_by(winner->fingerprint).empty();
  if (given_up || ended_.contains(winner.id) || work.book.withdrawn(*winner.content)) {
    need.why = "withdrawn";  // nothing comes after it yet, and it cannot come back
    return need;
  }
  if (winner->generation.algorithm != policy.algorithm) {
    need.why = "algorithm";
    return need;
  }
  if (policy.standby(role)) {
    need.why = "standby";
    return need;
  }
  const auto needed = needed_by(winner->expires, *first_use, policy.lifetime(role));
  if (!needed) return std::nullopt;
  const Time planned = due_time(role, *needed, *first_use, policy, lens_for(work).intervals);
  need.at_once = need.voids > 0;
  need.due = std::max(need.due.value_or(planned), planned);
  need.why = "predecessor " + to_hex(winner->fingerprint);
  return need;
}

Nanoseconds Member::Impl::delay(const ZoneWork& work, ZoneWork::Turn& turn, const Need& need) {
  const Policy policy = policy_of(work);
  const Turn about{.rank = rank(work.zone.name),
                   .window = need.at_once ? policy.window_first : policy.window,
                   .interval = policy.interval};
  if (config_.mode == Mode::appointed && !config_.appointed.empty()) {
    const auto& list = config_.appointed;
    const auto position = std::ranges::find(list, self_.member) - list.begin();
    const bool sees_fail_over = std::ranges::any_of(
        list, [&](const MemberId& member) { return member != self_.member && fresh(member); });
    return after_voids(need.voids, policy) +
           appointed_delay(static_cast<std::size_t>(position), list.size(), sees_fail_over, about);
  }
  if (!turn.drawn) turn.drawn = random_delay_.draw(about, *chance_);
  return after_voids(need.voids, policy) + *turn.drawn;
}

bool Member::Impl::intends(const ZoneRef& zone, Role role) const {
  return std::ranges::any_of(intents_, [&](const Intent& intent) {
    return intent.zone == zone && intent.generation.role == role;
  });
}

void Member::Impl::drop_intent(const Intent& intent) {
  if (intents_.erase(intent) == 0) return;
  made_.erase(intent);
  effects_.saves.push_back(DropIntent{intent});
  work_of(intent.zone).stale = true;
  again_ = true;
}

// A key was made. Look again: somebody else's may have come meanwhile.
void Member::Impl::finish_keys() {
  for (const Intent& intent : std::exchange(failed_intents_, {})) drop_intent(intent);
  const auto ready = made_;
  for (const auto& [intent, key] : ready) {
    ZoneWork& work = work_of(intent.zone);
    const auto need_now = work.configured ? need(work, intent.generation.role) : std::nullopt;
    const bool still_wanted = may_decide() && need_now && need_now->generation == intent.generation &&
                              need_now->due.value_or(key.created) <= key.created;
    if (!still_wanted) {
      drop_intent(intent);
      continue;
    }
    const Candidate* before = last_winner(work, intent.generation.role);
    const Policy policy = policy_of(work);
    const Time due = need_now->due.value_or(key.created);
    const auto expires = planned_expiry(
        intent.generation.role, key.created, before ? before->expires : std::nullopt, before != nullptr,
        policy.lifetime(intent.generation.role), lens_for(work).intervals);
    tell(Notice::Level::notice, "candidate made", intent.zone.name,
         to_string(intent.generation) + ", key tag " + std::to_string(key.key_tag) + ", created " +
             to_created(key.created));
    add_fact(Candidate{intent.zone, intent.generation, key.created, due, need_now->why, expires,
                       key.fingerprint, key.key_tag, key.dnskey, key.epoch, key.wrapped_digest});
    drop_intent(intent);
  }
}

void Member::Impl::make_keys(ZoneWork& work) {
  for (const Role role : all_roles) make_key(work, role);
  for (const auto& [role, turn] : work.turns) {
    const Time missed = missed_at(work, turn);
    if (turn.number > 0 && now_.wall < missed) wake(missed);  // nothing else may happen until then
  }
}

void Member::Impl::make_key(ZoneWork& work, Role role) {
  const auto need_now = need(work, role);
  work.next_due.erase(role);
  if (need_now && need_now->due) work.next_due[role] = *need_now->due;
  const bool is_due = need_now && need_now->due.value_or(now_.wall) <= now_.wall;
  if (!is_due) {
    end_turn(work, role);
    if (need_now) wake(*need_now->due);
    return;
  }
  if (intends(work.zone, role)) return;
  const Time due = need_now->due.value_or(now_.wall);
  ZoneWork::Turn& turn = work.turns[role];
  if (turn.number != need_now->generation.number) {
    turn = {need_now->generation.number, now_.boot, due, std::nullopt, {}};
  }
  const BootTime at = std::max(turn.since + delay(work, turn, *need_now), turn.retry_at);
  if (now_.boot < at) {
    wake(at);
    return;
  }
  const auto epoch = usable_epoch();
  if (!may_decide() || !epoch) return;
  const Intent intent{work.zone, need_now->generation};
  intents_.insert(intent);
  effects_.saves.push_back(SaveIntent{intent});
  effects_.acts.push_back(MakeKey{intent, *epoch, taken_tags(work, intent.generation)});
}

const Candidate* Member::Impl::last_winner(const ZoneWork& work, Role role) const {
  for (std::uint32_t n = work.book.newest_generation(role); n > 0; --n) {
    const Election election = elect(work.book, role, n, acks_);
    if (election.winner) return election.winner->content;
  }
  return nullptr;
}

std::vector<std::uint16_t> Member::Impl::taken_tags(const ZoneWork& work,
                                                    const Generation& generation) const {
  std::vector<std::uint16_t> tags;
  for (const KeyView& key : work.view.keys) {
    const bool same_generation =
        key.generation.role == generation.role && key.generation.number == generation.number;
    if (!same_generation && !key.completely_hidden()) tags.push_back(key.key_tag);
  }
  return tags;
}

void Member::Impl::tell_winners(ZoneWork& work) {
  for (const Role role : all_roles) {
    const Election election = elect(work.book, role, work.book.newest_generation(role), acks_);
    if (!election.winner || !work.told_winners.insert(election.winner->id).second) continue;
    const Candidate& key = *election.winner->content;
    if (work.book.ever_introduced(key.fingerprint)) continue;  // old news, after a restart
    const std::size_t others = election.candidates.size() - 1;
    tell(Notice::Level::notice, "winner", work.zone.name,
         to_string(key.generation) + ": key tag " + std::to_string(key.key_tag) + " of " +
             name_of_member(election.winner->id.author.member) +
             (others == 0 ? "" : ", the earliest of " + std::to_string(others + 1)));
  }
}

// Everybody knows that the key is given up, and nothing of it is known to have been introduced. Who had decided that,
// and told its server, may have lost it with its disk: so caches get the time to follow all the same.
bool Member::Impl::gave_up_unused(const ZoneWork& work, const Fingerprint& key) {
  const WaitKey wait = unused_since(key);
  const auto found = std::ranges::find(work.view.keys, key, &KeyView::key);
  const bool unused = found != work.view.keys.end() && found->abandoned && found->unaware.empty() && !found->introduced();
  if (!unused) {
    waits_.stop(wait);
    return false;
  }
  const BootTime at = waits_.start(wait, now_.boot) + caches_followed();
  if (now_.boot < at) wake(at);
  return now_.boot >= at;
}

// The owner of a losing candidate, or its heir, prunes it once every member acked the winner's
// first introduction, or at once if all candidates of its generation are out.
void Member::Impl::prune_losers(ZoneWork& work) {
  if (!may_decide()) return;
  const Lens lens = lens_for(work);
  const auto own = work.book.candidates();
  for (const auto& candidate : own) {
    if (ended_.contains(candidate.id)) waits_.stop(unused_since(candidate->fingerprint));
    if (!ends(candidate.id.author) || ended_.contains(candidate.id)) continue;
    const Generation& generation = candidate->generation;
    const Election election = elect(work.book, generation.role, generation.number, acks_);
    if (election.open()) continue;
    const bool given_up = gave_up_unused(work, candidate->fingerprint);
    if (election.winner && election.winner->id == candidate.id && !given_up) continue;
    if (election.winner && !given_up) {
      const Fingerprint& winner = election.winner->content->fingerprint;
      const bool everybody_saw_it = std::ranges::any_of(all_records, [&](Record record) {
        const auto& introduced = work.book.history({winner, record}).introduced_by;
        return !introduced.empty() && not_acked(lens, work.zone, introduced).empty();
      });
      if (!everybody_saw_it && !gave_up_unused(work, winner)) continue;
      if (work.book.ever_introduced(candidate->fingerprint)) continue;
    }
    tell(Notice::Level::notice, "loser pruned", work.zone.name,
         to_string(generation) +
             (candidate.id.author == self_ ? ": own key tag " : ": inherited key tag ") +
             std::to_string(candidate->key_tag) +
             (given_up ? ", given up before its use"
              : election.winner
                  ? ", " + name_of_member(election.winner->id.author.member) + " was earlier"
                  : ", the generation is void"));
    add_fact(Tombstone{candidate.id, given_up          ? "given up before its use"
                                     : election.winner ? "lost the election"
                                                       : "generation void"});
  }
}

// A key that left every cache is wiped by its owner, or the heir of that, after a while.
void Member::Impl::purge_retired(ZoneWork& work) {
  if (!may_decide()) return;
  const Seconds purge = policy_of(work).purge;
  for (const KeyView& key : work.view.keys) {
    if (!ends(key.candidate.author) || !key.completely_hidden()) continue;
    if (ended_.contains(key.candidate)) continue;
    Time last{};
    for (const auto& decision : work.book.decisions()) {
      const bool about = std::ranges::any_of(decision->withdraws, [&](const KeyRecord& record) {
        return record.key == key.key;
      });
      if (about) last = std::max(last, decision.created);
    }
    if (now_.wall < last + purge) {
      wake(last + purge);
      continue;
    }
    tell(Notice::Level::notice, "key purged", work.zone.name,
         std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag));
    add_fact(Tombstone{key.candidate, "withdrawn everywhere"});
  }
}

}  // namespace rollcall
