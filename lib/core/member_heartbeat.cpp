// SPDX-License-Identifier: GPL-3.0-or-later
// What the others are told, and what they are asked for.
#include <algorithm>
#include <utility>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr std::size_t most_lacks = 16;  // asked for at a time; the next heartbeat asks for more

}  // namespace

// All of the own heartbeat that decisions rest on: answers, and what is served.
const Heartbeat& Member::Impl::answers() {
  if (std::exchange(own_stale_, false)) {
    own_ = answers_now();
    own_differs_ = !sent_ || !same_answers(*sent_, own_);
  }
  return own_;
}

Heartbeat Member::Impl::answers_now() const {
  Heartbeat heartbeat;
  heartbeat.member = self_;
  heartbeat.instance = instance_;
  heartbeat.last_seq = log_.prefix(self_);
  heartbeat.last_chain = *log_.digest(self_, heartbeat.last_seq);
  heartbeat.roster.assign(roster_.begin(), roster_.end());
  heartbeat.serving = serving_;
  heartbeat.signer = settings_.signer;
  auto before = own_.vector.begin();  // both by author
  for (const auto& [author, seq] : vector_) {
    while (before != own_.vector.end() && before->author < author) ++before;
    const bool same = before != own_.vector.end() && before->author == author && before->seq == seq;
    if (seq > 0) heartbeat.vector.push_back(same ? *before : VectorEntry{author, seq, *log_.digest(author, seq)});
  }
  heartbeat.behind = behind();
  for (const auto& [zone, work] : zones_) {
    heartbeat.dnskey_ttl = std::max(heartbeat.dnskey_ttl, work.server.dnskey_ttl.largest(now_.boot));
    heartbeat.max_zone_ttl = std::max(heartbeat.max_zone_ttl, work.server.zone_ttl.largest(now_.boot));
  }
  return heartbeat;
}

// Zones that their server lost as a whole, then single facts; those of no zone stand by the root.
std::vector<Behind> Member::Impl::behind() const {
  std::vector<Behind> list;
  for (const auto& [zone, work] : zones_) {
    if (work.server.lost) list.push_back({zone, {}});
  }
  std::map<ZoneRef, std::vector<FactId>> facts;
  for (const FactId& id : behind_) {
    const Fact* fact = log_.find(id);
    const ZoneRef* zone = fact ? zone_of(*fact) : nullptr;
    facts[zone ? *zone : ZoneRef{".", 1}].push_back(id);
  }
  for (auto& [zone, ids] : facts) list.push_back({zone, std::move(ids)});
  return list;
}

std::vector<FactId> Member::Impl::lacks() const {
  std::vector<FactId> list;
  for (const auto& [author, since] : gap_since_) {
    if (now_.boot - since < settings_.patience) continue;
    const std::uint64_t heard = acks_.highest_heard_of(author);
    for (std::uint64_t seq = log_.prefix(author) + 1; seq <= heard; ++seq) {
      if (list.size() == most_lacks) return list;
      const FactId id{author, seq};
      if (!log_.holds(id) && !beyond_.contains(id)) list.push_back(id);
    }
  }
  return list;
}

std::optional<Time> Member::Impl::next_keys() const {
  std::optional<Time> first;
  for (const auto& [zone, work] : zones_) {
    for (const auto& [role, due] : work.next_due) first = std::min(first.value_or(due), due);
  }
  return first;
}

// A new life does not know the TTLs that its server has served until it has looked.
bool Member::Impl::knows_its_servers() const {
  if (is_out()) return true;
  return std::ranges::all_of(zones_, [](const auto& entry) {
    const auto& server = entry.second.server;
    return server.ever_verified || server.failing_since || server.target.empty();
  });
}

