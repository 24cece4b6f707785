// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told.
#include <algorithm>

#include "lib/core/member_impl.h"
#include "lib/core/overdue.h"
#include "lib/core/steps.h"
#include "lib/core/timing.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

std::string stage_of_leaving(const KeyView& key) {
  if (key.completely_hidden()) return "gone from every cache";
  if (key.out() && !key.introduced()) return "given up";
  if (key.serves(Record::revoked)) return "revoked; stays until resolvers have seen it";
  const bool served = std::ranges::any_of(all_records, [&](Record record) { return key.serves(record); });
  return served ? "replaced; stays until caches have followed" : "withdrawn; caches may still have it";
}

// One sentence for the life of a key.
std::string stage_of(const ZoneView& view, const KeyView& key) {
  if (is_leaving(view, key)) return stage_of_leaving(key);
  if (!key.introduced()) return "elected, not published yet";
  const bool has_ds = signs_keys(key.role());
  if (key.in_use()) {
    const RecordView& use = key[has_ds ? Record::ds : Record::zrrsig];
    if (use.state == State::omnipresent) return has_ds ? "trusted through its DS" : "signs the zone";
    if (!use.pending.empty()) return "waiting for the DS at the parent";
    return has_ds ? "its DS is spreading" : "signs the zone; its signatures are spreading";
  }
  if (key.standby && key[Record::dnskey].state == State::omnipresent) return "stands by";
  if (key[Record::dnskey].state == State::omnipresent) return "published everywhere, ready to be used";
  return "being published";
}

RecordStatus status_of(const RecordView& record, std::size_t roster) {
  const bool changed = record.state != State::hidden || record.withdrawn;
  return {record.state, changed ? roster - std::min(roster, record.missing.size()) : 0, record.until};
}

KeyStatus status_of(const ZoneWork& work, const KeyView& key, std::size_t roster) {
  const auto* candidate = work.book.candidate(key.key);
  MUST(candidate != nullptr);
  KeyStatus status{.fingerprint = key.key,
                   .key_tag = key.key_tag,
                   .generation = key.generation,
                   .made_by = key.candidate.author.member,
                   .created = (*candidate)->created,
                   .candidate = key.candidate,
                   .dnskey = (*candidate)->dnskey,
                   .stage = stage_of(work.view, key),
                   .leaving = is_leaving(work.view, key),
                   .wiped = false,
                   .records = {},
                   .first_use = key.first_use,
                   .expires = (*candidate)->expires};
  for (const Record record : all_records) status.records[record] = status_of(key[record], roster);
  return status;
}

// It is replaced as soon as the parent shows its successor's DS, and in use until then.
bool awaits_ds_of_successor(const ZoneView& view, const KeyView& key) {
  return is_replaced(view, key) && !key.completely_hidden() &&
         std::ranges::any_of(successors_of(view, key), [](const KeyView* successor) {
           return successor->serves(Record::ds) && !(*successor)[Record::ds].pending.empty();
         });
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::policy: return "policy";
    case Reason::rules: return "rules";
    case Reason::time: return "time";
    case Reason::member: return "member";
    case Reason::parent: return "parent";
    case Reason::operator_: return "operator";
    case Reason::signer: return "signer";
  }
  MUST(false);
}

