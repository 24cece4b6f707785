// SPDX-License-Identifier: GPL-3.0-or-later
// The last gate before the own server, and the ledger that it looks at.
//
// The store has the own part of the ledger before an order is given, and what it cannot know (an order whose
// outcome was not seen) stands in it as "may be served". So whoever dies between the two knows too much
// afterwards, never too little.
#include <algorithm>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

using Kind = ServedSet::Kind;

constexpr MemberId the_parent{};
constexpr BootTime long_ago = ZoneWork::Gate::long_ago;
constexpr Seconds on_the_way{5};  // an answer, so that two who hear it at different times agree

// No key and no signature, whoever's: what was served before ends, and caches follow.
bool serves_nothing(const ServedZone& seen) {
  return !seen.keys.empty() && seen.foreign_keys.empty() &&
         std::ranges::all_of(seen.keys, [](const ServedKey& key) { return key == ServedKey{}; });
}

}  // namespace

// --- the ledger ------------------------------------------------------------------------------------

// What the others and the parent serve changes with what was decided and answered only.
void Member::Impl::note_served(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const Seconds ttl = work.view.intervals.ds_ttl;
  const ZoneWork::Gate::MadeOf made_of{work.book.size(), answers_changed_, ttl, gate.old_ds_seen};
  if (!settings_.last_gate || gate.noted_at == made_of) return;
  gate.noted_at = made_of;
  note_others(work);
  const DsSets ds = ds_sets(work.view);
  gate.ledger.serves(the_parent, ds.wanted, ttl, gate.old_ds_seen);
  if (ds.confirmed != ds.wanted && gate.old_ds_seen != long_ago) gate.ledger.served(the_parent, ds.confirmed, ttl, gate.old_ds_seen);
  save_served(work);
}

void Member::Impl::note_others(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const auto& decisions = work.book.decisions();
  const auto& roster = acks_.roster();
  if (gate.settled.size() < decisions.size()) ++gate.reopened;
  gate.settled.resize(decisions.size(), false);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (gate.settled[i]) continue;
    gate.settled[i] = carried_by_all_others(work, decisions[i].id);
    if (!gate.settled[i]) {
      open.push_back(i);
    } else {
      add_to(gate.base, *decisions[i].content);
      ++gate.reopened;
    }
  }
  if (gate.roster != roster) seat_others(gate);
  for (std::size_t place = 0; place < roster.size(); ++place) {
    if (roster[place] == self_.member) continue;
    const auto& before = gate.others[place];
    const std::pair made_of{acks_.changes(place), gate.reopened};
    if (!before || before->made_of != made_of) note_other(work, place, open);
  }
}

// Both rosters are sorted.
void Member::Impl::seat_others(ZoneWork::Gate& gate) const {
  const auto& roster = acks_.roster();
  std::vector<std::optional<ZoneWork::Gate::Other>> others(roster.size());
  for (std::size_t i = 0; i < gate.roster.size(); ++i) {
    const auto place = std::ranges::lower_bound(roster, gate.roster[i]);
    if (place != roster.end() && *place == gate.roster[i]) {
      others[static_cast<std::size_t>(place - roster.begin())] = std::move(gate.others[i]);
    } else if (gate.others[i]) {
      gate.ledger.stop(gate.roster[i], now_.boot);
    }
  }
  gate.roster = roster;
  gate.others = std::move(others);
}

bool Member::Impl::carried_by_all_others(const ZoneWork& work, const FactId& decision) const {
  const auto& roster = acks_.roster();
  for (std::size_t place = 0; place < roster.size(); ++place) {
    if (roster[place] != self_.member && !acks_.acked(place, decision, &work.zone)) return false;
  }
  return true;
}

