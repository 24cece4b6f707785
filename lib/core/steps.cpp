// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/steps.h"

#include <algorithm>
#include <iterator>

namespace rollcall {
namespace {

// --- texts ---------------------------------------------------------------------------------------

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

// --- records of a stage --------------------------------------------------------------------------

bool remains_to_introduce(const KeyView& key, const RecordSet& records) {
  return std::ranges::any_of(all_records, [&](Record record) {
    return records.contains(record) && key.has(record) && !key.was_introduced(record);
  });
}

bool remains_to_withdraw(const KeyView& key, const RecordSet& records) {
  return std::ranges::any_of(
      all_records, [&](Record record) { return records.contains(record) && key.serves(record); });
}

void introduce(Step& step, const KeyView& key, const RecordSet& records) {
  for (const Record record : all_records) {
    const bool wanted = records.contains(record) && key.has(record) && !key.was_introduced(record);
    if (wanted) step.introduces.push_back({key.key, record});
  }
}

void withdraw(Step& step, const KeyView& key, const RecordSet& records) {
  for (const Record record : all_records) {
    if (records.contains(record) && key.serves(record)) step.withdraws.push_back({key.key, record});
  }
}

constexpr RecordSet everything{Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds,
                               Record::revoked};

// --- keys on their way in ------------------------------------------------------------------------

struct NextStage {
  Stage stage;
  bool first, last;
};

// A new DS, or one below which no DNSKEY is yet, takes an old one that is there.
Wishes wishes_for(const ZoneView& view, const KeyView& key) {
  Wishes wishes = view.wishes;
  const KeyView* predecessor = predecessor_of(view, key);
  const bool supported = predecessor && predecessor->serves(Record::ds);
  if (!supported && !key.was_introduced(Record::ds)) wishes.ksk_rollover = KskRollover::double_ksk;
  return wishes;
}

std::optional<NextStage> next_stage_in(const ZoneView& view, const KeyView& key) {
  const auto stages = stages_in(key.role(), entry_of(view, key), wishes_for(view, key), view.swap);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (remains_to_introduce(key, stages[i].records)) {
      return NextStage{stages[i], !key.introduced(), i + 1 == stages.size()};
    }
  }
  return std::nullopt;
}

void enter(const ZoneView& view, WantedStep& wanted, const KeyView& key, const Stage& stage) {
  wanted.keys.push_back(&key);
  introduce(wanted.step, key, stage.records);
  for (const KeyView* predecessor : predecessors_of(view, key)) withdraw(wanted.step, *predecessor, stage.replaces);
}

// The DNSKEYs of a chain come as one change: the KSK's step has the ZSK's in it.
std::optional<WantedStep> step_in(const ZoneView& view, const KeyView& key) {
  const auto next = next_stage_in(view, key);
  if (!next) return std::nullopt;
  WantedStep wanted{.verb = Verb::enter, .keys = {}, .entry = entry_of(view, key),
                    .first = next->first, .last = next->last, .lacks_partner = false, .step = {}};
  enter(view, wanted, key, next->stage);
  const bool alone = wanted.entry == Entry::successor || key.role() == Role::csk;
  const bool used_by_ds = next->stage.records.contains(Record::ds);
  if (alone || used_by_ds) return finished(view, std::move(wanted));

  const KeyView* partner = partner_of(view, key);
  if (!partner) {
    wanted.lacks_partner = !has_partner(view, key);
  } else if (next->stage.records.contains(Record::dnskey) && !partner->was_introduced(Record::dnskey)) {
    if (key.role() == Role::zsk) return std::nullopt;  // it is part of the KSK's step
    const auto theirs = next_stage_in(view, *partner);
    const bool ready = theirs && theirs->stage.records.contains(Record::dnskey);
    if (!ready) return std::nullopt;  // its signatures come first
    enter(view, wanted, *partner, theirs->stage);
  }
  return finished(view, std::move(wanted));
}

// --- keys on their way out -----------------------------------------------------------------------

std::optional<RecordSet> next_stage_out(const ZoneView& view, const KeyView& key) {
  const Entry entry = keeps_algorithm(view, key) ? Entry::successor : Entry::new_algorithm;
  for (const RecordSet& records : stages_out(key.role(), entry, view.wishes, view.swap)) {
    if (remains_to_withdraw(key, records)) return records;
  }
  return std::nullopt;
}

// Resolvers of RFC 5011 are told that a key is not to be trusted any more.
bool is_to_be_revoked(const ZoneView& view, const KeyView& key, const Step& step) {
  const KeyRecord dnskey{key.key, Record::dnskey};
  const bool removed = std::ranges::find(step.withdraws, dnskey) != step.withdraws.end();
  return view.wishes.trust_anchor && signs_keys(key.role()) && key.in_use() && removed &&
         !key.was_introduced(Record::revoked);
}

void leave(const ZoneView& view, WantedStep& wanted, const KeyView& key, const RecordSet& records) {
  wanted.keys.push_back(&key);
  withdraw(wanted.step, key, records);
  if (is_to_be_revoked(view, key, wanted.step)) {
    wanted.step.introduces.push_back({key.key, Record::revoked});
  }
}

// The other key of a chain that was replaced by one of another algorithm: both leave together.
const KeyView* partner_out(const ZoneView& view, const KeyView& key) {
  const auto found = std::ranges::find_if(view.keys, [&](const KeyView& other) {
    return other.role() != key.role() && other.generation.algorithm == key.generation.algorithm &&
           other.serves(Record::dnskey) && is_replaced(view, other) && !keeps_algorithm(view, other);
  });
  return found == view.keys.end() ? nullptr : &*found;
}

std::optional<WantedStep> step_out(const ZoneView& view, const KeyView& key) {
  if (!is_replaced(view, key)) return std::nullopt;
  WantedStep wanted{.verb = Verb::leave, .keys = {}, .entry = {}, .first = false, .last = false,
                    .lacks_partner = false, .step = {}};
  if (key.serves(Record::revoked)) {
    leave(view, wanted, key, {Record::revoked});
    return finished(view, std::move(wanted));
  }
  const auto records = next_stage_out(view, key);
  if (!records) return std::nullopt;
  leave(view, wanted, key, *records);

  if (!keeps_algorithm(view, key) && records->contains(Record::dnskey) && key.role() != Role::csk) {
    const KeyView* partner = partner_out(view, key);
    if (partner && key.role() == Role::zsk) return std::nullopt;  // it is part of the KSK's step
    const auto theirs = partner ? next_stage_out(view, *partner) : std::nullopt;
    if (theirs) leave(view, wanted, *partner, *theirs);
  }
  return finished(view, std::move(wanted));
}

WantedStep withdraw_from_all(const ZoneView& view, Verb verb, const RecordSet& records) {
  WantedStep wanted{.verb = verb, .keys = {}, .entry = {}, .first = false, .last = false,
                    .lacks_partner = false, .step = {}};
  for (const KeyView& key : view.keys) {
    if (!remains_to_withdraw(key, records)) continue;
    wanted.keys.push_back(&key);
    withdraw(wanted.step, key, records);
  }
  return wanted;
}

// First every DS leaves the parent and the caches, then the zone is unsigned.
std::vector<WantedStep> steps_to_insecure(const ZoneView& view) {
  for (const auto& [verb, records] : {std::pair{Verb::unchain, RecordSet{Record::ds}},
                                      std::pair{Verb::unsign, everything}}) {
    WantedStep wanted = withdraw_from_all(view, verb, records);
    if (!wanted.keys.empty()) return {finished(view, std::move(wanted))};
  }
  return {};
}

// Whoever announced it lost that, or pasted it too early: caches may have it, and so it counts.
std::optional<WantedStep> step_to_admit(const ZoneView& view, const KeyView& key) {
  const bool unexpected = key.has(Record::ds) && key.introduced() && !key.was_introduced(Record::ds) &&
                          std::ranges::find(view.parent.shows, key.key) != view.parent.shows.end();
  if (!unexpected) return std::nullopt;
  WantedStep wanted{.verb = Verb::admit, .keys = {&key}, .entry = {}, .first = false, .last = false,
                    .lacks_partner = false, .step = {}};
  introduce(wanted.step, key, {Record::ds});
  return finished(view, std::move(wanted));
}

std::optional<WantedStep> next_step(const ZoneView& view, const KeyView& key) {
  if (on_its_way_in(key)) return step_in(view, key);
  if (!key.out()) return step_out(view, key);
  for (const RecordSet& records : stages_out(key.role(), entry_of(view, key), view.wishes, view.swap)) {
    if (!remains_to_withdraw(key, records)) continue;
    WantedStep wanted{.verb = Verb::drop, .keys = {&key}, .entry = {}, .first = false, .last = false,
                      .lacks_partner = false, .step = {}};
    withdraw(wanted.step, key, records);
    return finished(view, std::move(wanted));
  }
  return std::nullopt;
}

}  // namespace

std::string name_of(const KeyView& key) {
  return std::string{to_string(key.role())} + ' ' + std::to_string(key.key_tag);
}

const KeyView* find_key(const ZoneView& view, const Fingerprint& key) {
  const auto found = std::ranges::find(view.keys, key, &KeyView::key);
  return found == view.keys.end() ? nullptr : &*found;
}

std::vector<WantedStep> wanted_steps(const ZoneView& view) {
  std::vector<WantedStep> steps;
  for (const KeyView& key : view.keys) {
    if (auto wanted = step_to_admit(view, key)) steps.push_back(std::move(*wanted));
  }
  if (!steps.empty()) return steps;
  if (view.wishes.insecure) return steps_to_insecure(view);
  for (const KeyView& key : view.keys) {
    if (auto wanted = next_step(view, key)) steps.push_back(std::move(*wanted));
  }
  return steps;
}

}  // namespace rollcall
