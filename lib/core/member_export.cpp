// SPDX-License-Identifier: GPL-3.0-or-later
// What the own server is told, and what it is seen to serve. A decision is carried out when the
// server itself was seen to serve it, never before.
#include <algorithm>

#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr Nanoseconds first_retry = std::chrono::milliseconds{500};
constexpr Nanoseconds last_retry = std::chrono::minutes{5};

// A server that cannot drop the signatures of a key that it publishes may go on signing with it: beside those that
// are wanted they harm nobody, and they leave with the key.
bool as_ordered(const KeyTarget& key, const ServedKey& seen, SwapAbility swap) {
  const bool signs_on = swap == SwapAbility::together && key.dnskey;
  const bool zone_signed = key.zrrsig ? seen.zrrsig_everywhere : signs_on || !seen.zrrsig_anywhere;
  return key.dnskey == seen.dnskey && key.krrsig == seen.krrsig && zone_signed && key.ds == seen.cds &&
         key.revoked == seen.revoked;
}

// The first thing that is not as ordered, for people; empty if all is.
std::string difference(const std::vector<KeyTarget>& keys, const std::vector<ServedKey>& seen, SwapAbility swap) {
  if (keys.size() != seen.size()) return "the server's answer does not name every key";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (as_ordered(keys[i], seen[i], swap)) continue;
    const auto text = [](bool served) { return served ? "is still served" : "is not served yet"; };
    const std::string key = to_string(keys[i].generation) + " (" + short_name(keys[i].key) + ")";
    if (keys[i].dnskey != seen[i].dnskey) return "DNSKEY of " + key + ' ' + text(seen[i].dnskey);
    if (keys[i].krrsig != seen[i].krrsig) {
      return "the signature of " + key + " over the DNSKEY RRset " + text(seen[i].krrsig);
    }
    if (keys[i].revoked != seen[i].revoked) return "the revoked DNSKEY of " + key + ' ' + text(seen[i].revoked);
    if (keys[i].ds != seen[i].cds) return "CDS of " + key + ' ' + text(seen[i].cds);
    return "the zone " + std::string{keys[i].zrrsig ? "is not signed all over by " : "still has signatures of "} + key;
  }
  return {};
}

// Whether something that was right before, and was to stay as it was, is wrong now.
bool lost_something(const std::vector<KeyTarget>& before, const std::vector<KeyTarget>& ordered,
                    const std::vector<ServedKey>& seen, SwapAbility swap) {
  for (std::size_t i = 0; i < std::min(ordered.size(), seen.size()); ++i) {
    const auto old = std::ranges::find(before, ordered[i].key, &KeyTarget::key);
    if (old != before.end() && *old == ordered[i] && !as_ordered(ordered[i], seen[i], swap)) return true;
  }
  return false;
}

// The zone had a DS and is to have none: its CDS says so while there are keys to sign it.
bool wants_no_ds(const std::vector<KeyTarget>& target, const ZoneBook& book) {
  bool keys = false, had_ds = false;
  for (const KeyTarget& key : target) {
    if (key.ds) return false;
    keys = keys || key.dnskey;
    had_ds = had_ds || (key.dnskey && book.history({key.key, Record::ds}).withdrawn());
  }
  return keys && had_ds;
}

KeyTarget nothing_of(const Stated<Candidate>& candidate) {
  KeyTarget target;
  target.candidate = candidate.id;
  target.key = candidate->fingerprint;
  target.generation = candidate->generation;
  return target;
}

}  // namespace

std::vector<KeyTarget> Member::Impl::target_of(const ZoneWork& work,
                                               std::set<FactId>& decisions) const {
  std::vector<KeyTarget> target;
  std::set<Fingerprint> known;
  // A purged key is named until the own server was seen without it: it may learn of the withdrawal
  // and of the purge at one time. So is at first one that nobody introduced: before this life its introduction
  // may have counted, and been carried out.
  const auto still_there = [&](const Fingerprint& key) {
    if (!work.server.ever_verified) return true;
    const auto seen = std::ranges::find(work.server.verified, key, &KeyTarget::key);
    return seen != work.server.verified.end() &&
           (seen->dnskey || seen->krrsig || seen->zrrsig || seen->ds || seen->revoked);
  };
  for (const auto& candidate : work.book.candidates()) {
    const Fingerprint& key = candidate->fingerprint;
    if (!work.book.ever_introduced(key)) {
      if (!work.server.ever_verified) target.push_back(nothing_of(candidate));
      continue;
    }
    known.insert(key);
    const bool purged = ended_.contains(candidate.id) && wiped_.contains(candidate.id);
    if (purged && !still_there(key)) continue;
    const auto served = [&](Record record) { return work.book.history({key, record}).served(); };
    target.push_back({candidate.id, key, candidate->generation, served(Record::dnskey),
                      served(Record::krrsig), served(Record::zrrsig), served(Record::ds),
                      served(Record::revoked),
                      work.book.history({key, Record::revoked}).introduced()});
  }
  std::ranges::sort(target, {}, &KeyTarget::key);
  for (const auto& decision : work.book.decisions()) {
    const auto has_key = [&](const KeyRecord& record) { return known.contains(record.key); };
    if (std::ranges::all_of(decision->introduces, has_key)) decisions.insert(decision.id);
  }
  return target;
}

