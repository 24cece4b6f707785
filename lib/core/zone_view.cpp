// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/zone_view.h"

#include <algorithm>
#include <utility>

#include "lib/core/succession.h"
#include "lib/core/timing.h"

namespace rollcall {
namespace {

// The keys that matter: final winners, and whatever was ever introduced.
std::vector<Stated<Candidate>> keys_of(const Lens& lens) {
  std::vector<Stated<Candidate>> keys;
  for (const Role role : all_roles) {
    for (std::uint32_t n = 1; n <= lens.book.newest_generation(role); ++n) {
      const auto& candidates = lens.book.candidates_of(role, n);
      const bool over = std::ranges::all_of(
          candidates, [&](const auto& candidate) { return lens.ended.contains(candidate.id); });
      if (over) continue;
      const Election election = elect(lens.book, role, n, lens.acks);
      for (const auto& candidate : election.candidates) {
        const bool wins = election.winner && election.winner->id == candidate.id;
        const bool matters = wins || lens.book.ever_introduced(candidate->fingerprint);
        if (matters && !lens.ended.contains(candidate.id)) keys.push_back(candidate);
      }
    }
  }
  return keys;
}

bool seen_as_wanted(const Observation& observation, const Fingerprint& key, bool wanted) {
  const auto in = [&](const std::vector<Fingerprint>& list) {
    return std::ranges::find(list, key) != list.end();
  };
  return wanted ? in(observation.ds) : !in(observation.ds) && !in(observation.ds_somewhere);
}

// Whether the DNSKEY was withdrawn by a decision that rests on one of these.
bool removal_rests_on(const ZoneBook& book, const Fingerprint& key, const std::vector<FactId>& ds_withdrawals) {
  const auto& removals = book.history({key, Record::dnskey}).withdrawn_by;
  if (removals.empty()) return false;
  return std::ranges::any_of(book.decisions(), [&](const auto& decision) {
    const bool removal = std::ranges::find(removals, decision.id) != removals.end();
    return removal && std::ranges::any_of(decision->rests_on, [&](const FactId& id) {
      return std::ranges::find(ds_withdrawals, id) != ds_withdrawals.end();
    });
  });
}

std::string awaited_at_parent(bool withdrawn, const Candidate& key) {
  return "the DS of " + std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag) +
         (withdrawn ? " has to leave the parent" : " has to appear at the parent");
}

class RecordDeduction {
 public:
  RecordDeduction(const ZoneRef& zone, const Lens& lens, Waits& waits)
      : zone_(zone), lens_(lens), waits_(waits) {}

  RecordView operator()(const Candidate& key, Record record, const RecordHistory& history, bool rolling) {
    if (!history.introduced()) return {};

    RecordView view;
    view.withdrawn = history.withdrawn();
    view.missing = missing_for(history.last_change());
    if (record == Record::ds && !ds_confirmed(lens_, {key.fingerprint, record})) {
      view.pending = awaited_at_parent(view.withdrawn, key);
    }
    const Change change = view.withdrawn ? Change::withdrawn : Change::introduced;
    if (view.withdrawn) waits_.stop({zone_, key.fingerprint, record, Change::introduced});
    const bool rolls = rolling || change == Change::withdrawn;
    const Nanoseconds length = wait_for(record, change, rolls, key.generation.role, intervals_for(key, history));
    const bool over = wait_is_over({zone_, key.fingerprint, record, change}, length, view);
    if (view.withdrawn) {
      view.state = over ? State::hidden : State::unretentive;
    } else {
      view.state = over ? State::omnipresent : State::rumoured;
    }
    return view;
  }

 private:
  // Records that come or leave together are asked about one after the other.
  const std::vector<MemberId>& missing_for(const std::vector<FactId>& decisions) {
    if (decisions_ == nullptr || *decisions_ != decisions) missing_ = not_acked(lens_, zone_, decisions);
    decisions_ = &decisions;
    return missing_;
  }

