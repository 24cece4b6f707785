// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/dns_server.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

std::size_t primary(std::size_t member) { return 2 * member; }
std::size_t secondary(std::size_t member) { return 2 * member + 1; }

}  // namespace

DnsServer::DnsServer(Context& context, Judge& judge, std::size_t member)
    : context_(context), judge_(judge), member_(member), ability_(context.swarm.abilities[member]) {}

void DnsServer::load(const ZoneName& zone) {
  zones_[zone].now.zone_ttl = context_.swarm.zone_ttls[member_];
  zones_[zone].now.dnskey_ttl = context_.swarm.policy.dnskey_ttl;
  zones_[zone].old = zones_[zone].now;
  if (lies_) return distrust(zone);
  show(zone);
}

void DnsServer::apply(const Export& order, Done done) {
  const auto found = zones_.find(order.zone.name);
  if (found == zones_.end() || refusals_ > 0) {
    if (refusals_ > 0) --refusals_;
    context_.counters.add("signer refused");
    context_.schedule.after(milliseconds{50}, [done] { done(std::nullopt); });
    return;
  }
  if (lies_) {
    context_.counters.add("answered for what was not done");
    ++found->second.order;
    if (!serves(found->second.now, order.keys)) pretend(order.zone.name);
    context_.schedule.after(milliseconds{50}, [this, order, done] {
      done(pretended(zones_.at(order.zone.name), order.keys));
    });
    return;
  }
  const std::uint64_t number = ++found->second.order;
  if (context_.schedule.now() >= hangs_until_) return begin(order, number, std::move(done));
  context_.counters.add("signer hung");
  hung_.push_back([this, order, number, done] { begin(order, number, done); });
}

void DnsServer::hang_until(Time until) {
  hangs_until_ = until;
  context_.schedule.at(until, [this] { go_on(); });
}

void DnsServer::go_on() {
  if (context_.schedule.now() < hangs_until_) return;
  for (const auto& order : std::exchange(hung_, {})) order();
}

void DnsServer::begin(const Export& order, std::uint64_t number, Done done) {
  Zone& zone = zones_.at(order.zone.name);
  if (zone.order != number) return done(std::nullopt);
  zone.old = zone.now;
  if (zone.lost) zone.now.keys.clear();  // it loads the zone again, and answers when that is signed
  const Served after = wanted(zone.now, order);
  if (!warned_of_) judge_.ordered(member_, order.zone.name, zone.now, after, answering_);
  context_.schedule.after(context_.dice.between(milliseconds{20}, Seconds{2}),
                          [this, zone_name = order.zone.name, number, after, keys = order.keys,
                           left = pieces(zone.now, after), done = std::move(done)] {
                            run(zone_name, number, after, left, keys, done);
                          });
}

// A server that cannot drop the signatures of a key and keep the key goes on signing with it, and signs the data by a
// ZSK where there is one of the algorithm, whatever the CSK is to do.
Served DnsServer::wanted(const Served& before, const Export& order) const {
  Served after = before;
  after.dnskey_ttl = order.dnskey_ttl;
  after.cds_delete = order.cds_delete;
  for (const KeyTarget& target : order.keys) {
    Served::Key& key = after.keys[target.key];
    const bool signs_on = ability_ == SwapAbility::together && target.dnskey && key.first_half;
    const bool zsk_signs = ability_ == SwapAbility::together && target.generation.role == Role::csk &&
                           std::ranges::any_of(order.keys, [&target](const KeyTarget& other) {
                             return other.generation.role == Role::zsk && other.dnskey && other.zrrsig &&
                                    other.generation.algorithm == target.generation.algorithm;
                           });
    const bool zrrsig = (target.zrrsig || signs_on) && !zsk_signs;
    key = {target.generation, target.dnskey, target.krrsig, target.ds, target.revoked, zrrsig, zrrsig};
  }
  return after;
}

bool DnsServer::serves(const Served& now, const std::vector<KeyTarget>& keys) const {
  Export order;
  order.keys = keys;
  const Served told = wanted(now, order);
  return std::ranges::all_of(told.keys, [&now](const auto& entry) {
    const auto found = now.keys.find(entry.first);
    return found == now.keys.end() ? entry.second.nothing() : found->second == entry.second;
  });
}

std::vector<Fingerprint> DnsServer::foreign(const Served& now, const std::vector<KeyTarget>& keys) {
  std::vector<Fingerprint> foreign;
  for (const auto& [key, records] : now.keys) {
    const bool asked = std::ranges::find(keys, key, &KeyTarget::key) != keys.end();
    if (!asked && !records.nothing()) foreign.push_back(key);
  }
  return foreign;
}