// Soon after something changed, seldom when nothing does.
void Member::Impl::send_heartbeat() {
  if (store_is_old_) return;  // its counter is: nobody would believe it, and a second agent would be disturbed
  std::vector<FactId> lacking = lacks();
  // Who joins may lack the very fact that admits it: that has to be said.
  const bool left = leaving_ && members_.left(self_.member);  // its last word has to be heard of
  if (!in_roster() && !left && lacking.empty()) return;
  if (!knows_its_servers()) return;
  std::vector<std::string> alarming = alarms();
  const std::optional<Time> next = next_keys();
  const Heartbeat& own = answers();
  std::vector<FactId> said_more;
  for (const auto& [member, said] : went_back_) said_more.push_back(said);
  const bool changed = !sent_ || own_differs_ || greet_ || sent_->lacks != lacking || sent_->said_more != said_more ||
                       sent_->next_keys != next || sent_->alarms != alarming;
  if (changed && !change_pending_) {
    change_pending_ = true;
    changed_at_ = now_.boot;
  }
  const BootTime at = change_pending_ ? changed_at_ + settings_.heartbeat_debounce
                                      : sent_at_ + settings_.heartbeat_idle;
  if (now_.boot < at) return wake(at);
  if (!current_) return;  // it would only be lost; the next one says it all

  std::uint64_t& counter = counters_[self_];
  sent_ = own;
  sent_->counter = ++counter;
  sent_->time = now_.wall;
  sent_->next_keys = next;
  sent_->lacks = std::move(lacking);
  sent_->said_more = std::move(said_more);
  sent_->alarms = std::move(alarming);
  sent_->version = settings_.version;
  sent_->addresses = settings_.addresses;
  effects_.saves.push_back(SaveCounter{self_, counter});
  effects_.acts.push_back(SendHeartbeat{*sent_});
  sent_at_ = now_.boot;
  change_pending_ = own_differs_ = greet_ = false;
  wake(sent_at_ + settings_.heartbeat_idle);
}

bool Member::Impl::fresh(const MemberId& member) const {
  if (member == self_.member) return true;
  const auto at = received_at_.find(member);
  return at != received_at_.end() && now_.boot - at->second <= settings_.silence;
}

std::vector<std::string> Member::Impl::alarms() const {
  std::vector<std::string> list = own_alarms();
  for (const auto& [zone, work] : zones_) {
    for (std::string& alarm : alarms_of(work)) list.push_back(zone.name + ": " + std::move(alarm));
  }
  return list;
}

std::vector<std::string> Member::Impl::own_alarms() const {
  std::vector<std::string> list;
  if (!doubt_.empty() && (in_roster() || !identity_trouble_.empty())) list.push_back(alarm_words::nothing_is_written + doubt_);
  if (may_write() && !compared() && now_.boot - began_at_ >= settings_.silence)
    list.push_back(alarm_words::nothing_is_decided + why_undecided());
  if (auto alarm = not_serving_alarm()) list.push_back(std::move(*alarm));
  if (serving_ && compared() && !caught_up_once_ && !store_is_old_ && now_.boot - began_at_ >= settings_.silence)
    list.push_back(alarm_words::not_caught_up);
  for (const auto& [dn, why] : quarantine_) {
    list.push_back(alarm_words::unreadable + (why.starts_with(dn) ? why : dn + ": " + why));
  }
  for (const Incarnation& author : log_.contradicted()) {
    list.push_back(alarm_words::two_of_one_number + name_of_member(author.member) +
                   ": it was restored from a copy, or two agents share its identity");
  }
  for (const auto& [author, seq] : vector_) {
    if (!unfinished_) break;
    const Fact* next = log_.find({author, seq + 1});
    if (next && std::holds_alternative<UnknownKind>(next->content)) {
      list.push_back(name_of_member(author.member) + " writes facts of a kind that this software does "
                     "not know: upgrade this member");
    }
  }
  for (std::string& alarm : link_alarms()) list.push_back(std::move(alarm));
  if (auto alarm = uncounted_alarm()) list.push_back(std::move(*alarm));
  if (serving_ && !is_out() && !not_counted_by_.empty()) {
    std::string names;
    for (const MemberId& member : not_counted_by_) names += (names.empty() ? "" : ", ") + name_of_member(member);
    list.push_back(alarm_words::not_counted + names + ": after a boot its DNS server is not started until that is settled");
  }
  if (forgotten_) list.push_back(why_out());
  if (is_out() && !not_stopped_.empty())
    list.push_back("its DNS server cannot be stopped: " + not_stopped_);
  for (const auto& [id, why] : failed_checks_) {
    const Fact* fact = log_.find(id);
    const auto* rewrap = fact ? std::get_if<Rewrap>(&fact->content) : nullptr;
    if (rewrap) fact = log_.find(rewrap->candidate);
    const auto* candidate = fact ? std::get_if<Candidate>(&fact->content) : nullptr;
    if (!candidate || ended_.contains(fact->id)) continue;
    list.push_back(candidate->zone.name + alarm_words::unusable_key + to_string(candidate->generation) + " of " +
                   name_of_member(id.author.member) + (rewrap ? ", wrapped again: " : ": ") + why);
  }
  for (std::string& alarm : master_key_alarms()) list.push_back(std::move(alarm));
  return list;
}