  // What was planned when it was decided counts, too; in an emergency the margins do not.
  Intervals intervals_for(const Candidate& key, const RecordHistory& history) const {
    const Intervals all = largest(lens_.intervals, history.waits);
    return lens_.book.in_emergency(key.generation) ? without_safety(all) : all;
  }

  bool wait_is_over(const WaitKey& wait, Nanoseconds length, RecordView& view) {
    if (!view.missing.empty() || !view.pending.empty()) {
      waits_.stop(wait);
      return false;
    }
    const Nanoseconds left = waits_.start(wait, lens_.boot) + length - lens_.boot;
    if (left <= Nanoseconds{0}) return true;
    view.until = lens_.wall + left;
    return false;
  }

  const ZoneRef& zone_;
  const Lens& lens_;
  Waits& waits_;
  const std::vector<FactId>* decisions_ = nullptr;  // the last ones asked about
  std::vector<MemberId> missing_;
};

// A wish for a generation that was given up before its use is one for the next.
bool asked_for(const Candidate& key, const ZoneBook& book) {
  const Role role = key.generation.role;
  for (std::uint32_t number = key.generation.number; number > 0; --number) {
    if (book.request_for(role, number)) return true;
    const bool was_used = number > 1 && std::ranges::any_of(
        book.candidates_of(role, number - 1), [&](const auto& before) { return book.first_use(*before.content).has_value(); });
    if (was_used) return false;
  }
  return false;
}

// Nobody planned for when it comes, so no schedule applies.
bool is_at_once(const Candidate& key, const ZoneBook& book) {
  const bool planned = key.why.starts_with("predecessor ") || key.why == "standby";
  return !planned || asked_for(key, book);
}

KeyView view_key(const Stated<Candidate>& candidate, const Lens& lens, bool rolling,
                 RecordDeduction& deduce) {
  const Candidate& key = *candidate.content;
  KeyView view{.key = key.fingerprint,
               .candidate = candidate.id,
               .generation = key.generation,
               .key_tag = key.key_tag,
               .records = {},
               .entered = {},
               .first_use = lens.book.first_use(key),
               .needed_until = {},
               .at_once = is_at_once(key, lens.book),
               .standby = key.why == "standby",
               .abandoned = false,
               .stranded = false,
               .unaware = {}};
  if (const auto given_up = lens.book.abandoned_by(key.fingerprint); !given_up.empty()) {
    view.abandoned = true;
    view.unaware = not_acked(lens, key.zone, given_up);
  }
  const KeyHistory& history = lens.book.history(key.fingerprint);
  for (const Record record : all_records) {
    view[record] = deduce(key, record, history[record], rolling);
    const auto& introduced = history[record].first_introduced;
    if (introduced) view.entered = std::min(view.entered.value_or(*introduced), *introduced);
  }
  if (view.first_use) {
    view.needed_until =
        needed_by(key.expires, *view.first_use, lens.policy.lifetime(key.generation.role));
  }
  return view;
}

// Its KSK was given up by somebody who had not heard yet that it is used.
void find_stranded(std::vector<KeyView>& keys) {
  for (KeyView& key : keys) {
    key.stranded = key.role() == Role::zsk && std::ranges::none_of(keys, [&key](const KeyView& other) {
      return other.role() == Role::ksk && other.generation.algorithm == key.generation.algorithm && !other.past();
    });
  }
}

// One change per set of decisions that were made for it; only what caches still have to follow.
std::vector<UnsettledChange> unsettled_changes(const ZoneView& view, const ZoneBook& book) {
  std::map<std::vector<FactId>, UnsettledChange> changes;
  for (const KeyView& key : view.keys) {
    const KeyHistory& history = book.history(key.key);
    for (const Record record : all_records) {
      const State state = key[record].state;
      if (state == State::rumoured) {
        changes[history[record].introduced_by].introduces.push_back({key.key, record});
      } else if (state == State::unretentive) {
        changes[history[record].withdrawn_by].withdraws.push_back({key.key, record});
      }
    }
  }
  std::vector<UnsettledChange> list;
  for (auto& [decisions, change] : changes) list.push_back(std::move(change));
  return list;
}

SwapAbility least_able(const Acks& acks) {
  for (std::size_t place = 0; place < acks.roster().size(); ++place) {
    const Heartbeat* heartbeat = acks.newest(place);
    if (!heartbeat || heartbeat->signer.swap != SwapAbility::exact) return SwapAbility::together;
  }
  return SwapAbility::exact;
}

// Somebody may see it decided before we do.
std::optional<std::vector<MemberId>> electing(const Lens& lens) {
  for (const Role role : all_roles) {
    const std::uint32_t newest = lens.book.newest_generation(role);
    if (!signs_keys(role) || newest == 0) continue;
    const Election election = elect(lens.book, role, newest, lens.acks);
    if (election.open()) return election.waits_for;
  }
  return std::nullopt;
}

}  // namespace

