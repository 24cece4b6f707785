// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/guards.h"

#include <algorithm>

#include "lib/core/timing.h"
#include "lib/core/view_guard.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

std::string record_of(Record record, const KeyView& key) {
  return std::string{to_string(record)} + " of " + name_of(key);
}

// Waits until a change of a record has reached every cache, and says who or what it waits for.
std::optional<No> awaits(const KeyView& key, Record record, State wanted) {
  const RecordView& seen = key[record];
  if (seen.state == wanted) return std::nullopt;
  const std::string what = record_of(record, key);
  const std::string change = seen.withdrawn ? "withdrawal of " + what : what;
  if (!seen.missing.empty()) {
    return No{Reason::member, "not every member has answered that it carried out: " + change,
              seen.missing, {}};
  }
  if (!seen.pending.empty()) return No{Reason::parent, seen.pending, {}, {}};
  return No{Reason::time, "caches may not have followed yet: " + change, {}, seen.until};
}

const KeyView* in_use_zsk(const ZoneView& view) {
  for (auto key = view.keys.rbegin(); key != view.keys.rend(); ++key) {
    if (key->generation.role == Role::zsk && key->in_use()) return &*key;
  }
  return nullptr;
}

// --- the order in which records may enter --------------------------------------------------------

// A DS may be introduced only once everything below it is in every cache.
std::optional<No> first_ds_waits_for_zone(const ZoneView& view) {
  const KeyView* zsk = in_use_zsk(view);
  if (!zsk) return No{Reason::rules, "no ZSK is in use", {}, {}};
  if (auto no = awaits(*zsk, Record::dnskey, State::omnipresent)) return no;
  return awaits(*zsk, Record::zrrsig, State::omnipresent);
}

std::optional<No> use_waits_for_publication(const ZoneView& view, const WantedStep& wanted) {
  const KeyView& key = *wanted.key;
  if (auto no = awaits(key, Record::dnskey, State::omnipresent)) return no;
  if (key.generation.role == Role::zsk) return std::nullopt;
  if (auto no = awaits(key, Record::krrsig, State::omnipresent)) return no;
  return wanted.predecessor ? std::nullopt : first_ds_waits_for_zone(view);
}

std::optional<No> removal_waits_for_swap(const WantedStep& wanted) {
  const KeyView& key = *wanted.key;
  const Record use = key.use();
  if (auto no = awaits(*wanted.successor, use, State::omnipresent)) return no;
  if (key[use].withdrawn) return awaits(key, use, State::hidden);
  return std::nullopt;
}

std::optional<No> order_guard(const ZoneView& view, const WantedStep& wanted) {
  switch (wanted.verb) {
    case Verb::start:
    case Verb::publish: return std::nullopt;
    case Verb::use: return use_waits_for_publication(view, wanted);
    case Verb::remove: return removal_waits_for_swap(wanted);
  }
  MUST(false);
}

// --- one rollover at a time ----------------------------------------------------------------------

// Nothing of n+1 is introduced before n is in use and what n replaced is hidden.
std::optional<No> predecessor_is_settled(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb != Verb::publish || !wanted.predecessor) return std::nullopt;
  const KeyView& current = *wanted.predecessor;
  if (!current.in_use()) {
    return No{Reason::rules, name_of(current) + " is not in use yet", {}, {}};
  }
  const KeyView* replaced = predecessor_of(view, current);
  if (!replaced || replaced->completely_hidden()) return std::nullopt;
  for (const Record record : {Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds}) {
    if (auto no = awaits(*replaced, record, State::hidden)) return no;
  }
  return std::nullopt;
}

bool only_waits_for_ds(const KeyView& incoming) {
  return incoming.generation.role == Role::ksk && incoming.in_use() &&
         incoming[Record::ds].state == State::rumoured && incoming[Record::ds].missing.empty() &&
         !incoming[Record::ds].pending.empty();
}

// The key that is on its way in, or whose predecessor is on its way out; null if none is.
const KeyView* rolling_key(const ZoneView& view, Role role) {
  for (const KeyView& key : view.keys) {
    if (key.generation.role != role || !key.introduced() || key.completely_hidden()) continue;
    const KeyView* before = predecessor_of(view, key);
    const bool first_one = !before;
    const bool rolls = !first_one && !before->completely_hidden();
    if (rolls || (first_one && !key.in_use() && role == Role::zsk)) return &key;
  }
  return nullptr;
}

std::optional<No> other_role_is_settled(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb != Verb::publish) return std::nullopt;
  const Role role = wanted.key->generation.role;
  const Role other = role == Role::ksk ? Role::zsk : Role::ksk;
  const KeyView* rolling = rolling_key(view, other);
  if (!rolling || only_waits_for_ds(*rolling)) return std::nullopt;
  return No{Reason::rules, "one rollover at a time: " + name_of(*rolling) + " is taking over", {}, {}};
}

// --- the schedule --------------------------------------------------------------------------------