// When everybody's turn to make the keys is over, and nothing came of it for too long.
Time Member::Impl::missed_at(const ZoneWork& work, const ZoneWork::Turn& turn) const {
  const Policy policy = policy_of(work);
  const Seconds all_turns = policy.interval * static_cast<long>(config_.appointed.size());
  const Seconds latest =
      config_.mode == Mode::appointed ? std::max(policy.window, all_turns) : policy.window;
  return turn.due + latest + policy.missing_keys_alarm;
}

// Absence asks for nothing: the keys stay. But nobody makes the next ones, and only people can end that.
std::optional<std::string> Member::Impl::unmanaged_alarm(const ZoneWork& work) const {
  if (!read_once_ || work.config.removed) return std::nullopt;
  const auto in_dns = [](const KeyView& key) { return key.introduced() && !key.past(); };
  if (!work.configured && std::ranges::any_of(work.view.keys, in_dns)) {
    return alarm_words::no_entry + "its keys stay in use and get no successors; if that was not meant, "
           "`rollcall zone add " + work.zone.name + "` goes on with them";
  }
  if (!work.configured || policy_known(work)) return std::nullopt;
  return alarm_words::no_policy + "nothing is decided for this zone until there is one; `rollcall policy set " +
         work.policy_name() + " NAME=VALUE` makes it anew, with --dry-run to see what that changes";
}

// Who does not know all facts may lack those of a key that is in use; it says that it is so. A zone that was removed may
// be somebody else's.
std::vector<std::uint16_t> Member::Impl::foreign_keys(const ZoneWork& work) const {
  const bool knows = serving_ && (caught_up_once_ || server_knows_more(work)) && !store_is_old_ && !is_out();
  return knows && work.configured ? work.server.seen.foreign_keys : std::vector<std::uint16_t>{};
}

std::vector<std::string> Member::Impl::alarms_of(const ZoneWork& work) const {
  std::vector<std::string> list;
  const auto& server = work.server;
  if (server.failing_since && now_.boot - *server.failing_since >= settings_.patience) {
    list.push_back(server.failure);
  }
  if (server.lost) list.push_back(alarm_words::lost);
  if (!work.gate.text.empty()) list.push_back(alarm_words::last_gate + work.gate.text);
  if (auto alarm = unmanaged_alarm(work)) list.push_back(std::move(*alarm));
  if (!work.configured) return list;
  if (const auto foreign = foreign_keys(work); !foreign.empty() && caught_up_once_) {
    std::string tags;
    for (const std::uint16_t tag : foreign) tags += (tags.empty() ? "" : ", ") + std::to_string(tag);
    list.push_back(alarm_words::foreign_keys + tags);
  }
  if (server.seen.first_expiry && *server.seen.first_expiry - now_.wall < settings_.rrsig_alarm) {
    list.push_back(alarm_words::expiring + to_iso(*server.seen.first_expiry) +
                   " on: the server does not refresh them");
  }
  const Policy policy = policy_of(work);
  for (const auto& [role, turn] : work.turns) {
    if (turn.number == 0 || now_.wall < missed_at(work, turn)) continue;
    const std::uint32_t newest = work.book.newest_generation(role);
    if (newest >= turn.number && !elect(work.book, role, turn.number, acks_).open()) continue;
    list.push_back(alarm_words::missing_key + to_string(Generation{role, policy.algorithm, turn.number}) +
                   ", which was due " + to_iso(turn.due) + ": look at `rollcall members`, or name another "
                   "manager with `rollcall set`");
  }
  return list;
}

}  // namespace rollcall