void Member::Impl::note_other(ZoneWork& work, std::size_t place, const std::vector<std::size_t>& open) {
  ZoneWork::Gate& gate = work.gate;
  const Heartbeat* said = acks_.counted(place);
  if (!said) return;
  const MemberId& member = acks_.roster()[place];
  const bool lost = std::ranges::any_of(acks_.newest(place)->behind, [&](const Behind& behind) {
    return behind.zone == work.zone && behind.facts.empty();
  });
  if (lost) return;  // what it served last stands

  const auto& decisions = work.book.decisions();
  ZoneWork::Gate::Other now{{acks_.changes(place), gate.reopened}, said->serving, said->dnskey_ttl,
                            said->max_zone_ttl, gate.settled};
  for (const std::size_t i : open) now.carried[i] = acks_.acked(place, decisions[i].id, &work.zone);
  if (!gate.others[place]) gate.others[place].emplace();
  ZoneWork::Gate::Other& before = *gate.others[place];
  before.carried.resize(now.carried.size(), false);
  const bool same = before.same(now);
  before = std::move(now);
  if (same) return;
  const BootTime last = said_[member].before_until;
  if (!before.serving) return gate.ledger.stop(member, last);
  CarriedRecords carried = gate.base;
  for (const std::size_t i : open) {
    if (before.carried[i]) add_to(carried, *decisions[i].content);
  }
  const ServedChange served = change_of(carried);
  gate.ledger.serves(member, served.dnskey, said->dnskey_ttl, last);
  gate.ledger.serves(member, served.data, said->max_zone_ttl, last);
}

bool ZoneWork::Gate::Other::same(const Other& other) const {
  return serving == other.serving && dnskey_ttl == other.dnskey_ttl && max_zone_ttl == other.max_zone_ttl &&
         carried == other.carried;
}

// Until when others are known to have said what they did before the heartbeat that counts. If some were missed,
// they may have said something else soon after the last one that was not.
void Member::Impl::note_heard() {
  auto next_said = said_.begin();  // both by member
  for (std::size_t place = 0; place < acks_.roster().size(); ++place) {
    const MemberId& member = acks_.roster()[place];
    const Heartbeat* counted = acks_.counted(place);
    if (!counted || member == self_.member) continue;
    while (next_said != said_.end() && next_said->first < member) ++next_said;
    next_said = said_.try_emplace(next_said, member);
    Said& said = next_said->second;
    if (said.counter == counted->counter) continue;
    ++heard_;
    // Said when the changes have settled, and heard late, as its own clock tells: what may be too early is no
    // evidence, but never a wrong one.
    const BootTime written = now_.boot - (now_.wall - counted->time);
    const BootTime at = std::min(received_at_[member], written) - settings_.heartbeat_debounce - on_the_way;
    const bool next = said.counter + 1 == counted->counter;
    said.before_until = next ? at : said.at;
    // The first one may have been lying in the directory for long.
    said.at = said.counter == 0 ? long_ago : at;
    said.counter = counted->counter;
  }
}

// The own server was looked at: it is in order, or caches may have got what was seen.
void Member::Impl::note_seen(ZoneWork& work) {
  const auto& server = work.server;
  if (!std::exchange(work.gate.seen_anew, false) || !settings_.last_gate) return;
  if (!serving_) return;
  ServedLedger& ledger = work.gate.ledger;
  const auto ttl = [&server](Kind kind) { return kind == Kind::dnskey ? server.seen.dnskey_ttl : server.seen.max_zone_ttl; };
  if (server.failing_since) {
    if (serves_nothing(server.seen)) ledger.stop(self_.member, now_.boot);
    for (const ServedSet& set : sets_of(server.ordered, server.seen.keys)) {
      ledger.may_serve(self_.member, set, ttl(set.kind));
    }
  } else if (server.ever_verified) {
    const ServedChange served = change_of(server.verified);
    for (const ServedSet& set : {served.dnskey, served.data}) {
      ledger.serves(self_.member, set, ttl(set.kind), now_.boot);
    }
  }
  save_served(work);
}

// What is ordered may be served from now on.
void Member::Impl::note_order(ZoneWork& work) {
  if (!settings_.last_gate || !serving_) return;
  const ServedChange change = change_of(work.server.ordered);
  work.gate.ledger.may_serve(self_.member, change.dnskey, work.view.intervals.dnskey_ttl);
  work.gate.ledger.may_serve(self_.member, change.data, work.view.intervals.max_zone_ttl);
  save_served(work);
}