// The target is made anew when any of the sets that it is made of has grown.
void Member::Impl::aim(ZoneWork& work) const {
  auto& server = work.server;
  const std::array made_of{work.book.size(), ended_.size(), wiped_.size(), server.changes};
  if (server.targeted_at == made_of) return;
  server.targeted_at = made_of;
  server.target_carried = false;
  server.target_decisions.clear();
  server.target = target_of(work, server.target_decisions);
}

// Another look at a server that is in order still, and serves what it did.
bool Member::Impl::as_seen_before(const ZoneWork::Server& server, const ServedZone& seen) {
  const bool in_order = server.ever_verified && !server.lost && !server.failing_since;
  return in_order && server.verified == server.ordered && server.seen.keys == seen.keys &&
         server.seen.dnskey_ttl == seen.dnskey_ttl && server.seen.max_zone_ttl == seen.max_zone_ttl;
}

void Member::Impl::tend_server(ZoneWork& work) {
  auto& server = work.server;
  if (!settings_.serves_dns || server.busy || is_out()) return;
  note_seen(work);
  aim(work);
  const std::vector<KeyTarget>& target = server.target;
  if (target.empty() && server.verified.empty()) return;

  const bool in_order = server.ever_verified && !server.lost && !server.failing_since;
  const bool cds_delete = settings_.cds_delete && wants_no_ds(target, work.book);
  const bool to_do = target != server.verified || cds_delete != server.delete_verified || !in_order;
  if (!to_do) open_gate(work);
  const bool held_back = to_do && (may_know_too_little() || would_sign_with_wrong_dates());
  const bool free_again = std::exchange(server.held_back, held_back) && !held_back;
  const BootTime at = !to_do ? server.look_at : free_again ? now_.boot : server.retry_at;
  if (!to_do && !std::exchange(server.target_carried, true)) {
    server.carried_decisions = server.target_decisions;  // changes that cancel out, or equal copies
  }
  // What a store of before wants served may have been withdrawn since: it orders nothing.
  if (to_do && (!read_once_ || store_is_old_)) return;
  if (now_.boot < at) return to_do ? wake(at) : wake_for_timer(at);
  if (held_back) return keep_serving(work, false);
  if (to_do && gate_refuses(work)) return keep_serving(work, true);
  order(work, target, cds_delete, to_do);
}

// A server that came back with an old copy while the agent was away has signatures that nobody wants any more. They
// go first, and what made them stays until caches have followed.
bool Member::Impl::mends_first(ZoneWork& work) {
  auto& server = work.server;
  std::vector<KeyTarget> keys = server.target;
  for (KeyTarget& key : keys) {
    if (wiped_.contains(key.candidate)) continue;  // nothing can be signed with it any more
    const auto ordered = std::ranges::find(server.ordered, key.key, &KeyTarget::key);
    const auto place = static_cast<std::size_t>(ordered - server.ordered.begin());
    if (place >= std::min(server.ordered.size(), server.seen.keys.size())) continue;
    key.dnskey = key.dnskey || server.seen.keys[place].dnskey;
    key.krrsig = key.krrsig || server.seen.keys[place].krrsig;
  }
  if (keys == server.target || !misfits(work.gate.ledger, change_of(keys), now_.boot).empty()) return false;
  order(work, std::move(keys), server.delete_verified, true);
  server.ordered_decisions = server.carried_decisions;
  return true;
}

