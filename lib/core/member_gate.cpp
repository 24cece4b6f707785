// SPDX-License-Identifier: GPL-3.0-or-later
// The last gate before the own server, and the ledger that it looks at.
#include <algorithm>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

using Kind = ServedSet::Kind;

constexpr MemberId the_parent{};
constexpr std::size_t most_open = 5;  // decisions that a member may or may not have carried out, in any mix

ServedSet dnskey_set(KeyList keys, KeyList signers) {
  std::ranges::sort(keys);
  std::ranges::sort(signers);
  return {Kind::dnskey, std::move(keys), std::move(signers)};
}

ServedSet data_set(KeyList signers) {
  std::ranges::sort(signers);
  return {Kind::data, std::move(signers), {}};
}

ServedChange change_of(const std::vector<KeyTarget>& targets) {
  KeyList keys, signers, data;
  for (const KeyTarget& target : targets) {
    if (target.dnskey) keys.push_back(target.key);
    if (target.krrsig) signers.push_back(target.key);
    if (target.zrrsig) data.push_back(target.key);
  }
  return {dnskey_set(std::move(keys), std::move(signers)), data_set(std::move(data))};
}

ServedChange change_of(const CarriedRecords& carried) {
  KeyList keys, signers, data;
  for (const auto& [record, change] : carried) {
    if (change.withdrawn) continue;
    if (record.record == Record::dnskey) keys.push_back(record.key);
    if (record.record == Record::krrsig) signers.push_back(record.key);
    if (record.record == Record::zrrsig) data.push_back(record.key);
  }
  return {dnskey_set(std::move(keys), std::move(signers)), data_set(std::move(data))};
}

void add_to(CarriedRecords& carried, const Decision& decision) {
  for (const KeyRecord& record : decision.introduces) carried[record];
  for (const KeyRecord& record : decision.withdraws) carried[record].withdrawn = true;
}

// Every mix of the open decisions; of too many, only what comes by taking them one after the other.
std::vector<ServedChange> mixes(const CarriedRecords& base, const std::vector<const Decision*>& open) {
  std::vector<ServedChange> all;
  const std::size_t count = open.size();
  const auto add = [&](const auto& taken) {
    CarriedRecords carried = base;
    for (std::size_t i = 0; i < count; ++i) {
      if (taken(i)) add_to(carried, *open[i]);
    }
    all.push_back(change_of(carried));
  };
  if (count > most_open) {
    for (std::size_t n = 0; n <= count; ++n) add([n](std::size_t i) { return i < n; });
    return all;
  }
  for (std::size_t mask = 0; mask < (std::size_t{1} << count); ++mask) {
    add([mask](std::size_t i) { return (mask >> i & 1) != 0; });
  }
  return all;
}

// The parent changes by itself: of the DS that come or go it may show any.
std::vector<ServedSet> ds_sets(const ZoneView& view) {
  KeyList there, changing;
  for (const KeyView& key : view.keys) {
    if (!key.was_introduced(Record::ds)) continue;
    const RecordView& ds = key[Record::ds];
    if (!ds.pending.empty()) {
      changing.push_back(key.key);
    } else if (!ds.withdrawn) {
      there.push_back(key.key);
    }
  }
  if (changing.size() > most_open) changing.resize(most_open);
  std::vector<ServedSet> sets;
  for (std::size_t mask = 0; mask < (std::size_t{1} << changing.size()); ++mask) {
    ServedSet set{Kind::ds, there, {}};
    for (std::size_t i = 0; i < changing.size(); ++i) {
      if ((mask >> i & 1) != 0) set.keys.push_back(changing[i]);
    }
    std::ranges::sort(set.keys);
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

// --- the ledger ------------------------------------------------------------------------------------

// What the others and the parent may serve changes with what was decided and answered only.
void Member::Impl::note_served(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const std::array made_of{work.book.size(), answers_changed_};
  if (!settings_.last_gate || gate.noted_at == made_of) return;
  gate.noted_at = made_of;
  note_others(work);
  const bool news = gate.ledger.serves_one_of(the_parent, Kind::ds, ds_sets(work.view),
                                              work.view.intervals.ds_ttl, now_.boot);
  gate.ledger.trim(now_.boot);
  if (news) effects_.saves.push_back(served_to_save(work));
}

void Member::Impl::note_others(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const auto& decisions = work.book.decisions();
  gate.settled.resize(decisions.size(), false);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (gate.settled[i]) continue;
    const bool by_all = std::ranges::all_of(acks_.roster(), [&](const MemberId& member) {
      return member == self_.member || acks_.acked(member, decisions[i].id, &work.zone);
    });
    gate.settled[i] = by_all;
    if (by_all) add_to(gate.base, *decisions[i].content);
    if (!by_all) open.push_back(i);
  }
  std::erase_if(gate.others, [&](const auto& other) {
    const bool counts = std::ranges::find(acks_.roster(), other.first) != acks_.roster().end();
    if (!counts) gate.ledger.stop(other.first, now_.boot);
    return !counts;
  });
  for (const MemberId& member : acks_.roster()) {
    if (member != self_.member) note_other(work, member, open);
  }
}

void Member::Impl::note_other(ZoneWork& work, const MemberId& member, const std::vector<std::size_t>& open) {
  ZoneWork::Gate& gate = work.gate;
  const Heartbeat* said = acks_.counted(member);
  if (!said) return;
  const bool lost = std::ranges::any_of(acks_.newest(member)->behind, [&](const Behind& behind) {
    return behind.zone == work.zone && behind.facts.empty();
  });
  if (lost) return;  // what it served last stands
  const Intervals& served = work.view.intervals;
  ZoneWork::Gate::Other now{said->serving, open, {}, served.dnskey_ttl, served.max_zone_ttl};
  for (const std::size_t i : open) {
    now.carried.push_back(acks_.acked(member, work.book.decisions()[i].id, &work.zone));
  }
  ZoneWork::Gate::Other& before = gate.others[member];
  if (before == now) return;
  before = now;
  // It was last known to serve what it served before when it said so last.
  const auto heard = received_before_.find(member);
  const BootTime last = heard == received_before_.end() ? now_.boot : heard->second;
  if (!said->serving) return gate.ledger.stop(member, last);
  CarriedRecords carried = gate.base;
  std::vector<const Decision*> may_be_carried;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Decision* decision = work.book.decisions()[open[i]].content;
    if (now.carried[i]) {
      add_to(carried, *decision);
    } else {
      may_be_carried.push_back(decision);
    }
  }
  std::vector<ServedSet> dnskey, data;
  for (ServedChange& mix : mixes(carried, may_be_carried)) {
    dnskey.push_back(std::move(mix.dnskey));
    data.push_back(std::move(mix.data));
  }
  gate.ledger.serves_one_of(member, Kind::dnskey, dnskey, served.dnskey_ttl, last);
  gate.ledger.serves_one_of(member, Kind::data, data, served.max_zone_ttl, last);
}

