// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/guards.h"

#include <algorithm>

#include "lib/core/guards_order.h"
#include "lib/core/timing.h"
#include "lib/core/view_guard.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

// --- what administrators want --------------------------------------------------------------------

std::optional<No> nobody_suspended_it(const ZoneView& view) {
  if (!view.wishes.suspended) return std::nullopt;
  return No{Reason::operator_, "the zone is suspended: `rollcall resume " + view.zone.name + "` ends it",
            {}, {}};
}

// What comes into use all at once cannot stand by in the DNS.
bool is_first_of_standby(const ZoneView& view, const WantedStep& wanted) {
  return wanted.first && !wanted.last && (wanted.key().standby || view.wishes.standby(wanted.key().role()));
}

std::optional<No> schedule_guard(const ZoneView& view, const WantedStep& wanted, Time now) {
  if (wanted.verb != Verb::enter || wanted.entry != Entry::successor) return std::nullopt;
  const KeyView& key = wanted.key();
  const KeyView* predecessor = predecessor_of(view, key);
  if (!predecessor || key.at_once || is_leaving(view, *predecessor)) return std::nullopt;
  if (predecessor->abandoned || is_first_of_standby(view, wanted)) return std::nullopt;
  const auto needed = predecessor->needed_until;
  if (!needed && key.standby) {
    return No{Reason::policy, "stands by until it is asked for: `rollcall roll` uses it", {}, {}};
  }
  if (!needed) return std::nullopt;  // somebody made a successor: it is wanted
  const Seconds before = wanted.last ? Seconds{0} : lead_in(key.role(), view.wishes, view.intervals);
  if (now >= *needed - before) return std::nullopt;
  return No{Reason::policy, "planned by the policy's lifetime", {}, *needed - before};
}

// Of the scheme that is not followed any more nothing begins.
std::optional<No> scheme_is_followed(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb != Verb::enter || !wanted.first || scheme_of(wanted.key().role()) == view.scheme) return std::nullopt;
  if (is_of_begun_chain(view, wanted.key())) return std::nullopt;
  return No{Reason::policy, "the zone changes to " + std::string{to_string(view.scheme)}, {}, {}};
}

// --- one rollover at a time ----------------------------------------------------------------------

std::optional<No> is_hidden(const KeyView& key) {
  if (key.completely_hidden()) return std::nullopt;
  for (const Record record : all_records) {
    if (auto no = awaits(key, record, State::hidden)) return no;
  }
  return std::nullopt;
}

bool serves_anything(const KeyView& key) {
  return std::ranges::any_of(all_records, [&](Record record) { return key.serves(record); });
}

// The way back to an algorithm whose KSK never left: the replaced ZSK is the only one that signs with that algorithm,
// and cannot go before the next one does (ksk_goes_first).
bool signs_until(const ZoneView& view, const KeyView& current, const KeyView& next) {
  const Algorithm algorithm = next.generation.algorithm;
  const KeyView* replaced = predecessor_of(view, current);
  const bool liberal = view.wishes.algorithm_rollover == AlgorithmRollover::liberal;
  if (liberal || next.role() != Role::zsk || !replaced || replaced->generation.algorithm != algorithm) return false;
  const bool alone = std::ranges::all_of(view.keys, [&](const KeyView& key) {
    const bool one_of_them = &key == replaced || &key == &current || &key == &next;
    return one_of_them || key.role() != Role::zsk || !key.introduced() || key.completely_hidden();
  });
  return alone && current.generation.algorithm != algorithm && std::ranges::any_of(view.keys, [&](const KeyView& key) {
           return key.role() == Role::ksk && key.generation.algorithm == algorithm && key.serves(Record::dnskey);
         });
}

// A chain takes over from one that is in use, or whose last record has left every cache.
std::optional<No> other_scheme_is_settled(const ZoneView& view, const KeyView& key) {
  for (const KeyView* before : predecessors_of(view, key)) {
    if (scheme_of(before->role()) == scheme_of(key.role())) continue;
    if (!before->in_use()) return No{Reason::rules, name_of(*before) + " is not in use yet", {}, {}};
    if (serves_anything(*before)) continue;
    if (auto no = is_hidden(*before)) return no;
  }
  return std::nullopt;
}

