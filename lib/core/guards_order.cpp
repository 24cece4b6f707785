// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/guards_order.h"

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall {
namespace {

std::string record_of(Record record, const KeyView& key) {
  return std::string{to_string(record)} + " of " + name_of(key);
}

// What entered before this stage has to be in every cache.
std::optional<No> earlier_stages_are_everywhere(const WantedStep& wanted) {
  for (const KeyView* key : wanted.keys) {
    for (const Record record : all_records) {
      if (!key->has(record) || !key->was_introduced(record)) continue;
      if (auto no = awaits(*key, record, State::omnipresent)) return no;
    }
  }
  return std::nullopt;
}

// A DS is introduced only above data that is signed in every cache with its algorithm.
std::optional<No> ds_waits_for_zone(const ZoneView& view, const WantedStep& wanted) {
  const KeyView& key = wanted.key();
  const bool first_ds = wanted.last && signs_keys(key.role()) && wanted.entry != Entry::successor;
  if (!first_ds) return std::nullopt;
  const KeyView* signing = nullptr;
  for (const KeyView& other : view.keys) {
    const bool fits = signs_zone(other.role()) && other.serves(Record::zrrsig) &&
                      other.generation.algorithm == key.generation.algorithm;
    if (fits) signing = &other;
  }
  if (!signing) return No{Reason::rules, "no ZSK is in use", {}, {}};
  if (auto no = awaits(*signing, Record::dnskey, State::omnipresent)) return no;
  return awaits(*signing, Record::zrrsig, State::omnipresent);
}

// The DS that a new one stands beside, or takes over from, has to be at the parent first.
std::optional<No> old_ds_is_everywhere(const ZoneView& view, const WantedStep& wanted) {
  const bool adds_ds = std::ranges::any_of(
      wanted.step.introduces, [](const KeyRecord& record) { return record.record == Record::ds; });
  if (!adds_ds) return std::nullopt;
  for (const KeyView* predecessor : predecessors_of(view, wanted.key())) {
    if (!predecessor->serves(Record::ds)) continue;
    if (auto no = awaits(*predecessor, Record::ds, State::omnipresent)) return no;
  }
  return std::nullopt;
}

// What replaces the key has to be in every cache, and what left of it already in none.
std::optional<No> replacement_is_everywhere(const ZoneView& view, const KeyView& key) {
  for (const KeyView* successor : successors_of(view, key)) {
    for (const Record record : all_records) {
      if (!successor->has(record)) continue;  // withdrawn already: the zone was on its way to insecure
      const State wanted = successor->serves(record) ? State::omnipresent : State::hidden;
      if (auto no = awaits(*successor, record, wanted)) return no;
    }
  }
  for (const Record record : all_records) {
    if (!key.was_introduced(record)) continue;
    const State wanted = key.serves(record) ? State::omnipresent : State::hidden;
    if (auto no = awaits(key, record, wanted)) return no;
  }
  return std::nullopt;
}

bool signs_on(const ZoneView& view, const KeyView& key) {
  return signs_zone(key.role()) && key.serves(Record::dnskey) && key.serves(Record::zrrsig) && !is_leaving(view, key);
}

// The signatures of an algorithm stay until no cache has a DNSKEY of it, or every cache has those of another key of
// it. RFC 6781, 4.1.4.
std::optional<No> algorithm_is_gone(const ZoneView& view, const WantedStep& wanted) {
  if (view.wishes.algorithm_rollover == AlgorithmRollover::liberal) return std::nullopt;
  const bool only_signatures = std::ranges::all_of(wanted.step.withdraws, [](const KeyRecord& record) {
    return record.record == Record::zrrsig;
  });
  const auto takes_its_place = [&](const KeyView& key) {
    return key.generation.algorithm == wanted.key().generation.algorithm && signs_on(view, key) &&
           key[Record::zrrsig].state == State::omnipresent;
  };
  if (!only_signatures || std::ranges::any_of(view.keys, takes_its_place)) return std::nullopt;
  for (const KeyView& other : view.keys) {
    if (other.generation.algorithm != wanted.key().generation.algorithm) continue;
    if (auto no = awaits(other, Record::dnskey, State::hidden)) return no;
  }
  return std::nullopt;
}

// A key that is given up leaves by stages, too.
std::optional<No> what_left_is_hidden(const ZoneView& view, const WantedStep& wanted) {
  const KeyView& key = wanted.key();
  for (const Record record : all_records) {
    if (!key.was_introduced(record) || key.serves(record)) continue;
    if (auto no = awaits(key, record, State::hidden)) return no;
  }
  return signs_zone(key.role()) ? algorithm_is_gone(view, wanted) : std::nullopt;
}

// While a KSK of an algorithm is published, a ZSK of it has to be: who insists on every algorithm of
// the DNSKEY RRset wants data signed by it. RFC 4035, 2.2.
std::optional<No> ksk_goes_first(const ZoneView& view, const WantedStep& wanted) {
  if (view.wishes.algorithm_rollover == AlgorithmRollover::liberal) return std::nullopt;
  for (const KeyView* zsk : wanted.keys) {
    const KeyRecord dnskey{zsk->key, Record::dnskey};
    const bool removed = std::ranges::find(wanted.step.withdraws, dnskey) != wanted.step.withdraws.end();
    if (zsk->role() != Role::zsk || !removed) continue;
    const auto of_its_algorithm = [zsk](const KeyView& key) {
      return key.generation.algorithm == zsk->generation.algorithm;
    };
    const bool another = std::ranges::any_of(
        view.keys, [&](const KeyView& key) { return of_its_algorithm(key) && signs_on(view, key); });
    for (const KeyView& ksk : view.keys) {
      const bool together = std::ranges::find(wanted.keys, &ksk) != wanted.keys.end();
      if (another || together || ksk.role() != Role::ksk || !of_its_algorithm(ksk)) continue;
      if (auto no = awaits(ksk, Record::dnskey, State::hidden)) return no;
    }
  }
  return std::nullopt;
}

std::optional<No> everybody_gave_up(const KeyView& key) {
  if (key.unaware.empty() && key.abandoned) return std::nullopt;
  return No{Reason::member, "not every member has answered that it gave up " + name_of(key), key.unaware, {}};
}

// A DS that comes in by itself meanwhile relies on the one that is there.
std::optional<No> no_other_ds_comes(const ZoneView& view) {
  if (view.electing) {
    return No{Reason::member, "not every member has answered the candidates for the next key", *view.electing, {}};
  }
  for (const KeyView& key : view.keys) {
    if (!signs_keys(key.role()) || key.introduced()) continue;
    if (auto no = everybody_gave_up(key)) return no;
  }
  return std::nullopt;
}

// Nothing is left that could lead a cache into the zone, and nobody will put it there again.
std::optional<No> nobody_relies_on_zone(const ZoneView& view) {
  for (const KeyView& key : view.keys) {
    if (!key.was_introduced(Record::ds)) continue;
    if (auto no = awaits(key, Record::ds, State::hidden)) return no;
  }
  for (const KeyView& key : view.keys) {
    if (key.completely_hidden()) continue;
    if (auto no = everybody_gave_up(key)) return no;
  }
  return std::nullopt;
}

}  // namespace

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

std::optional<No> order_guard(const ZoneView& view, const WantedStep& wanted) {
  switch (wanted.verb) {
    case Verb::enter:
      if (auto no = earlier_stages_are_everywhere(wanted)) return no;
      if (auto no = old_ds_is_everywhere(view, wanted)) return no;
      return ds_waits_for_zone(view, wanted);
    case Verb::leave:
      for (const KeyView* key : wanted.keys) {
        if (auto no = replacement_is_everywhere(view, *key)) return no;
      }
      if (auto no = ksk_goes_first(view, wanted)) return no;
      return algorithm_is_gone(view, wanted);
    case Verb::drop:
      if (auto no = everybody_gave_up(wanted.key())) return no;
      if (auto no = ksk_goes_first(view, wanted)) return no;
      return what_left_is_hidden(view, wanted);
    case Verb::admit: return std::nullopt;
    case Verb::unchain: return no_other_ds_comes(view);
    case Verb::unsign: return nobody_relies_on_zone(view);
  }
  MUST(false);
}

}  // namespace rollcall
