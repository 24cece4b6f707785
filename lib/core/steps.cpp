// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/steps.h"

#include <algorithm>
#include <iterator>

namespace rollcall {
namespace {

constexpr Record all_records[] = {Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds};

void introduce(Step& step, const KeyView& key, std::initializer_list<Record> records) {
  for (const Record record : records) step.introduces.push_back({key.key, record});
}

void introduce_published(Step& step, const KeyView& key) {
  if (key.generation.role == Role::ksk) {
    introduce(step, key, {Record::dnskey, Record::krrsig});
  } else {
    introduce(step, key, {Record::dnskey});
  }
}

void withdraw_all_served(Step& step, const KeyView& key) {
  for (const Record record : all_records) {
    const RecordView& seen = key[record];
    if (seen.state != State::hidden && !seen.withdrawn) step.withdraws.push_back({key.key, record});
  }
}

std::string list_of(const ZoneView& view, const std::vector<KeyRecord>& records) {
  std::string text;
  for (auto at = records.begin(); at != records.end();) {
    if (!text.empty()) text += " and ";
    const Fingerprint& key = at->key;
    std::string names;
    for (; at != records.end() && at->key == key; ++at) {
      if (!names.empty()) names += '+';
      names += to_string(at->record);
    }
    text += names + " of " + name_of(*find_key(view, key));
  }
  return text;
}

WantedStep finished(const ZoneView& view, WantedStep wanted) {
  Step& step = wanted.step;
  std::ranges::sort(step.introduces);
  std::ranges::sort(step.withdraws);
  if (!step.introduces.empty()) step.text = "introduce " + list_of(view, step.introduces);
  if (!step.withdraws.empty()) {
    if (!step.text.empty()) step.text += ", ";
    step.text += "withdraw " + list_of(view, step.withdraws);
  }
  return wanted;
}

const KeyView* first_of(const ZoneView& view, Role role) {
  const auto found = std::ranges::find_if(
      view.keys, [role](const KeyView& key) { return key.generation.role == role; });
  return found == view.keys.end() ? nullptr : &*found;
}

bool nothing_introduced(const ZoneView& view) {
  return std::ranges::none_of(view.keys, [](const KeyView& key) { return key.introduced(); });
}

WantedStep start_step(const KeyView& ksk, const KeyView& zsk) {
  WantedStep wanted{Verb::start, &ksk, nullptr, nullptr, {}};
  introduce_published(wanted.step, ksk);
  introduce_published(wanted.step, zsk);
  introduce(wanted.step, zsk, {Record::zrrsig});
  return wanted;
}

// The signatures of a predecessor are swapped with the new ones where every signer can; elsewhere
// they leave with its DNSKEY. A DS is always swapped: the parent does that.
WantedStep use_step(const ZoneView& view, const KeyView& key, const KeyView* predecessor) {
  WantedStep wanted{Verb::use, &key, predecessor, nullptr, {}};
  introduce(wanted.step, key, {key.use()});
  const bool swaps = key.generation.role == Role::ksk || view.swap == SwapAbility::exact;
  if (predecessor && swaps) {
    const RecordView& old = (*predecessor)[key.use()];
    if (old.state != State::hidden && !old.withdrawn) {
      wanted.step.withdraws.push_back({predecessor->key, key.use()});
    }
  }
  return wanted;
}

std::optional<WantedStep> next_step(const ZoneView& view, const KeyView& key) {
  const KeyView* predecessor = predecessor_of(view, key);
  if (!key.introduced()) {
    WantedStep wanted{Verb::publish, &key, predecessor, nullptr, {}};
    introduce_published(wanted.step, key);
    return wanted;
  }
  if (!key.in_use()) return use_step(view, key, predecessor);

  const KeyView* successor = successor_of(view, key);
  if (!successor || !successor->in_use()) return std::nullopt;
  WantedStep wanted{Verb::remove, &key, nullptr, successor, {}};
  withdraw_all_served(wanted.step, key);
  if (wanted.step.withdraws.empty()) return std::nullopt;
  return wanted;
}

}  // namespace

std::string name_of(const KeyView& key) {
  return std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag);
}

const KeyView* find_key(const ZoneView& view, const Fingerprint& key) {
  const auto found = std::ranges::find(view.keys, key, &KeyView::key);
  return found == view.keys.end() ? nullptr : &*found;
}

// Keys stand by role, then by generation; voided generations leave gaps in the numbers only.
const KeyView* predecessor_of(const ZoneView& view, const KeyView& key) {
  const auto at = view.keys.begin() + (&key - view.keys.data());
  if (at == view.keys.begin()) return nullptr;
  const KeyView& before = *std::prev(at);
  return before.generation.role == key.generation.role ? &before : nullptr;
}

const KeyView* successor_of(const ZoneView& view, const KeyView& key) {
  const auto after = view.keys.begin() + (&key - view.keys.data()) + 1;
  if (after == view.keys.end()) return nullptr;
  return after->generation.role == key.generation.role ? &*after : nullptr;
}

std::vector<WantedStep> wanted_steps(const ZoneView& view) {
  std::vector<WantedStep> steps;
  if (nothing_introduced(view)) {
    const KeyView* ksk = first_of(view, Role::ksk);
    const KeyView* zsk = first_of(view, Role::zsk);
    if (ksk && zsk) steps.push_back(finished(view, start_step(*ksk, *zsk)));
    return steps;
  }
  for (const KeyView& key : view.keys) {
    if (auto wanted = next_step(view, key)) steps.push_back(finished(view, std::move(*wanted)));
  }
  return steps;
}

}  // namespace rollcall