// Nothing of n+1 is introduced before n is in use and what n replaced is hidden. After a zone was
// unsigned nothing is before everything is hidden.
std::optional<No> predecessor_is_settled(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb != Verb::enter || !wanted.first) return std::nullopt;
  for (const KeyView* key : wanted.keys) {
    for (const KeyView& other : view.keys) {
      const bool concerns = other.role() == key->role() || scheme_of(other.role()) != scheme_of(key->role());
      if (!concerns || !other.out() || !other.introduced()) continue;
      if (auto no = is_hidden(other)) return no;  // given up, and not gone yet
    }
    if (auto no = other_scheme_is_settled(view, *key)) return no;
    const KeyView* current = predecessor_of(view, *key);
    if (!current) continue;
    if (!current->in_use()) {
      return No{Reason::rules, name_of(*current) + " is not in use yet", {}, {}};
    }
    if (!serves_anything(*current)) {
      if (auto no = is_hidden(*current)) return no;
      continue;
    }
    if (signs_until(view, *current, *key)) continue;
    for (const KeyView* replaced : predecessors_of(view, *current)) {
      if (auto no = is_hidden(*replaced)) return no;
    }
  }
  return std::nullopt;
}

bool only_waits_for_ds(const KeyView& incoming) {
  const RecordView& ds = incoming[Record::ds];
  return signs_keys(incoming.role()) && incoming.in_use() && ds.state == State::rumoured &&
         ds.missing.empty() && !ds.pending.empty();
}

// What it has so far is in every cache, and more is not wanted yet.
bool stands_by(const ZoneView& view, const KeyView& key) {
  if (key.in_use() || !(key.standby || view.wishes.standby(key.role())) || entry_of(view, key) != Entry::successor) return false;
  return std::ranges::all_of(all_records, [&](Record record) {
    return !key.was_introduced(record) || key[record].state == State::omnipresent;
  });
}

bool is_everywhere(const KeyView& key) {
  return std::ranges::all_of(all_records, [&](Record record) { return !key.has(record) || key[record].state == State::omnipresent; });
}

// The key that is on its way in, or whose predecessor is on its way out; null if none is.
const KeyView* rolling_key(const ZoneView& view, Role role) {
  for (const KeyView& key : view.keys) {
    if (key.role() != role || !key.introduced() || key.completely_hidden()) continue;
    const KeyPair before = predecessors_of(view, key);
    if (stands_by(view, key)) continue;
    const bool rolls = std::ranges::any_of(before, [&key](const KeyView* other) {
      return !other->completely_hidden() && (other->role() == key.role() || !is_everywhere(key));
    });
    if (rolls || (before.empty() && !key.in_use() && role == Role::zsk)) return &key;
  }
  return nullptr;
}

bool begins_rollover(const WantedStep& wanted) {
  return wanted.verb == Verb::enter && wanted.entry == Entry::successor &&
         (wanted.first || wanted.key().standby);
}

// Nobody can have a DS: there is no chain of trust that an unfinished rollover of the other role could break.
bool is_without_ds(const ZoneView& view) {
  return std::ranges::all_of(view.keys, [](const KeyView& key) {
    return !key.was_introduced(Record::ds) || key[Record::ds].state == State::hidden;
  });
}

// It waits for nothing but its time.
bool is_only_planned(const KeyView& key) {
  return !key.in_use() && !key.at_once && std::ranges::all_of(all_records, [&key](Record record) {
    return !key.was_introduced(record) || key[record].state == State::omnipresent;
  });
}

