// SPDX-License-Identifier: GPL-3.0-or-later
// What is decided about a zone, and what the parent has to say to it.
#include <algorithm>
#include <utility>

#include "lib/core/member_impl.h"
#include "lib/core/steps.h"
#include "lib/core/timing.h"

namespace rollcall {
namespace {

bool contains(const std::vector<Fingerprint>& list, const Fingerprint& key) {
  return std::ranges::find(list, key) != list.end();
}

// The largest TTL that anybody saw with a DS that caches may still have.
Seconds ds_ttl_seen(const ZoneWork& work) {
  Seconds largest{0};
  for (const auto& observation : work.book.observations()) {
    if (observation->ttl <= largest) continue;
    const bool matters = std::ranges::any_of(work.view.keys, [&](const KeyView& key) {
      return !key.completely_hidden() &&
             (contains(observation->ds, key.key) || contains(observation->ds_somewhere, key.key));
    });
    if (matters) largest = observation->ttl;
  }
  return largest;
}

// Its DS was announced, and is not long gone.
bool concerns_parent(const KeyView& key) {
  return key.was_introduced(Record::ds) && !key.completely_hidden();
}

std::string what_parent_shows(const ZoneView& view) {
  std::string text = "the parent shows the DS of";
  bool any = false;
  for (const KeyView& key : view.keys) {
    if (!key.serves(Record::ds)) continue;
    text += (any ? " and " : " ") + name_of(key);
    any = true;
  }
  return any ? text : "the parent shows no DS of ours any more";
}

bool ds_unsettled(const KeyView& key) {
  const State state = key[Record::ds].state;
  return state == State::rumoured || state == State::unretentive;
}

}  // namespace

// The largest interval of each kind: the policy's, and what anybody serves or saw at the parent.
// What decisions were made with counts for their own records.
Lens Member::Impl::lens_for(const ZoneWork& work) const {
  const Policy policy = policy_of(work);
  Intervals intervals = intervals_of(policy);
  for (std::size_t place = 0; place < acks_.roster().size(); ++place) {
    const Heartbeat* heartbeat = acks_.newest(place);
    if (!heartbeat) continue;
    intervals.dnskey_ttl = std::max(intervals.dnskey_ttl, heartbeat->dnskey_ttl);
    intervals.max_zone_ttl = std::max(intervals.max_zone_ttl, heartbeat->max_zone_ttl);
    intervals.resign = std::max(intervals.resign, heartbeat->signer.resign);
  }
  intervals.ds_ttl = std::max({intervals.ds_ttl, work.parent.ttl.largest(now_.boot), ds_ttl_seen(work)});
  return {work.book, acks_, ended_, policy, wishes_of(policy, work.config), intervals, now_.wall, now_.boot};
}

// Rank by rendezvous hash among the roster: 0 acts first.
std::size_t Member::Impl::rank(const ZoneName& zone) const {
  const auto own = std::pair{crypto_.rank(self_.member, zone), self_.member};
  return static_cast<std::size_t>(std::ranges::count_if(acks_.roster(), [&](const MemberId& other) {
    return std::pair{crypto_.rank(other, zone), other} < own;
  }));
}

void Member::Impl::work_on(ZoneWork& work) {
  work.view = view_zone(work.zone, lens_for(work), waits_);
  work.view.parent = view_parent(work);
  note_served(work);
  tend_server(work);
  work.plan = {};
  if (!policy_known(work)) return;
  if (!work.configured) {
    if (work.config.removed) purge_retired(work);
    return;
  }

  work.plan = decide(work.view, now_.wall);
  if (work.plan.again) wake(*work.plan.again);
  tell_winners(work);
  tell_holds(work);
  ask_parent(work);
  observe(work);
  make_keys(work);
  take_steps(work);
  prune_losers(work);
  purge_retired(work);
}

// --- steps ---------------------------------------------------------------------------------------

// Any member may take a step that its own view allows. The ranks go one after the other, so that
// normally one does and the others see it; two equal decisions are harmless.
void Member::Impl::take_steps(ZoneWork& work) {
  std::map<std::string, BootTime> allowed;
  for (const Step& step : work.plan.steps) {
    const auto before = work.allowed_since.find(step.text);
    allowed[step.text] = before == work.allowed_since.end() ? now_.boot : before->second;
  }
  work.allowed_since = std::move(allowed);
  if (!may_decide() || !knows_own_server(work)) return;
  if (const auto who = std::exchange(work.stepped_by, {}); who && !work.plan.permitted.empty()) {
    tell(Notice::Level::notice, "step by hand", work.zone.name, "asked by " + *who);
    return decide_step(work, work.plan.permitted.front());
  }

  for (const Step& step : work.plan.steps) {
    const auto turn = static_cast<Nanoseconds::rep>(rank(work.zone.name));
    const BootTime at = work.allowed_since.at(step.text) + settings_.step_stagger * turn;
    if (now_.boot < at) {
      wake(at);
      continue;
    }
    decide_step(work, step);
    return;  // the next one is judged by the view that has this one
  }
}

// A new life does not know what TTLs its server has served: what it takes for the end of a wait may be
// too early until it has looked.
bool Member::Impl::knows_own_server(const ZoneWork& work) const {
  return !settings_.serves_dns || work.server.ever_verified || work.server.target.empty();
}

void Member::Impl::decide_step(ZoneWork& work, const Step& step) {
  std::set<FactId> rests_on;
  const auto rest_on = [&](const std::vector<KeyRecord>& records) {
    for (const KeyRecord& record : records) {
      if (const auto* candidate = work.book.candidate(record.key)) rests_on.insert(candidate->id);
      for (const Record other : all_records) {
        const auto& change = work.book.history({record.key, other}).last_change();
        if (!change.empty()) rests_on.insert(change.front());
      }
    }
  };
  rest_on(step.introduces);
  rest_on(step.withdraws);
  tell(Notice::Level::notice, "decision", work.zone.name, step.text);
  if (!step.abandons.empty()) {
    add_fact(Abandon{work.zone, step.abandons, step.why});
    return;
  }
  add_fact(Decision{work.zone, step.introduces, step.withdraws, {rests_on.begin(), rests_on.end()},
                    work.view.intervals});
}

// A hold is told once it lasts: most end before anybody could read of them.
void Member::Impl::tell_holds(ZoneWork& work) {
  std::map<std::string, ZoneWork::ToldHold> holds;
  for (const Hold& hold : work.plan.holds) {
    std::string text = hold.text;
    for (const MemberId& member : hold.waits_for) {
      text += (&member == &hold.waits_for.front() ? ": " : ", ") + name_of_member(member);
    }
    const auto before = work.told_holds.find(hold.step);
    const bool same = before != work.told_holds.end() && before->second.text == text;
    ZoneWork::ToldHold told = same ? before->second : ZoneWork::ToldHold{text, now_.boot, false};
    const BootTime at = told.since + settings_.patience;
    if (!told.told && now_.boot < at) wake(at);
    if (!told.told && now_.boot >= at) {
      tell(Notice::Level::info, "step held", work.zone.name,
           hold.step + " (" + std::string{to_string(hold.reason)} + "): " + text +
               (hold.until ? ", until " + to_iso(*hold.until) : ""));
      told.told = true;
    }
    holds[hold.step] = std::move(told);
  }
  work.told_holds = std::move(holds);
}

// --- the parent ----------------------------------------------------------------------------------

// The decision, in all its equal copies, that the parent has to follow about this key.
const std::vector<FactId>& Member::Impl::ds_step(const ZoneWork& work, const KeyView& key) const {
  return work.book.history({key.key, Record::ds}).last_change();
}

bool Member::Impl::agrees_with_step(const ZoneWork& work, const ParentAnswer& answer) const {
  bool agrees = true;
  for (const KeyView& key : work.view.keys) {
    if (!key.was_introduced(Record::ds)) continue;
    const bool gone = !contains(answer.ds, key.key) && !contains(answer.ds_somewhere, key.key);
    agrees = agrees && (key[Record::ds].withdrawn ? gone : contains(answer.ds, key.key));
  }
  return agrees;
}

ParentView Member::Impl::view_parent(const ZoneWork& work) const {
  ParentView view;
  view.configured = work.parent.configured;
  view.silent = work.parent.silent;
  if (const auto& answer = work.parent.answer) {
    const bool recent = now_.boot - work.parent.answered_at <= 2 * settings_.parent_poll;
    view.answered = recent;
    view.foreign_ds = answer->unknown + static_cast<std::uint32_t>(answer->ds.size());
    view.agrees = recent && agrees_with_step(work, *answer);
    if (recent) {
      view.shows = answer->ds;
      view.shows.insert(view.shows.end(), answer->ds_somewhere.begin(), answer->ds_somewhere.end());
    }
  }
  view.by_hand = true;
  for (const KeyView& key : work.view.keys) {
    if (!concerns_parent(key)) continue;
    const auto& step = ds_step(work, key);
    view.by_hand = view.by_hand && std::ranges::any_of(work.book.observations(), [&](const auto& observation) {
      return !observation->by_hand.empty() && std::ranges::find(step, observation->after) != step.end();
    });
  }
  return view;
}

std::string Member::Impl::ds_confirmed_by(const ZoneWork& work) const {
  for (const KeyView& key : work.view.keys) {
    if (!concerns_parent(key)) continue;
    const auto& step = ds_step(work, key);
    for (const auto& observation : work.book.observations()) {
      const bool about = std::ranges::find(step, observation->after) != step.end();
      if (about && !observation->by_hand.empty()) return observation->by_hand;
    }
  }
  return {};
}

void Member::Impl::parent_seen(const ZoneRef& zone, ParentAnswer answer, Moment now) {
  ZoneWork& work = work_of(zone);
  auto& parent = work.parent;
  const bool recent = now.boot - parent.answered_at <= 2 * settings_.parent_poll;
  const bool old_news = parent.configured && recent && parent.answer == answer;
  work.stale = work.stale || !old_news;
  parent.configured = true;
  parent.ttl.saw(answer.ttl, now.boot);
  const bool old_ds = std::ranges::any_of(work.view.keys, [&answer](const KeyView& key) {
    return key[Record::ds].withdrawn && (contains(answer.ds, key.key) || contains(answer.ds_somewhere, key.key));
  });
  if (old_ds) work.gate.old_ds_seen = now.boot;
  parent.answer = std::move(answer);
  parent.answered_at = now.boot;
  parent.silent.clear();
}

void Member::Impl::ask_parent(ZoneWork& work) {
  const bool awaited = std::ranges::any_of(work.view.keys, ds_unsettled);
  if ((!awaited && !work.plan.ask_parent) || !work.parent.configured) return;
  // An answer from before the last ack does not confirm anything, and the next look would come a poll
  // later; but a step may want to know what the parent shows now.
  const bool too_early = !work.plan.ask_parent && std::ranges::any_of(work.view.keys, [](const KeyView& key) {
    return concerns_parent(key) && !key[Record::ds].missing.empty();
  });
  if (too_early) return;
  if (now_.boot < work.parent.ask_at) return wake_for_timer(work.parent.ask_at);
  AskParent ask{work.zone, {}};
  for (const KeyView& key : work.view.keys) {
    if (signs_keys(key.role())) ask.candidates.push_back(key.candidate);
  }
  work.parent.ask_at = now_.boot + settings_.parent_poll;
  wake_for_timer(work.parent.ask_at);
  effects_.acts.push_back(std::move(ask));
}

// Says what was seen at the parent: the first time that it shows what a DS step wants, and when it
// no longer does.
void Member::Impl::observe(ZoneWork& work) {
  if (!work.parent.answer || !may_decide()) return;
  for (const KeyView& key : work.view.keys) {
    if (!concerns_parent(key) || key[Record::ds].missing.empty()) continue;
    work.parent.answer.reset();  // only an answer from after the last ack counts
    return;
  }
  const ParentAnswer& answer = *work.parent.answer;
  const bool agrees = agrees_with_step(work, answer);
  for (const KeyView& key : work.view.keys) {
    if (!concerns_parent(key)) continue;
    const auto& step = ds_step(work, key);
    const auto* last = work.book.latest_observation(self_.member, step);
    if (!last && !agrees) continue;
    if (last && (*last)->ds == answer.ds && (*last)->ds_somewhere == answer.ds_somewhere) continue;
    tell(agrees ? Notice::Level::notice : Notice::Level::warning,
         agrees ? "ds seen at parent" : "ds changed at parent", work.zone.name,
         agrees ? what_parent_shows(work.view) : "the parent no longer shows what was seen there");
    add_fact(Observation{work.zone, step.front(), answer.ds, answer.ds_somewhere, answer.unknown,
                         answer.ttl, {}});
  }
}

std::optional<std::string> Member::Impl::ds_by_hand(const ZoneName& zone, std::string who,
                                                    bool published) {
  ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  if (std::ranges::none_of(work->view.keys, ds_unsettled)) return "no DS of zone " + zone + " is awaited";
  Observation seen{work->zone, {}, {}, {}, 0, Seconds{0}, std::move(who)};
  for (const KeyView& key : work->view.keys) {
    if (!concerns_parent(key)) continue;
    const RecordView& ds = key[Record::ds];
    if (!ds.missing.empty()) return "the DS of zone " + zone + " is not announced by every member yet";
    // "Published" says nothing of the old DS; only "withdrawn" does.
    const bool leaves = ds.withdrawn && !(published && ds.state == State::unretentive);
    if (!leaves) seen.ds.push_back(key.key);
  }
  std::ranges::sort(seen.ds);
  work->parent.answer.reset();  // what was seen before is older than this word
  std::set<FactId> steps;
  for (const KeyView& key : work->view.keys) {
    if (ds_unsettled(key)) steps.insert(ds_step(*work, key).front());
  }
  for (const FactId& step : steps) {
    seen.after = step;
    asked_for_.push_back(seen);
  }
  return std::nullopt;
}

}  // namespace rollcall