// A key comes before what it signs; what leaves may leave in any order.
std::vector<DnsServer::Piece> DnsServer::pieces(const Served& before, const Served& after) {
  std::vector<Piece> order{Piece::dnskey, Piece::first_half, Piece::second_half};
  const bool comes = std::ranges::any_of(after.keys, [&before](const auto& entry) {
    const auto old = before.keys.find(entry.first);
    return entry.second.dnskey && (old == before.keys.end() || !old->second.dnskey);
  });
  if (!comes) context_.dice.shuffle(order);
  return order;
}

void DnsServer::run(const ZoneName& name, std::uint64_t order, Served after,
                    std::vector<Piece> left, std::vector<KeyTarget> keys, Done done) {
  Zone& zone = zones_.at(name);
  if (zone.order != order) return done(std::nullopt);
  if (left.empty()) {
    if (foreign(zone.now, keys).empty()) zone.old_copy = false;
    const bool mended = !lies_ && !warned_of_ && !zone.old_copy && judge_.trust(member_, name);
    if (std::exchange(zone.lost, false) || mended) show(name);
    return done(seen(zone, keys));
  }
  if (left.front() != Piece::dnskey && std::exchange(wrong_key_, false)) {
    context_.counters.add("signed with another key");
    distrust(name);  // nobody can mend what it answers until it is told again
    return done(seen(zone, keys));
  }
  replace(left.front(), after, zone.now);
  show(name);
  left.erase(left.begin());
  if (std::exchange(stops_half_way_, false)) {
    context_.counters.add("signer stopped half-way");
    return done(std::nullopt);
  }
  const Nanoseconds pause = context_.dice.between(Nanoseconds{0}, minutes{context_.dice.one_in(10) ? 30 : 1});
  context_.schedule.after(left.empty() ? Nanoseconds{0} : pause,
                          [this, name, order, after = std::move(after), left = std::move(left),
                           keys = std::move(keys), done = std::move(done)] {
                            run(name, order, after, left, keys, done);
                          });
}

void DnsServer::replace(Piece piece, const Served& after, Served& now) {
  now.dnskey_ttl = after.dnskey_ttl;
  if (piece == Piece::dnskey) now.cds_delete = after.cds_delete;
  for (const auto& [fingerprint, key] : after.keys) {
    Served::Key& mine = now.keys[fingerprint];
    mine.generation = key.generation;
    switch (piece) {
      case Piece::dnskey:
        mine.dnskey = key.dnskey;
        mine.krrsig = key.krrsig;
        mine.cds = key.cds;
        mine.revoked = key.revoked;
        break;
      case Piece::first_half: mine.first_half = key.first_half; break;
      case Piece::second_half: mine.second_half = key.second_half; break;
    }
  }
}

void DnsServer::look(const ZoneName& zone, const std::vector<KeyTarget>& keys, const Done& done) {
  const auto found = zones_.find(zone);
  if (found == zones_.end() || context_.schedule.now() < hangs_until_) return done(std::nullopt);
  Zone nothing;
  const ServedZone truth = seen(found->second.lost ? nothing : found->second, keys);
  if (!lies_) {
    const Served& now = found->second.now;
    if (found->second.old_copy && serves(now, keys) && foreign(now, keys).empty()) believe(zone);
    return done(truth);
  }
  if (!serves(found->second.now, keys)) pretend(zone);
  done(pretended(found->second, keys));
}

ServedZone DnsServer::pretended(const Zone& zone, const std::vector<KeyTarget>& keys) const {
  ServedZone answer;
  answer.dnskey_ttl = zone.now.dnskey_ttl;
  answer.max_zone_ttl = zone.now.zone_ttl;
  answer.first_expiry = context_.schedule.now() + context_.swarm.policy.signature_refresh;
  for (const KeyTarget& key : keys) answer.keys.push_back({key.dnskey, key.krrsig, key.zrrsig, key.zrrsig, key.ds});
  return answer;
}

ServedZone DnsServer::seen(Zone& zone, const std::vector<KeyTarget>& keys) const {
  ServedZone seen;
  seen.dnskey_ttl = zone.now.dnskey_ttl;
  seen.max_zone_ttl = zone.now.zone_ttl;
  seen.cds_delete = zone.now.cds_delete;
  for (const KeyTarget& target : keys) {
    const auto found = zone.now.keys.find(target.key);
    const Served::Key key = found == zone.now.keys.end() ? Served::Key{} : found->second;
    const bool valid = signatures_look_valid();
    seen.keys.push_back({key.dnskey, key.krrsig && valid, key.first_half && key.second_half && valid,
                         key.first_half || key.second_half, key.cds, key.revoked});
    if (key.first_half) seen.first_expiry = context_.schedule.now() + context_.swarm.policy.signature_refresh;
  }
  zone.foreign = foreign(zone.now, keys);
  for (const Fingerprint& key : zone.foreign) seen.foreign_keys.push_back(std::to_integer<std::uint16_t>(key.front()));
  return seen;
}

