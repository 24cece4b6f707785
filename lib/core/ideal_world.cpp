// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/ideal_world.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

constexpr Seconds never = 20000_days;

// The world has no idle traffic: it wakes when something is due, and only then.
Settings without_idling(Settings settings) {
  settings.heartbeat_idle = never;
  settings.look_interval = never;
  settings.heartbeat_debounce = Nanoseconds{0};
  settings.step_stagger = Nanoseconds{0};
  settings.patience = never;
  settings.clock_tolerance = never;
  settings.silence = never;
  settings.serves_dns = true;
  settings.serve_automatically = true;
  return settings;
}

bool completely_hidden(const KeyStatus& key) {
  return std::ranges::all_of(
      key.records, [](const auto& record) { return record.second.state == State::hidden; });
}

}  // namespace

Digest IdealCrypto::chain(const Digest& before, const Signature&) const {
  Digest next = before;
  for (std::byte& byte : next) {
    byte = static_cast<std::byte>(std::to_integer<unsigned>(byte) + 1);
    if (byte != std::byte{0}) break;
  }
  return next;
}

Digest IdealCrypto::digest_at(std::uint64_t seq) {
  Digest digest{};
  for (std::size_t i = 0; i < 8; ++i) digest[i] = static_cast<std::byte>(seq >> (8 * i));
  return digest;
}

IdealWorld::IdealWorld(const Snapshot& start, Seconds parent_takes, Listener listener)
    : start_(start),
      parent_takes_(parent_takes),
      listener_(std::move(listener)),
      crypto_(start.self.member),
      now_(start.now.boot),
      counters_(start.restored.counters),
      shown_(start.parent.ds) {
  Restored restored = std::exchange(start_.restored, {});
  for (Fact& fact : restored.facts) remember(fact);
  member_ = std::make_unique<Member>(start_.self, Uuid{}, without_idling(start_.settings), crypto_,
                                     delay_, std::move(restored));
  ClusterConfig config = start_.config;
  config.mode = Mode::random;  // with rank 0: the first turn is ours
  member_->config(config);
  for (const auto& [name, policy] : start_.policies) member_->policy(name, policy);
  member_->zone(start_.zone);
  member_->directory_current(true, "");
}

// What the world itself has to know of the facts.
void IdealWorld::remember(Fact& fact) {
  fact.signature = {};
  facts_[fact.id.author] = fact.id.seq;
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
    tags_.insert({candidate->key_tag, revoked_tag(candidate->key_tag)});
  }
  if (const auto* decision = std::get_if<Decision>(&fact.content)) {
    for (const KeyRecord& record : decision->withdraws) {
      Time& last = withdrawn_[record.key];
      last = std::max(last, fact.created);
    }
  }
  if (const auto* tombstone = std::get_if<Tombstone>(&fact.content))
    wiped_.insert(tombstone->ended);
}

ZoneStatus IdealWorld::zone_status() const {
  for (ZoneStatus& zone : member_->status(now()).zones) {
    if (zone.zone == start_.zone.zone) return zone;
  }
  return {};
}

void IdealWorld::look_first() {
  for (const Heartbeat& heartbeat : start_.heartbeats) {
    Heartbeat heard = heartbeat;
    for (VectorEntry& entry : heard.vector) entry.digest = IdealCrypto::digest_at(entry.seq);
    member_->heartbeat(std::move(heard), now());
  }
  pass();
}

bool IdealWorld::settle() {
  if (parent_follows_at_ && *parent_follows_at_ <= now_) {
    shown_ = announced_;
    parent_follows_at_.reset();
  }
  wipe_for_others();
  const std::size_t before = changes_;
  bool busy = true;
  while (busy) {
    if (std::exchange(news_, false)) others_answer();
    busy = pass() || news_;
  }
  return changes_ != before;
}

std::optional<BootTime> IdealWorld::next() const {
  std::optional<BootTime> next = again_;
  const auto sooner = [&next](BootTime time) { next = std::min(next.value_or(time), time); };
  if (parent_follows_at_) sooner(*parent_follows_at_);
  for (const auto& [fact, wipe] : wipes_) sooner(boot_time(wipe.second));
  return next;
}

bool IdealWorld::pass() {
  ++passes_;
  Effects effects = member_->pass(now(), [] { return std::uint64_t{0}; });
  again_ = effects.again;
  std::vector<std::string> steps;  // in the order of their facts
  for (const Act& act : effects.acts) {
    const auto* notice = std::get_if<Notice>(&act);
    if (notice && notice->event == "decision") steps.push_back(notice->text);
  }
  std::size_t step = 0;
  for (Save& save : effects.saves) {
    auto* saved = std::get_if<SaveFact>(&save);
    if (!saved || saved->fact.id.author != start_.self) continue;
    const bool is_step = std::holds_alternative<Decision>(saved->fact.content) ||
                         std::holds_alternative<Abandon>(saved->fact.content);
    note(saved->fact, is_step && step < steps.size() ? steps[step++] : "");
  }
  bool busy = again_ && *again_ <= now_;
  for (const Act& act : effects.acts) {
    busy = std::visit([this](const auto& what) { return carry_out(what); }, act) || busy;
  }
  if (!effects.saves.empty()) {
    ++changes_;
    plan_wipes();
  }
  return busy;
}

void IdealWorld::note(Fact& fact, const std::string& step) {
  remember(fact);
  news_ = true;
  listener_(fact, step);
  if (const auto* seen = std::get_if<Observation>(&fact.content)) {
    for (const Incarnation& other : start_.others) add_of(other, *seen);
  }
}

// --- what the member asks for --------------------------------------------------------------------