ZoneStatus Member::Impl::zone_status(const ZoneWork& work) const {
  ZoneStatus status;
  status.zone = work.zone;
  status.policy = work.policy_name();
  status.managed = work.configured;
  status.insecure = work.config.insecure;
  status.suspended = work.config.suspended;
  status.signs_unpublished = work.view.swap == SwapAbility::exact;
  status.roster = acks_.roster().size();
  status.fresh = static_cast<std::size_t>(
      std::ranges::count_if(acks_.roster(), [&](const MemberId& member) { return fresh(member); }));
  for (const KeyView& key : work.view.keys) {
    status.keys.push_back(status_of(work, key, status.roster));
  }
  status.holds = work.plan.holds;
  status.signed_until = work.server.seen.first_expiry;
  status.next_keys = work.next_due;
  status.alarms = alarms_of(work);
  status.foreign_keys = foreign_keys(work);
  status.ds_confirmed_by = ds_confirmed_by(work);
  for (const auto& candidate : work.book.candidates()) {
    status.last_keys_made =
        std::max(status.last_keys_made.value_or(candidate->created), candidate->created);
  }
  for (const Role role : all_roles) {
    const std::uint32_t newest = work.book.newest_generation(role);
    if (newest == 0) continue;
    const Election election = elect(work.book, role, newest, acks_);
    GenerationStatus generation{.generation = election.candidates.front()->generation,
                                .why = election.candidates.front()->why,
                                .candidates = {},
                                .winner = {},
                                .unpruned = {},
                                .voided = election.voided,
                                .waits_for = election.waits_for};
    for (const auto& candidate : election.candidates) generation.candidates.push_back(candidate.id);
    if (election.winner) generation.winner = election.winner->id;
    for (const FactId& id : generation.candidates) {
      if (!election.open() && id != generation.winner && !ended_.contains(id)) generation.unpruned.push_back(id);
    }
    if (election.open()) status.holds.push_back(election_hold(election));
    status.generations.push_back(std::move(generation));
  }
  if (work.configured) {
    status.overdue = overdue_holds(work.view, work.book, status.holds, policy_of(work).missing_keys_alarm, now_.wall);
  }
  if (!work.gate.text.empty()) {
    status.gate = work.gate.text;
    status.gate_until = work.gate.until;
    status.holds.push_back({Reason::rules, "change what this server serves", "the last gate: " + work.gate.text, {}, work.gate.until});
  }
  for (const KeyView& key : work.view.keys) {
    const bool current = key.in_use() && (!is_leaving(work.view, key) || awaits_ds_of_successor(work.view, key));
    if (current && key.needed_until) status.next_roll.try_emplace(key.generation.role, *key.needed_until);
  }
  return status;
}

Hold Member::Impl::election_hold(const Election& election) const {
  const Candidate& first = *election.candidates.front().content;
  return {Reason::member,
          "elect " + to_string(first.generation) + " (" + std::to_string(election.candidates.size()) +
              (election.candidates.size() == 1 ? " candidate)" : " candidates)"),
          "not every member has answered its candidates", election.waits_for, {}};
}

MemberLine Member::Impl::member_line(const MemberId& member, Moment now) const {
  MemberLine line;
  line.member = member;
  line.host = name_of_member(member);
  line.self = member == self_.member;
  const auto counted = roster_.lower_bound({member, 0});
  line.in_roster = counted != roster_.end() && counted->member == member;
  line.fresh = fresh(member);
  if (const auto life = members_.last_life(member)) {
    line.facts = log_.prefix(*life);
    line.incarnation = life->number;
    if (members_.left(member)) {
      line.out = "left";
    } else if (members_.gone(*life)) {
      line.out = "forgotten";
    }
  }
  if (line.self) {
    line.serving = serving_;
    line.version = settings_.version;
    line.last_heartbeat = sent_ ? std::optional{sent_->time} : std::nullopt;
    line.age = sent_ ? std::optional<Nanoseconds>{now.boot - sent_at_} : std::nullopt;
    line.alarms = alarms();
    if (is_out()) line.out = why_out();
    return line;
  }
  if (const Heartbeat* heartbeat = acks_.newest(member)) {
    line.serving = heartbeat->serving;
    line.last_heartbeat = heartbeat->time;
    line.version = heartbeat->version;
    line.alarms = heartbeat->alarms;
    line.addresses = heartbeat->addresses;
  }
  if (const auto at = received_at_.find(member); at != received_at_.end()) line.age = now.boot - at->second;
  return line;
}

MemberStatus Member::Impl::status(Moment now) const {
  MemberStatus status;
  status.self = self_.member;
  status.member = in_roster();
  status.serving = serving_;
  status.may_write = may_write();
  status.compared = compared();
  status.doubt = doubt_;
  status.forgotten = forgotten_;
  status.out = why_out();
  status.holds = membership_holds();
  if (status.member && !serving_ && !is_out()) {
    if (auto hold = held_from_serving()) status.holds.push_back(std::move(*hold));
  }
  status.clock_behind = clock_behind();
  status.config = config_;
  status.policies = policies_;
  status.master_key = master_key_status();
  std::set<MemberId> everybody;
  for (const auto& [member, keys] : known_) everybody.insert(member.member);
  for (const MemberId& member : acks_.roster()) everybody.insert(member);
  for (const MemberId& member : everybody) status.members.push_back(member_line(member, now));
  for (const auto& [zone, work] : zones_) {
    const bool past = std::ranges::all_of(work.view.keys, &KeyView::past);
    if (work.configured || !past) status.zones.push_back(zone_status(work));
  }
  status.alarms = own_alarms();
  return status;
}

}  // namespace rollcall
