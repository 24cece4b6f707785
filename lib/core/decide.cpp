// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/decide.h"

#include <algorithm>

#include "lib/core/guards.h"
#include "lib/core/steps.h"

namespace rollcall {
namespace {

void earliest(std::optional<Time>& again, std::optional<Time> candidate) {
  if (candidate) again = std::min(again.value_or(*candidate), *candidate);
}

Hold hold_for(const WantedStep& wanted, No no) {
  return {no.reason, wanted.step.text, std::move(no.text), std::move(no.waits_for), no.until};
}

// Without this key the zone is signed as its DS wants it.
bool signs_beside(const ZoneView& view, const KeyView& key) {
  return std::ranges::any_of(view.keys, [&key](const KeyView& other) {
    return &other != &key && signs_zone(other.role()) && other.in_use() && other.serves(Record::zrrsig) && !other.stranded &&
           !other.abandoned;
  });
}

// In the way of the next one: of another scheme or algorithm than the policy's, and standing by, or waiting for
// a partner that will not come.
bool is_of_no_use(const ZoneView& view, const KeyView& key) {
  if (key.in_use()) return key.stranded && key.generation.algorithm != view.wishes.algorithm && signs_beside(view, key);
  if (key.was_introduced(Record::ds) && !key.serves(Record::ds)) return true;  // it cannot come back
  if (scheme_of(key.role()) != view.scheme) {
    const bool is_urgent = key.at_once && key.introduced() && entry_of(view, key) == Entry::successor;
    return !is_urgent && (!is_of_begun_chain(view, key) || !has_partner(view, key));
  }
  if (key.generation.algorithm == view.wishes.algorithm) return false;
  if (key.standby) return true;
  return !key.introduced() && entry_of(view, key) != Entry::successor && !has_partner(view, key);
}

// A zone is unsigned only after everybody gave up its keys. One that is not used yet goes first: who has
// not heard that the zone is to be insecure would put its DS in the place of the one that is withdrawn.
Step giving_up(const ZoneView& view) {
  Step step;
  const bool has_ds = std::ranges::any_of(view.keys, [](const KeyView& key) {
    return key[Record::ds].state != State::hidden;
  });
  const bool unsigning = view.wishes.insecure && !has_ds;
  step.why = view.wishes.insecure ? "the zone is to be insecure" : "of no use for what the policy wants";
  for (const KeyView& key : view.keys) {
    const bool of_no_use = is_of_no_use(view, key);
    const bool unused = view.wishes.insecure && signs_keys(key.role()) && !key.introduced();
    const bool gives_up = unused || (unsigning && !key.completely_hidden());
    if (key.abandoned || !(gives_up || of_no_use)) continue;
    step.abandons.push_back(key.key);
    step.text += (step.text.empty() ? "give up " : " and ") + name_of(key);
  }
  std::ranges::sort(step.abandons);
  return step;
}

// A policy that cannot be followed is told, too.
void hold_for_scheme(const ZoneView& view, Plan& plan) {
  if (view.scheme == view.wishes.scheme || view.wishes.insecure) return;
  const std::string step = "change to " + std::string{to_string(view.wishes.scheme)};
  const bool has_begun = std::ranges::any_of(view.keys, [&view](const KeyView& key) {
    return scheme_of(key.role()) == view.wishes.scheme && key.introduced() && !key.past();
  });
  if (has_begun) {
    return plan.holds.push_back(
        {Reason::policy, step, "the change to " + std::string{to_string(view.scheme)} + ", which has begun, ends first", {}, {}});
  }
  plan.holds.push_back({Reason::signer, step,
                        "not every DNS server can sign with a CSK and with KSK and ZSK of one algorithm at a time; it goes with "
                        "another `algorithm` and `algorithm_rollover=liberal` in the same policy, or by going insecure and back",
                        {}, {}});
}

// No wait for the parent is silent, even if no step needs it now.
void hold_for_parent(const ZoneView& view, Plan& plan) {
  const bool told = std::ranges::any_of(
      plan.holds, [](const Hold& hold) { return hold.reason == Reason::parent; });
  if (told) return;
  for (const KeyView& key : view.keys) {
    const RecordView& ds = key[Record::ds];
    if (!ds.missing.empty() || ds.pending.empty()) continue;
    plan.holds.push_back({Reason::parent, "the DS of " + name_of(key), ds.pending, {}, {}});
    return;
  }
}

}  // namespace

bool KeyView::was_introduced(Record record) const {
  const RecordView& seen = (*this)[record];
  return seen.state != State::hidden || seen.withdrawn;
}

bool KeyView::serves(Record record) const {
  return was_introduced(record) && !(*this)[record].withdrawn;
}

bool KeyView::introduced() const {
  return std::ranges::any_of(all_records, [this](Record record) { return was_introduced(record); });
}

bool KeyView::in_use() const {
  return std::ranges::all_of(
      all_records, [this](Record record) { return !has(record) || was_introduced(record); });
}

bool KeyView::completely_hidden() const {
  return introduced() && std::ranges::all_of(records, [](const RecordView& record) {
           return record.state == State::hidden;
         });
}

Wishes wishes_of(const Policy& policy, const ZoneConfig& zone) {
  return {.algorithm = policy.algorithm,
          .scheme = policy.scheme,
          .zsk_rollover = policy.zsk_rollover,
          .ksk_rollover = policy.ksk_rollover,
          .algorithm_rollover = policy.algorithm_rollover,
          .standby_ksk = policy.standby_ksk,
          .standby_zsk = policy.standby_zsk,
          .trust_anchor = policy.trust_anchor,
          .insecure = zone.insecure,
          .manual = policy.manual,
          .suspended = zone.suspended};
}

Plan decide(const ZoneView& view, Time now) {
  Plan plan;
  for (const WantedStep& wanted : wanted_steps(view)) {
    auto no = first_no(view, wanted, now);
    if (!no && !view.wishes.manual) {
      plan.steps.push_back(wanted.step);
      continue;
    }
    if (!no) {
      plan.permitted.push_back(wanted.step);
      no = No{Reason::operator_, "manual mode: `rollcall step " + view.zone.name + "` lets it happen", {}, {}};
    }
    if (no->reason == Reason::parent) plan.ask_parent = true;
    plan.holds.push_back(hold_for(wanted, std::move(*no)));
    earliest(plan.again, plan.holds.back().until);
  }
  hold_for_parent(view, plan);
  hold_for_scheme(view, plan);
  if (Step step = giving_up(view); !step.abandons.empty() && !view.wishes.suspended) {
    plan.steps.push_back(std::move(step));
  }
  for (const KeyView& key : view.keys) {
    for (const Record record : all_records) earliest(plan.again, key[record].until);
  }
  return plan;
}

}  // namespace rollcall
