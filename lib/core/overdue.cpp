// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/overdue.h"

#include <algorithm>

#include "lib/core/steps.h"
#include "lib/core/timing.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

// --- the parent

// When the parent was first told, by one of the equal decisions.
Time announced_at(const ZoneBook& book, const Fingerprint& key) {
  const std::vector<FactId>& change = book.history({key, Record::ds}).last_change();
  std::optional<Time> first;
  for (const auto& decision : book.decisions()) {
    if (std::ranges::find(change, decision.id) == change.end()) continue;
    first = std::min(first.value_or(decision.created), decision.created);
  }
  MUST(first);
  return *first;
}

std::vector<OverdueHold> overdue_ds(const ZoneView& view, const ZoneBook& book, Time before) {
  std::vector<OverdueHold> overdue;
  for (const KeyView& key : view.keys) {
    const RecordView& ds = key[Record::ds];
    if (ds.pending.empty() || !ds.missing.empty()) continue;
    const Time since = announced_at(book, key.key);
    if (since >= before) continue;
    overdue.push_back(
        {{Reason::parent, "the DS of " + name_of(key), ds.pending, {}, {}}, since, key.key});
  }
  return overdue;
}

// --- steps

Time last_change(const ZoneBook& book) {
  Time last{};
  const auto look = [&last](const auto& facts) {
    for (const auto& fact : facts) last = std::max(last, fact.created);
  };
  look(book.candidates());
  look(book.requests());
  look(book.decisions());
  look(book.observations());
  look(book.abandons());
  return last;
}

// Of whatever record: a CSK has them all.
Seconds longest_wait(const Intervals& intervals) {
  return std::max(publication_interval(Role::csk, intervals),
                  retire_interval(Role::csk, intervals));
}

bool caches_still_follow(const ZoneView& view) {
  return std::ranges::any_of(view.keys, [](const KeyView& key) {
    return std::ranges::any_of(key.records,
                               [](const RecordView& record) { return record.until.has_value(); });
  });
}

// Neither time nor the policy's schedule ends it.
bool is_stuck(const Hold& hold) {
  return !hold.until && hold.reason != Reason::policy && hold.reason != Reason::time;
}

// One that waits for somebody says more than one that waits for another step.
const Hold* stuck_hold(const std::vector<Hold>& holds, bool ds_is_overdue) {
  const auto by_itself = std::ranges::find_if(holds, [&](const Hold& hold) {
    return is_stuck(hold) && hold.reason != Reason::rules &&
           !(ds_is_overdue && hold.reason == Reason::parent);
  });
  if (by_itself != holds.end()) return &*by_itself;
  const auto any = ds_is_overdue ? holds.end() : std::ranges::find_if(holds, is_stuck);
  return any == holds.end() ? nullptr : &*any;
}

}  // namespace

std::vector<OverdueHold> overdue_holds(const ZoneView& view, const ZoneBook& book,
                                       const std::vector<Hold>& holds, Seconds patience, Time now) {
  if (view.wishes.suspended) return {};  // it is to wait
  auto overdue = overdue_ds(view, book, now - patience);
  const Hold* stuck = stuck_hold(holds, !overdue.empty());
  if (stuck == nullptr || caches_still_follow(view)) return overdue;
  const Time since = last_change(book);
  if (since + longest_wait(view.intervals) < now - patience)
    overdue.push_back({*stuck, since, std::nullopt});
  return overdue;
}

}  // namespace rollcall