std::optional<No> other_role_is_settled(const ZoneView& view, const WantedStep& wanted) {
  if (!begins_rollover(wanted)) return std::nullopt;
  const Role role = wanted.key().role();
  const Role other = role == Role::ksk ? Role::zsk : Role::ksk;
  const KeyView* rolling = role == Role::csk ? nullptr : rolling_key(view, other);
  if (!rolling || only_waits_for_ds(*rolling)) return std::nullopt;
  if (role == Role::ksk && is_without_ds(view)) return std::nullopt;
  if (wanted.key().at_once && is_only_planned(*rolling)) return std::nullopt;
  return No{Reason::rules, "one rollover at a time: " + name_of(*rolling) + " is taking over", {}, {}};
}

std::optional<No> rules_guard(const ZoneView& view, const WantedStep& wanted);

// If both roles could begin now, the KSK goes first.
std::optional<No> ksk_first(const ZoneView& view, const WantedStep& wanted, Time now) {
  if (!begins_rollover(wanted) || wanted.key().role() != Role::zsk) return std::nullopt;
  for (const WantedStep& other : wanted_steps(view)) {
    const bool competes = begins_rollover(other) && other.key().role() == Role::ksk;
    if (competes && !schedule_guard(view, other, now) && !predecessor_is_settled(view, other) &&
        !rules_guard(view, other)) {
      return No{Reason::rules, "one rollover at a time: " + name_of(other.key()) + " goes first", {}, {}};
    }
  }
  return std::nullopt;
}

// A chain of another algorithm starts when no rollover is under way in either role.
std::optional<No> chain_enters_alone(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb != Verb::enter || wanted.entry == Entry::successor || !wanted.first) return std::nullopt;
  if (wanted.lacks_partner) {
    const Role role = wanted.key().role() == Role::ksk ? Role::zsk : Role::ksk;
    return No{Reason::rules, "a new chain needs a " + std::string{to_string(role)} + " of its algorithm, too",
              {}, {}};
  }
  for (const Role role : all_roles) {
    const KeyView* rolling = rolling_key(view, role);
    const bool itself = rolling && std::ranges::find(wanted.keys, rolling) != wanted.keys.end();
    const bool partner = rolling && rolling->generation.algorithm == wanted.key().generation.algorithm &&
                         scheme_of(role) == scheme_of(wanted.key().role());
    if (!rolling || itself || partner || signs_until(view, *rolling, wanted.key())) continue;
    return No{Reason::rules, "one rollover at a time: " + name_of(*rolling) + " is taking over", {}, {}};
  }
  return std::nullopt;
}

// --- what the signers can do ---------------------------------------------------------------------

// Of each algorithm such a server signs with KSK and ZSK, or with a CSK.
std::optional<No> signers_can_do_both(const ZoneView& view, const WantedStep& wanted) {
  const auto other = std::ranges::find_if(view.keys, [&](const KeyView& key) {
    return scheme_of(key.role()) != scheme_of(wanted.key().role()) &&
           key.generation.algorithm == wanted.key().generation.algorithm && serves_anything(key);
  });
  if (other == view.keys.end()) return std::nullopt;
  return No{Reason::signer, "not every DNS server can sign with it and with " + name_of(*other) + " at a time", {}, {}};
}