// The own part and the parent's; of the others a new life only trusts what they say then.
void Member::Impl::save_served(ZoneWork& work) {
  work.gate.ledger.trim(now_.boot);
  std::vector<ServedEntry> entries;
  for (const ServedEntry& entry : work.gate.ledger.entries()) {
    if (entry.server == the_parent || entry.server == self_.member) entries.push_back(entry);
  }
  if (entries == work.gate.saved) return;
  work.gate.saved = entries;
  effects_.saves.push_back(SaveServed{work.zone, std::move(entries)});
}

void Member::Impl::restore_served(const ZoneRef& zone, std::vector<ServedEntry> entries) {
  ZoneWork& work = work_of(zone);
  for (const bool open : {false, true}) {  // what is served now comes last
    for (const ServedEntry& entry : entries) {
      if (entry.until.has_value() == open || entry.server != self_.member) continue;
      TtlHistory& history = entry.set.kind == Kind::dnskey ? work.server.dnskey_ttl : work.server.zone_ttl;
      history.saw(entry.ttl, entry.until.value_or(BootTime{}));
    }
  }
  work.gate.saved = entries;
  work.gate.ledger = ServedLedger{std::move(entries)};
}

// --- the gate --------------------------------------------------------------------------------------

bool Member::Impl::gate_refuses(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const std::vector<KeyTarget>& target = work.server.target;
  // To put right what a server lost or changed by itself is no change.
  const bool repair = work.server.ever_verified && target == work.server.verified;
  // And nobody asks a server that does not serve yet.
  if (!settings_.last_gate || !serving_ || repair || gate.overridden == target) {
    open_gate(work);
    return false;
  }
  gate.overridden.reset();
  note_served(work);
  const auto judged = std::tuple{gate.ledger.changes(), heard_, work.server.targeted_at};
  const auto fits = fits_from(gate.refused);
  if (gate.refused.empty() || gate.judged != judged || (fits && *fits <= now_.boot)) {
    gate.judged = judged;
    judge_change(work);
  }
  if (gate.refused.empty()) return false;
  if (const auto again = fits_from(gate.refused)) wake(*again);
  return true;
}

void Member::Impl::open_gate(ZoneWork& work) {
  if (!work.gate.text.empty()) tell(Notice::Level::notice, "last gate open again", work.zone.name, "");
  work.gate.refused.clear();
  work.gate.text.clear();
}

void Member::Impl::judge_change(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  for (const auto& [member, said] : said_) gate.ledger.said(member, said.at);
  gate.refused = misfits(gate.ledger, change_of(work.server.target), now_.boot);
  if (gate.refused.empty()) return open_gate(work);
  const auto fits = fits_from(gate.refused);
  gate.until = fits ? std::optional{now_.wall + (*fits - now_.boot)} : std::nullopt;
  const std::string text = misfit_text(work, gate.refused.front());
  if (std::exchange(gate.text, text) == text) return;
  tell(Notice::Level::error, "export refused", work.zone.name, text + (gate.until ? ", until " + to_iso(*gate.until) : ""));
}

std::string Member::Impl::misfit_text(const ZoneWork& work, const Misfit& misfit) const {
  const std::string text = describe(misfit, [&work](const Fingerprint& key) {
    const auto* candidate = work.book.candidate(key);
    if (!candidate) return short_name(key);
    return std::string{to_string((*candidate)->generation.role)} + ' ' + std::to_string((*candidate)->key_tag);
  });
  if (!misfit.cached.current || misfit.within) return text;
  if (misfit.cached.server == the_parent) return text + ", as long as the parent shows that DS";
  if (misfit.cached.server == self_.member) return text + ", as long as this server serves what it does";
  return text + ", as " + name_of_member(misfit.cached.server) + " said last";
}

std::optional<std::string> Member::Impl::override_gate(const ZoneName& zone, std::string who) {
  ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  ZoneWork::Gate& gate = work->gate;
  if (gate.refused.empty()) return "the last gate holds nothing of zone " + zone;
  tell(Notice::Level::warning, "last gate overridden", zone, "asked by " + who + ", although " + gate.text);
  gate.overridden = work->server.target;
  gate.refused.clear();
  gate.text.clear();
  work->stale = true;
  return std::nullopt;
}

}  // namespace rollcall
