// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/decide.h"

#include <algorithm>

#include "lib/core/guards.h"
#include "lib/core/steps.h"

namespace rollcall {
namespace {

constexpr Record all_records[] = {Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds};

void earliest(std::optional<Time>& again, std::optional<Time> candidate) {
  if (candidate) again = std::min(again.value_or(*candidate), *candidate);
}

Hold hold_for(const WantedStep& wanted, No no) {
  return {no.reason, wanted.step.text, std::move(no.text), std::move(no.waits_for), no.until};
}

}  // namespace

bool KeyView::introduced() const {
  return std::ranges::any_of(records, [](const RecordView& record) {
    return record.state != State::hidden || record.withdrawn;
  });
}

bool KeyView::in_use() const {
  const RecordView& record = (*this)[use()];
  return record.state != State::hidden || record.withdrawn;
}

bool KeyView::completely_hidden() const {
  return introduced() && std::ranges::all_of(records, [](const RecordView& record) {
           return record.state == State::hidden;
         });
}

Plan decide(const ZoneView& view, Time now) {
  Plan plan;
  for (const WantedStep& wanted : wanted_steps(view)) {
    auto no = first_no(view, wanted, now);
    if (!no) {
      plan.steps.push_back(wanted.step);
      continue;
    }
    if (no->reason == Reason::parent) plan.ask_parent = true;
    plan.holds.push_back(hold_for(wanted, std::move(*no)));
    earliest(plan.again, plan.holds.back().until);
  }
  for (const KeyView& key : view.keys) {
    for (const Record record : all_records) earliest(plan.again, key[record].until);
  }
  return plan;
}

}  // namespace rollcall