std::optional<No> signers_can(const ZoneView& view, const WantedStep& wanted) {
  if (wanted.verb == Verb::enter && wanted.first && view.swap != SwapAbility::exact) {
    if (auto no = signers_can_do_both(view, wanted)) return no;
  }
  const bool conservative = view.wishes.algorithm_rollover == AlgorithmRollover::conservative;
  const bool asks_too_much = wanted.verb == Verb::enter && wanted.first && conservative &&
                             wanted.entry == Entry::new_algorithm && view.swap != SwapAbility::exact;
  if (!asks_too_much) return std::nullopt;
  return No{Reason::signer,
            "not every DNS server can sign with a key that it does not publish yet; the policy's "
            "`algorithm-rollover liberal` lets both come at once",
            {}, {}};
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

// Whoever decides the withdrawal looks at the parent itself just before; also where no DS is known of, since who
// announced one may have lost that.
std::optional<No> removal_looks_at_parent(const ZoneView& view, const WantedStep& wanted) {
  const ParentView& parent = view.parent;
  const bool may_have_one = std::ranges::any_of(
      wanted.keys, [](const KeyView* key) { return key->has(Record::ds) && key->introduced(); });
  if (!may_have_one || !parent.configured || parent.agrees) return std::nullopt;
  // What people said of the DS of the zone counts for keys that have none, too.
  const bool has_ds = std::ranges::any_of(view.keys, [](const KeyView& key) {
    return key.was_introduced(Record::ds) && !key.completely_hidden();
  });
  if (parent.by_hand && has_ds && !parent.answered) return std::nullopt;
  const std::string why = parent.silent.empty() ? "asking it once more" : parent.silent;
  return No{Reason::parent, "the parent has to show the right DS now: " + why, {}, {}};
}

std::optional<No> parent_guard(const ZoneView& view, const WantedStep& wanted) {
  switch (wanted.verb) {
    case Verb::enter: {
      const bool alone = std::ranges::all_of(predecessors_of(view, wanted.key()), [](const KeyView* key) { return key->completely_hidden(); });
      const bool starts = wanted.entry == Entry::new_chain && wanted.first && alone;
      return starts ? start_needs_empty_parent(view) : std::nullopt;
    }
    case Verb::admit:
    case Verb::unchain: return std::nullopt;
    case Verb::leave:
    case Verb::drop:
    case Verb::unsign: return removal_looks_at_parent(view, wanted);
  }
  MUST(false);
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
    // Of a KSK and a ZSK the KSK: the rules ask who takes over the DS, and data is signed by both until then.
    if (const KeyPair successors = successors_of(view, key); !successors.empty()) {
      states.successor = static_cast<std::size_t>(*successors.begin() - view.keys.data());
    }
    all.push_back(states);
  }
  return all;
}

// A key that is leaving supports no other removal in its role: it may be removed at the same time.
void discount_leaving(const ZoneView& view, const WantedStep& wanted, std::vector<KeyStates>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const KeyView& key = view.keys[i];
    const bool subject = std::ranges::find(wanted.keys, &key) != wanted.keys.end();
    const bool leaves = key.out() || is_replaced(view, key);
    if (subject || !leaves || key.role() != wanted.key().role()) continue;
    for (const Record record : all_records) {
      if (record == Record::revoked) continue;
      State& state = all[i][record];
      if (state == State::omnipresent || state == State::rumoured) state = State::unretentive;
    }
  }
}

std::optional<No> rules_guard(const ZoneView& view, const WantedStep& wanted) {
  std::vector<KeyStates> before = states_of(view);
  const bool removes = wanted.verb == Verb::leave || wanted.verb == Verb::drop;
  if (removes) discount_leaving(view, wanted, before);
  std::vector<KeyStates> after = before;
  const auto set = [&](const KeyRecord& record, State state) {
    if (record.record == Record::revoked) return;  // it supports nothing
    const KeyView* key = find_key(view, record.key);
    after[static_cast<std::size_t>(key - view.keys.data())][record.record] = state;
  };
  for (const KeyRecord& record : wanted.step.introduces) set(record, State::rumoured);
  for (const KeyRecord& record : wanted.step.withdraws) set(record, State::unretentive);

  const auto rule = forbidden(before, after, !wanted.step.withdraws.empty(), view.wishes.insecure);
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
  if (auto no = nobody_suspended_it(view)) return no;
  if (wanted.verb == Verb::admit) return std::nullopt;  // it is so already
  if (auto no = schedule_guard(view, wanted, now)) return no;
  if (auto no = scheme_is_followed(view, wanted)) return no;
  if (auto no = predecessor_is_settled(view, wanted)) return no;
  if (auto no = other_role_is_settled(view, wanted)) return no;
  if (auto no = ksk_first(view, wanted, now)) return no;
  if (auto no = chain_enters_alone(view, wanted)) return no;
  if (auto no = signers_can(view, wanted)) return no;
  if (auto no = order_guard(view, wanted)) return no;
  if (auto no = parent_guard(view, wanted)) return no;
  if (auto no = rules_guard(view, wanted)) return no;
  return cache_guard(view, wanted);
}

}  // namespace rollcall