// What was served goes on, and nothing is answered that was not carried out. After a start the server may be
// found to serve all that it is to serve.
void Member::Impl::keep_serving(ZoneWork& work, bool may_order) {
  auto& server = work.server;
  if (!server.ever_verified) {
    if (may_order && mends_first(work)) return;
    return order(work, server.target, server.delete_verified, false);  // it may serve it
  }
  const bool in_order = !server.lost && !server.failing_since;
  if (in_order && now_.boot < server.look_at) return wake_for_timer(server.look_at);
  order(work, server.verified, server.delete_verified, may_order && !in_order);
  server.ordered_decisions = server.carried_decisions;
}

void Member::Impl::order(ZoneWork& work, std::vector<KeyTarget> keys, bool cds_delete, bool to_do) {
  auto& server = work.server;
  server.busy = true;
  ++server.order;
  server.ordered = std::move(keys);
  server.delete_ordered = cds_delete;
  server.ordered_decisions = server.target_decisions;
  if (!to_do) {
    effects_.acts.push_back(Look{work.zone, server.order, server.ordered, cds_delete});
    return;
  }
  note_order(work);
  effects_.acts.push_back(Export{work.zone, server.order, server.ordered, policy_of(work).dnskey_ttl, cds_delete});
}

void Member::Impl::server_answered(ZoneWork& work, const std::vector<KeyTarget>& keys,
                                   ServedZone seen) {
  auto& server = work.server;
  own_stale_ = true;
  server.busy = false;
  server.look_at = now_.boot + settings_.look_interval;
  server.dnskey_ttl.saw(seen.dnskey_ttl, now_.boot);
  server.zone_ttl.saw(seen.max_zone_ttl, now_.boot);
  std::string wrong = difference(keys, seen.keys, settings_.signer.swap);
  if (wrong.empty() && server.delete_ordered != seen.cds_delete) {
    wrong = std::string{"the CDS that asks for no DS "} + (seen.cds_delete ? "is still served" : "is not served yet");
  }
  server.seen = std::move(seen);
  work.gate.seen_anew = true;
  if (wrong.empty()) return server_in_order(work, keys);

  server_failed(work.zone, server.order, wrong);
  // What was acked before and is not served any more is taken back as a whole.
  const auto acked = [this](const FactId& id) {
    return id.seq <= vector_[id.author] && !behind_.contains(id);
  };
  const bool loses = server.ever_verified
                         ? lost_something(server.verified, keys, server.seen.keys, settings_.signer.swap)
                         : std::ranges::all_of(server.ordered_decisions, acked);
  if (loses && !server.lost) {
    tell(Notice::Level::error, "server lost the zone", work.zone.name,
         "it no longer serves what was answered for; earlier answers are taken back");
  }
  progressed_ = progressed_ || (loses && !server.lost);
  server.lost = server.lost || loses;
}

void Member::Impl::server_in_order(ZoneWork& work, const std::vector<KeyTarget>& keys) {
  auto& server = work.server;
  if (!server.failure.empty()) tell(Notice::Level::notice, "server in order again", work.zone.name, "");
  progressed_ = progressed_ || server.lost;
  if (server.verified != keys) ++server.changes;
  if (!server.ever_verified) ++server.changes;
  server.verified = keys;
  std::erase_if(server.verified, [&work](const KeyTarget& key) { return !work.book.ever_introduced(key.key); });  // gone
  server.delete_verified = server.delete_ordered;
  server.carried_decisions.insert(server.ordered_decisions.begin(), server.ordered_decisions.end());
  server.target_carried = false;
  server.ever_verified = true;
  server.lost = false;
  server.failure.clear();
  server.failing_since.reset();
  server.backoff = Nanoseconds{0};
}

void Member::Impl::exported(const ZoneRef& zone, std::uint64_t order, ServedZone seen) {
  ZoneWork& work = work_of(zone);
  if (order != work.server.order) return;
  // If not, it may have changed the TTLs that every zone waits by.
  all_stale_ = all_stale_ || !as_seen_before(work.server, seen);
  server_answered(work, work.server.ordered, std::move(seen));
}

void Member::Impl::server_failed(const ZoneRef& zone, std::uint64_t order, std::string why) {
  ZoneWork& work = work_of(zone);
  auto& server = work.server;
  if (order != server.order) return;
  work.stale = true;
  server.busy = false;
  if (server.failure != why) tell(Notice::Level::warning, "server not in order", zone.name, why);
  server.failure = std::move(why);
  if (!server.failing_since) server.failing_since = now_.boot;
  server.backoff = std::clamp(server.backoff * 2, first_retry, last_retry);
  server.retry_at = now_.boot + server.backoff;
  server.look_at = server.retry_at;
}

}  // namespace rollcall