BootTime Waits::start(const WaitKey& key, BootTime now) {
  const auto [at, added] = running_.try_emplace(key, now);
  if (added) {
    started_[key] = now;
    stopped_.erase(key);
  }
  return at->second;
}

void Waits::stop(const WaitKey& key) {
  if (running_.erase(key) == 0) return;
  stopped_.insert(key);
  started_.erase(key);
}

std::map<WaitKey, BootTime> Waits::take_started() { return std::exchange(started_, {}); }
std::set<WaitKey> Waits::take_stopped() { return std::exchange(stopped_, {}); }

std::vector<MemberId> not_acked(const Lens& lens, const ZoneRef& zone,
                                const std::vector<FactId>& decisions) {
  return lens.acks.not_acked(decisions, &zone);
}

bool ds_confirmed(const Lens& lens, const KeyRecord& ds) {
  const RecordHistory& history = lens.book.history(ds);
  // Who withdrew the key after its DS had the proof that no cache has that.
  if (history.withdrawn() && removal_rests_on(lens.book, ds.key, history.withdrawn_by)) return true;
  const std::vector<FactId>& after = history.last_change();
  std::size_t witnesses = 0;
  bool by_hand = false;
  for (const MemberId& member : lens.acks.roster()) {
    const auto* latest = lens.book.latest_observation(member, after);
    if (!latest) continue;
    if (!seen_as_wanted(*latest->content, ds.key, !history.withdrawn())) return false;
    ++witnesses;
    by_hand = by_hand || !(*latest)->by_hand.empty();
  }
  return by_hand || witnesses >= std::min<std::size_t>(2, lens.acks.roster().size());
}

ZoneView view_zone(const ZoneRef& zone, const Lens& lens, Waits& waits) {
  ZoneView view{.zone = zone,
                .wishes = lens.wishes,
                .intervals = lens.intervals,
                .swap = least_able(lens.acks),
                .scheme = lens.wishes.scheme,
                .keys = {},
                .unsettled = {},
                .parent = {}};
  RecordDeduction deduce{zone, lens, waits};
  const auto keys = keys_of(lens);
  const bool both_schemes = !keys.empty() && scheme_of(keys.front()->generation.role) != scheme_of(keys.back()->generation.role);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool has_predecessor =
        i > 0 && keys[i - 1]->generation.role == keys[i]->generation.role;
    const bool later_generation = keys[i]->generation.number > 1;
    view.keys.push_back(view_key(keys[i], lens, has_predecessor || later_generation || both_schemes, deduce));
  }
  view.scheme = followed_scheme(view);
  find_stranded(view.keys);
  view.unsettled = unsettled_changes(view, lens.book);
  if (lens.wishes.insecure) view.electing = electing(lens);
  return view;
}

}  // namespace rollcall