// The own part and the parent's; of the others a new life only trusts what they say then.
SaveServed Member::Impl::served_to_save(const ZoneWork& work) const {
  SaveServed save{work.zone, {}};
  for (const ServedEntry& entry : work.gate.ledger.entries()) {
    if (entry.server == the_parent || entry.server == self_.member) save.entries.push_back(entry);
  }
  return save;
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
  work.gate.ledger = ServedLedger{std::move(entries)};
}

// What is ordered may be served from now on.
void Member::Impl::note_order(ZoneWork& work) {
  if (!settings_.last_gate) return;
  const ServedChange change = change_of(work.server.ordered);
  const Intervals& served = work.view.intervals;
  ServedLedger& ledger = work.gate.ledger;
  bool news = ledger.may_serve(self_.member, change.dnskey, served.dnskey_ttl);
  news = ledger.may_serve(self_.member, change.data, served.max_zone_ttl) || news;
  if (news) effects_.saves.push_back(served_to_save(work));
}

void Member::Impl::note_verified(ZoneWork& work) {
  if (!settings_.last_gate) return;
  const ServedZone& seen = work.server.seen;
  const ServedChange change = change_of(work.server.verified);
  ServedLedger& ledger = work.gate.ledger;
  bool news = ledger.serves_one_of(self_.member, Kind::dnskey, {change.dnskey}, seen.dnskey_ttl, now_.boot);
  news = ledger.serves_one_of(self_.member, Kind::data, {change.data}, seen.max_zone_ttl, now_.boot) || news;
  if (news) pending_saves_.push_back(served_to_save(work));
}

// --- the gate --------------------------------------------------------------------------------------

bool Member::Impl::gate_refuses(ZoneWork& work) {
  ZoneWork::Gate& gate = work.gate;
  const std::vector<KeyTarget>& target = work.server.target;
  if (!settings_.last_gate) return false;
  if (!gate.overridden.empty() && gate.overridden == target) {
    gate.refused.clear();
    return false;
  }
  gate.overridden.clear();
  gate.refused = misfits(gate.ledger, change_of(target), now_.boot);
  if (gate.refused.empty()) {
    if (!gate.text.empty()) tell(Notice::Level::notice, "last gate open again", work.zone.name, "");
    gate.text.clear();
    return false;
  }
  const auto fits = fits_from(gate.refused);
  if (fits) wake(std::max(*fits, now_.boot + Nanoseconds{1}));
  gate.until = fits ? std::optional{now_.wall + (*fits - now_.boot)} : std::nullopt;
  const std::string text = misfit_text(work, gate.refused.front());
  if (std::exchange(gate.text, text) != text) {
    tell(Notice::Level::error, "export refused", work.zone.name,
         text + (gate.until ? ", until " + to_iso(*gate.until) : ""));
  }
  return true;
}

std::string Member::Impl::misfit_text(const ZoneWork& work, const Misfit& misfit) const {
  const std::string text = describe(misfit, [&work](const Fingerprint& key) {
    const auto* candidate = work.book.candidate(key);
    if (!candidate) return short_name(key);
    return std::string{to_string((*candidate)->generation.role)} + ' ' + std::to_string((*candidate)->key_tag);
  });
  if (misfit.cached.until || misfit.within) return text;
  if (misfit.cached.server == the_parent) return text + ", as long as the parent shows that DS";
  return text + ", as long as " + name_of_member(misfit.cached.server) + " serves what it does";
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