void DnsServer::set_answering(bool answering) {
  if (answering_ == answering) return;
  answering_ = answering;
  context_.trace.line(member_name(member_), answering ? "its DNS server answers" : "its DNS server is silent");
  for (const auto& [name, zone] : zones_) show(name);
}

void DnsServer::lose_zone(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end()) return;
  found->second.lost = true;
  ++found->second.order;
  context_.counters.add("zone lost");
  context_.trace.line(member_name(member_), "its DNS server lost " + name);
  show(name);
}

void DnsServer::restart_with_old_copy(const ZoneName& name) {
  const auto found = zones_.find(name);
  if (found == zones_.end() || found->second.lost) return;
  Zone& zone = found->second;
  ++zone.order;
  if (std::exchange(zone.now, zone.old) == zone.old) return;
  context_.counters.add("stale after restart");
  context_.trace.line(member_name(member_), "its DNS server restarts with an old copy of " + name);
  zone.old_copy = true;
  distrust(name);
}

// From now on, and until it is told again, it does not serve what it says.
void DnsServer::pretend(const ZoneName& name) {
  zones_.at(name).old_copy = true;
  distrust(name);
}

// However it came to it: it serves what it is to serve.
void DnsServer::believe(const ZoneName& name) {
  zones_.at(name).old_copy = false;
  if (!warned_of_ && judge_.trust(member_, name)) show(name);
}

void DnsServer::distrust(const ZoneName& name) {
  judge_.distrust(member_, name);
  show(name);
}

void DnsServer::lie(bool lies) {
  if (lies_ == lies) return;
  lies_ = lies;
  context_.trace.line(member_name(member_), lies ? "its server says whatever it is asked for" : "its server is honest again");
}

void DnsServer::take_out_foreign(const ZoneName& name) {
  Zone& zone = zones_.at(name);
  for (const Fingerprint& key : std::exchange(zone.foreign, {})) {
    context_.counters.add("foreign key taken out");
    context_.trace.line(member_name(member_), "people take out of its server " + name + ' ' + short_name(key));
    zone.now.keys.erase(key);
  }
  show(name);
}

bool DnsServer::is_old_copy(const ZoneName& zone) const {
  const auto found = zones_.find(zone);
  return warned_of_ || (found != zones_.end() && found->second.old_copy);
}

void DnsServer::warned_of(bool on) {
  warned_of_ = on;
  if (!on) return;
  for (const auto& [name, zone] : zones_) distrust(name);
}

void DnsServer::recover() {
  lie(false);
  wrong_key_ = false;
  hangs_until_ = {};
  refusals_ = 0;
  stops_half_way_ = false;
  for (auto& [name, zone] : zones_) {
    if (!judge_.trusted(member_, name)) zone.old_copy = true;  // people sign it anew; the next look shows that it is in order
  }
  go_on();
}

const Served* DnsServer::served(const ZoneName& name) const {
  const auto found = zones_.find(name);
  return found == zones_.end() || found->second.lost ? nullptr : &found->second.now;
}

std::set<Fingerprint> DnsServer::cds(const ZoneName& name) const {
  std::set<Fingerprint> keys;
  if (const Served* zone = served(name)) {
    for (const auto& [key, records] : zone->keys) {
      if (records.cds) keys.insert(key);
    }
  }
  return keys;
}

bool DnsServer::asks_for_no_ds(const ZoneName& name) const {
  const Served* zone = served(name);
  return zone != nullptr && zone->cds_delete;
}

std::size_t DnsServer::keys_published(const ZoneName& name) const {
  const Served* zone = served(name);
  if (zone == nullptr) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(zone->keys, [](const auto& entry) { return entry.second.dnskey; }));
}

void DnsServer::show(const ZoneName& name) {
  Zone& zone = zones_.at(name);
  const Served content = zone.now;
  if (!answering_ || zone.lost || !judge_.trusted(member_, name)) {
    judge_.silent(primary(member_), name);
    judge_.silent(secondary(member_), name);
    return;
  }
  judge_.serves(primary(member_), name, content);
  const Time now = context_.schedule.now();
  const Time last = now + context_.swarm.policy.propagation - Nanoseconds{1};
  if (last <= now) return;
  // Changes reach the secondary in order.
  zone.secondary_at = std::max(zone.secondary_at, now + context_.dice.between(Nanoseconds{0}, last - now));
  context_.schedule.at(zone.secondary_at, [this, name, content] {
    if (answering_ && !zones_.at(name).lost && judge_.trusted(member_, name)) judge_.serves(secondary(member_), name, content);
  });
}

}  // namespace rollcall::sim