std::optional<No> schedule_guard(const ZoneView& view, const WantedStep& wanted, Time now) {
  const bool scheduled = wanted.verb == Verb::publish || wanted.verb == Verb::use;
  if (!scheduled || !wanted.predecessor || wanted.key->at_once) return std::nullopt;
  const auto needed = wanted.predecessor->needed_until;
  if (!needed) return std::nullopt;  // somebody made a successor: it is wanted
  const Time from =
      wanted.verb == Verb::use ? *needed : *needed - publication_interval(view.intervals);
  if (now >= from) return std::nullopt;
  return No{Reason::policy, "planned by the policy's lifetime", {}, from};
}

// If both roles could publish now, the KSK goes first.
std::optional<No> ksk_first(const ZoneView& view, const WantedStep& wanted, Time now) {
  if (wanted.verb != Verb::publish || wanted.key->generation.role != Role::zsk) return std::nullopt;
  for (const WantedStep& other : wanted_steps(view)) {
    const bool competes = other.verb == Verb::publish && other.key->generation.role == Role::ksk;
    if (competes && !schedule_guard(view, other, now) && !predecessor_is_settled(view, other)) {
      return No{Reason::rules, "one rollover at a time: " + name_of(*other.key) + " goes first", {}, {}};
    }
  }
  return std::nullopt;
}

// --- the parent ----------------------------------------------------------------------------------

std::optional<No> start_needs_empty_parent(const ZoneView& view) {
  const ParentView& parent = view.parent;
  if (!parent.configured) return std::nullopt;
  if (!parent.answered) {
    const std::string why = parent.silent.empty() ? "has not been asked yet" : parent.silent;
    return No{Reason::parent, "the parent's DS RRset is not known: " + why, {}, {}};
  }
  if (parent.foreign_ds == 0) return std::nullopt;
  return No{Reason::parent,
            "the parent has a DS already: the zone's present keys must be imported, or that DS "
            "removed, first",
            {}, {}};
}

// Whoever decides the withdrawal looks at the parent itself just before.
std::optional<No> removal_looks_at_parent(const ZoneView& view, const WantedStep& wanted) {
  const ParentView& parent = view.parent;
  if (wanted.key->generation.role != Role::ksk || !parent.configured || parent.agrees) {
    return std::nullopt;
  }
  if (parent.by_hand && !parent.answered) return std::nullopt;
  const std::string why = parent.silent.empty() ? "asking it once more" : parent.silent;
  return No{Reason::parent, "the parent has to show the new DS right now: " + why, {}, {}};
}

std::optional<No> parent_guard(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb == Verb::start) return start_needs_empty_parent(view);
  if (wanted.verb == Verb::remove) return removal_looks_at_parent(view, wanted);
  return std::nullopt;
}

// --- the rules, and ground truth -----------------------------------------------------------------

std::vector<KeyStates> states_of(const ZoneView& view) {
  std::vector<KeyStates> all;
  for (const KeyView& key : view.keys) {
    KeyStates states{.algorithm = key.generation.algorithm,
                     .dnskey = key[Record::dnskey].state,
                     .krrsig = key[Record::krrsig].state,
                     .zrrsig = key[Record::zrrsig].state,
                     .ds = key[Record::ds].state};
    if (const KeyView* successor = successor_of(view, key)) {
      states.successor = static_cast<std::size_t>(successor - view.keys.data());
    }
    all.push_back(states);
  }
  return all;
}

std::optional<No> rules_guard(const ZoneView& view, const WantedStep& wanted) {
  const std::vector<KeyStates> before = states_of(view);
  std::vector<KeyStates> after = before;
  const auto states = [&](const KeyRecord& record) -> State& {
    const KeyView* key = find_key(view, record.key);
    return after[static_cast<std::size_t>(key - view.keys.data())][record.record];
  };
  for (const KeyRecord& record : wanted.step.introduces) states(record) = State::rumoured;
  for (const KeyRecord& record : wanted.step.withdraws) states(record) = State::unretentive;

  const auto rule = forbidden(before, after, !wanted.step.withdraws.empty());
  if (rule.empty()) return std::nullopt;
  return No{Reason::rules, std::string{rule}, {}, {}};
}

std::optional<No> cache_guard(const ZoneView& view, const WantedStep& wanted) {
  const auto views = views_after(view, wanted.step);
  if (!views) return No{Reason::rules, "too many changes are on their way at once", {}, {}};
  if (!find_bogus(*views)) return std::nullopt;
  return No{Reason::rules, "a cache could hold answers that do not fit together", {}, {}};
}

}  // namespace

std::optional<No> first_no(const ZoneView& view, const WantedStep& wanted, Time now) {
  if (auto no = schedule_guard(view, wanted, now)) return no;
  if (auto no = predecessor_is_settled(view, wanted)) return no;
  if (auto no = other_role_is_settled(view, wanted)) return no;
  if (auto no = ksk_first(view, wanted, now)) return no;
  if (auto no = order_guard(view, wanted)) return no;
  if (auto no = parent_guard(view, wanted)) return no;
  if (auto no = rules_guard(view, wanted)) return no;
  return cache_guard(view, wanted);
}

}  // namespace rollcall