bool IdealWorld::carry_out(const MakeKey& make) {
  while (tags_.contains(next_tag_) || tags_.contains(revoked_tag(next_tag_))) ++next_tag_;
  NewKey key{make.intent, now().wall, {}, next_tag_++, {}, make.epoch, {}};
  key.fingerprint = IdealCrypto::digest_at(++made_);
  key.fingerprint.back() = std::byte{0xff};  // no real key has it
  member_->key_made(std::move(key));
  return true;
}

bool IdealWorld::carry_out(const CheckCandidate& check) {
  member_->candidate_checked(check.fact, std::nullopt);
  return true;
}

bool IdealWorld::carry_out(const OpenEpoch& open) {
  member_->epoch_opened(open.fact, std::nullopt);
  return true;
}

ServedZone IdealWorld::served(const std::vector<KeyTarget>& keys, bool cds_delete) const {
  ServedZone seen;
  const Policy policy = this->policy();
  for (const KeyTarget& key : keys) {
    seen.keys.push_back({key.dnskey, key.krrsig, key.zrrsig, key.zrrsig, key.ds, key.revoked});
  }
  seen.dnskey_ttl = policy.dnskey_ttl;
  seen.max_zone_ttl = start_.max_zone_ttl > Seconds{0} ? start_.max_zone_ttl : policy.max_zone_ttl;
  seen.cds_delete = cds_delete;
  return seen;
}

bool IdealWorld::carry_out(const Export& order) {
  announced_.clear();
  for (const KeyTarget& key : order.keys) {
    if (key.ds) announced_.push_back(key.key);
  }
  const bool differs = !std::ranges::is_permutation(announced_, shown_);
  parent_follows_at_ =
      differs ? std::optional{parent_follows_at_.value_or(now_ + parent_takes_)} : std::nullopt;
  if (parent_follows_at_ && *parent_follows_at_ <= now_) {
    shown_ = announced_;
    parent_follows_at_.reset();
  }
  member_->exported(order.zone, order.order, served(order.keys, order.cds_delete));
  return true;
}

bool IdealWorld::carry_out(const Look& look) {
  member_->looked(look.zone, look.order, served(look.keys, look.cds_delete));
  return true;
}

bool IdealWorld::carry_out(const AskParent& ask) {
  member_->parent_seen(ask.zone, {shown_, {}, start_.parent.unknown, policy().ds_ttl}, now());
  return true;
}

Policy IdealWorld::policy() const {
  const auto found = start_.policies.find(start_.zone.policy);
  return found == start_.policies.end() ? Policy{} : found->second;
}

// --- the others ----------------------------------------------------------------------------------

// They have carried out everything that there is.
Heartbeat IdealWorld::answer_of(const Incarnation& other) {
  Heartbeat answer;
  const auto said = std::ranges::find(start_.heartbeats, other, &Heartbeat::member);
  if (said != start_.heartbeats.end()) {
    answer.signer = said->signer;
    // What they serve with larger TTLs than this server runs out in time.
    const bool runs_out = now_ - start_.now.boot >= std::max(said->dnskey_ttl, said->max_zone_ttl);
    const ServedZone own = served({}, false);
    answer.dnskey_ttl = runs_out ? std::min(said->dnskey_ttl, own.dnskey_ttl) : said->dnskey_ttl;
    answer.max_zone_ttl =
        runs_out ? std::min(said->max_zone_ttl, own.max_zone_ttl) : said->max_zone_ttl;
  }
  answer.member = other;
  answer.counter = ++counters_[other];
  answer.time = now().wall;
  answer.serving = true;
  answer.last_seq = facts_[other];
  answer.last_chain = IdealCrypto::digest_at(answer.last_seq);
  answer.roster = start_.others;
  answer.roster.push_back(start_.self);
  std::ranges::sort(answer.roster);
  for (const auto& [author, seq] : facts_) {
    if (seq > 0) answer.vector.push_back({author, seq, IdealCrypto::digest_at(seq)});
  }
  return answer;
}

void IdealWorld::others_answer() {
  for (const Incarnation& other : start_.others) member_->heartbeat(answer_of(other), now());
}

void IdealWorld::add_of(const Incarnation& other, FactContent content) {
  Fact fact{{other, facts_[other] + 1}, now().wall, {}, std::move(content)};
  remember(fact);
  news_ = true;
  member_->fact(std::move(fact));
}

// The member wipes its own keys only; the others wipe theirs by the same sum.
void IdealWorld::plan_wipes() {
  if (start_.others.empty()) return;
  for (const KeyStatus& key : zone_status().keys) {
    const Incarnation& owner = key.candidate.author;
    const auto left = withdrawn_.find(key.fingerprint);
    const bool is_theirs = std::ranges::find(start_.others, owner) != start_.others.end();
    if (!is_theirs || left == withdrawn_.end() || wiped_.contains(key.candidate) ||
        !completely_hidden(key))
      continue;
    wipes_.try_emplace(key.candidate, owner, std::max(now().wall, left->second + policy().purge));
  }
}

void IdealWorld::wipe_for_others() {
  for (auto wipe = wipes_.begin(); wipe != wipes_.end();) {
    const auto [owner, at] = wipe->second;
    if (boot_time(at) > now_) {
      ++wipe;
      continue;
    }
    Fact fact{
        {owner, facts_[owner] + 1}, now().wall, {}, Tombstone{wipe->first, "withdrawn everywhere"}};
    listener_(fact, "");
    add_of(owner, std::move(fact.content));
    wipe = wipes_.erase(wipe);
  }
}

}  // namespace rollcall
