// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/machine.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::uint64_t passes_a_day_at_most = 100'000;

Settings settings_of(const Swarm& swarm, std::size_t index) {
  Settings settings = swarm.settings;
  settings.serves_dns = swarm.serves_dns[index];
  settings.signer.swap = swarm.abilities[index];
  return settings;
}

bool writes_down_a_promise(const std::vector<Save>& saves) {
  return std::ranges::any_of(saves, [](const Save& save) {
    return std::holds_alternative<SaveFact>(save) || std::holds_alternative<SaveIntent>(save) ||
           std::holds_alternative<DropIntent>(save) || std::holds_alternative<SaveProgress>(save);
  });
}

bool has_fact_of(const Incarnation& author, const std::vector<Save>& saves) {
  return std::ranges::any_of(saves, [&author](const Save& save) {
    const auto* fact = std::get_if<SaveFact>(&save);
    return fact != nullptr && fact->fact.id.author == author;
  });
}

}  // namespace

Machine::Machine(Site& site, std::size_t index, MemberId id)
    : site_(site),
      index_(index),
      id_(id),
      dns_(site.context, site.judge, index),
      booted_(site.context.schedule.now()) {
  site.directory.add_replica(*this);
}

void Machine::start() {
  if (alive() || gone_) return;
  if (store_.intends()) site_.context.counters.add("crash between intent and key");
  if (rebooted_) booted_ = site_.context.schedule.now();
  disturbed_at_ = site_.context.schedule.now();
  if (!powered_) site_.directory.power(index_, true);
  powered_ = true;
  Uuid instance;
  for (std::byte& byte : instance.bytes) byte = static_cast<std::byte>(site_.context.dice.below(256));
  orders_ = 0;
  member_ = std::make_unique<Member>(life(), instance, settings_of(site_.context.swarm, index_),
                                     site_.crypto, site_.delay, store_.load(!rebooted_));
  rebooted_ = false;
  tell("starts");
  if (!gate_open_) later(site_.context.swarm.start_limit, [this] { limit_is_over(); });
  if (!silent_) site_.directory.connect(index_);
  poke();
}

void Machine::crash() {
  if (!alive()) return;
  tell("its agent dies");
  if (std::exchange(key_in_hand_, false)) site_.context.counters.add("crash between key and fact");
  member_.reset();
  master_keys_.clear();
  heard_.clear();
  ++life_;
  pass_planned_ = false;
  unsaved_.reset();
  unsent_.clear();
  site_.directory.disconnect(index_);
}

void Machine::reboot() {
  crash();
  rebooted_ = true;
  gate_open_ = false;
  update_answering();
  site_.context.counters.add("reboot");
}

void Machine::power_off() {
  reboot();
  if (powered_) site_.directory.power(index_, false);
  powered_ = false;
}

void Machine::set_clock(Nanoseconds wrong_by, double drift) {
  disturbed_at_ = site_.context.schedule.now();
  wrong_by_ = wrong_by;
  drift_ = drift;
  drifts_since_ = site_.context.schedule.now();
  site_.directory.set_clock(index_, wrong_by);
  dns_.set_clock(wrong_by);
}

void Machine::fill_disk(bool full) {
  disturbed_at_ = site_.context.schedule.now();
  disk_full_ = full;
  poke();
}

void Machine::keep_copy() {
  copy_ = store_;
  site_.directory.keep_copy(index_);
}

void Machine::return_to_copy(bool with_replica) {
  reboot();
  std::vector<FactId> lost;
  for (const auto& [id, fact] : store_.facts()) {
    if (id.author == life() && copy_.find(id) == nullptr) lost.push_back(id);
  }
  store_ = copy_;
  if (with_replica) site_.directory.return_to_copy(index_);
  site_.judge.forgot(index_, lost);
}

void Machine::retire() {
  if (retired_) return;
  tell("is switched off for good");
  site_.context.counters.add("member left");
  power_off();
  gone_ = retired_ = true;
}

void Machine::join_again() {
  tell("asks to be taken in again");
  site_.context.counters.add("came back as a new incarnation");
  crash();
  site_.judge.taken_in_again(index_);
  store_.join_again();
  in_ns_ = stopped_ = false;
  dns_.warned_of(false);
  disliked_.clear();
  start();
}

// --- the DNS server is started when the agent says so, or after a while
// -----------------------------

void Machine::open_gate() {
  if (gate_open_ || orders_ > 0 || !member_->may_answer()) return;
  gate_open_ = true;
  warn_of_the_unaware();
}

// That a member that was forgotten comes back where no word of it arrives, or none can be taken down, is
// what people are warned of.
void Machine::warn_of_the_unaware() {
  const auto names_it = [this](const Fact& fact) {
    const auto* forget = std::get_if<Forget>(&fact.content);
    return forget != nullptr &&
           std::ranges::any_of(forget->forgotten, [this](const Incarnation& gone) {
             return gone.member == id_ && gone.number >= store_.incarnation();
           });
  };
  const bool unaware = silent_ || stuck() || !site_.directory.holds(index_, names_it);
  const bool forgotten = site_.judge.forgotten(life()) && unaware;
  if (forgotten) site_.context.counters.add("forgotten one came back cut off");
  dns_.warned_of(forgotten);
}

// Nobody answers.
void Machine::limit_is_over() {
  if (gate_open_ || member_->never_answers()) return;
  site_.context.counters.add("server started without a word of others");
  gate_open_ = true;
  warn_of_the_unaware();
  update_answering();
}

void Machine::update_answering() {
  in_ns_ = in_ns_ || store_.serving();
  dns_.set_answering(site_.context.swarm.serves_dns[index_] && gate_open_ && in_ns_ && !stopped_);
}

void Machine::stop_answering() {
  if (!std::exchange(stopped_, true)) site_.context.counters.add("server stopped by its agent");
  update_answering();
  later(milliseconds{50}, [this] {
    member_->stopped_answering();
    poke();
  });
}

void Machine::server_started_by_hand() {
  stopped_ = false;
  update_answering();
}

void Machine::start_over() {
  later(milliseconds{1}, [this] {
    site_.context.counters.add(store_.load(true).took_itself_in ? "restored member noticed"
                                                                : "began anew");
    crash();
    start();
  });
}

void Machine::lose_disk() {
  tell("its disk is lost");
  site_.context.counters.add("disk lost");
  power_off();
  gone_ = true;
}

void Machine::doom(CrashPoint point, std::uint64_t after) { doom_ = Doom{point, after}; }

bool Machine::dies(CrashPoint point, bool worth_it) {
  if (!doom_ || doom_->point != point || !worth_it) return false;
  if (doom_->after > 0) {
    --doom_->after;
    return false;
  }
  doom_.reset();
  static constexpr std::string_view counted[] = {"crash before saves", "crash after saves",
                                                 "crash between acts"};
  site_.context.counters.add(counted[static_cast<std::size_t>(point)]);
  crash();
  site_.died(index_);
  return true;
}

void Machine::silence(bool silent) {
  if (silent_ == silent) return;
  silent_ = silent;
  disturbed_at_ = site_.context.schedule.now();
  if (!alive()) return;
  if (silent) {
    site_.directory.disconnect(index_);
    state(false, "directory does not answer");
    return;
  }
  site_.directory.connect(index_);
  for (auto& action : std::exchange(unsent_, {})) to_directory(std::move(action));
}

void Machine::recover() {
  doom_.reset();
  before_fact_ = nullptr;
  set_clock({});
  fill_disk(false);
  key_failures_ = dislikes_ = 0;
  disliked_.clear();  // those that it rejected stay rejected
  parent_deaf_ = false;
  dns_.recover();
  silence(false);
  start();
  poke();
  later(hours{6}, [this] {  // its people look what it doubts, and restart it
    if (!alive() || status().doubt.empty()) return;
    crash();
    start();
  });
}

Time Machine::well_since() const {
  const bool clock_is_right = wrong_by_ == Nanoseconds{0} && drift_ == 0;
  const bool well = alive() && !silent_ && !disk_full_ && !stuck() && clock_is_right && !dns_.troubled();
  return well ? disturbed_at_ : site_.context.schedule.now();
}

Moment Machine::now() const {
  const Time now = site_.context.schedule.now();
  const Nanoseconds drifted{drift_ == 0 ? 0 : static_cast<std::int64_t>(drift_ * static_cast<double>((now - drifts_since_).count()))};
  return {now + wrong_by_ + drifted, BootTime{now - booted_}};
}

void Machine::hear(const Heartbeat& heartbeat) {
  if (!site_.context.swarm.clocks_go_wrong()) return;
  const Nanoseconds age = site_.context.schedule.now() - heartbeat.time;
  const bool right = age >= Nanoseconds{0} && age < minutes{1};
  Heard& heard = heard_[heartbeat.member.member];
  heard = {site_.context.schedule.now(), right, right && heard.right};
}

// Everybody of whom it heard lately had the right time.
bool Machine::was_told_the_time() const {
  const Time lately = site_.context.schedule.now() - site_.context.swarm.settings.silence / 2;
  return !heard_.empty() && std::ranges::all_of(heard_, [lately](const auto& entry) {
    return entry.second.twice && entry.second.at >= lately;
  });
}

MemberKeys Machine::keys() const {
  MemberKeys keys;
  keys.member = id_;
  keys.incarnation = store_.incarnation();
  keys.host = name() + ".example.com";
  keys.signing.fill(static_cast<std::byte>(index_ + 1));
  keys.sealing.fill(static_cast<std::byte>(index_ + 101));
  return keys;
}

// Events that come at about the same time are one pass, as they are in an event loop; in a big cluster
// more of them come while the loop is busy.
void Machine::poke() {
  if (!alive() || pass_planned_) return;
  pass_planned_ = true;
  const auto crowd = static_cast<int>(1 + site_.context.swarm.members / 8);
  later(site_.context.dice.between(Nanoseconds{0}, milliseconds{2} * crowd * crowd * crowd), [this] { pass(); });
}

void Machine::later(Nanoseconds delay, std::function<void()> action) {
  site_.context.schedule.after(delay, [this, life = life_, action = std::move(action)] {
    if (life_ == life) action();
  });
}

void Machine::to_directory(std::function<void()> action) {
  if (silent_) {
    unsent_.push_back(std::move(action));
    return;
  }
  const Time now = site_.context.schedule.now();
  directory_free_ = std::max(directory_free_, now + site_.context.dice.between(milliseconds{1}, milliseconds{50}));
  const bool survives_crash = site_.context.dice.one_in(2);
  site_.context.schedule.at(directory_free_, [this, life = life_, survives_crash, action = std::move(action)] {
    const bool dead = life_ != life;
    if (dead && !survives_crash) lost_from_ = life;
    if (!powered_ || lost_from_ == life) return;
    if (silent_ && !dead) {
      unsent_.push_back(action);
    } else {
      action();
    }
  });
}

void Machine::look_again(const std::optional<BootTime>& again) {
  const std::uint64_t wake = ++wake_;
  if (!again) return;
  const Nanoseconds delay = std::max(*again - now().boot, Nanoseconds{milliseconds{1}});
  later(delay, [this, wake] {
    if (wake_ == wake) poke();
  });
}

// What is new of our own is for the judge to know from the moment that it is durable.
void Machine::save(const std::vector<Save>& saves) {
  for (const Save& save : saves) {
    if (std::holds_alternative<DropIntent>(save)) key_in_hand_ = false;
    const auto* fact = std::get_if<SaveFact>(&save);
    if (fact != nullptr && site_.vault.wiped.contains(fact->fact.id)) store_.wipe(fact->fact.id);
    if (fact != nullptr && fact->fact.id.author == life() &&
        store_.find(fact->fact.id) == nullptr) {
      site_.judge.wrote(index_, fact->fact);
      if (std::holds_alternative<Candidate>(fact->fact.content)) key_in_hand_ = false;
    }
    if (const auto* leaving = std::get_if<SaveLeaving>(&save))
      site_.judge.leaves(life(), leaving->leaving.has_value());
  }
  store_.apply(saves);
}

void Machine::vanished(const FactId& fact) {
  if (!alive()) return;
  member_->fact_vanished(fact);
  poke();
}

void Machine::state(bool current, const std::string& why) {
  if (!alive()) return;
  member_->directory_current(current, why);
  poke();
}

void Machine::entry(const Entry& entry) {
  if (!alive()) return;
  struct {
    Machine& machine;
    const Entry& whole;
    void operator()(const Fact& fact) const { machine.member_->fact(fact); }
    void operator()(const Heartbeat& heartbeat) const {
      Member& member = *machine.member_;
      if (heartbeat.member.member == machine.id_) {
        member.own_heartbeat_seen(heartbeat);
      } else {
        machine.hear(heartbeat);
        member.heartbeat(HeardHeartbeat{whole, &heartbeat}, machine.now());  // all hold this one
      }
    }
    void operator()(const CopiedFact& copy) const { machine.member_->fact(copy.fact); }
    void operator()(const ClusterConfig& config) const { machine.member_->config(config); }
    void operator()(const PolicyEntry& entry) const { machine.member_->policy(entry.name, entry.policy); }
    void operator()(const ZoneConfig& entry) const {
      if (machine.dns_.served(entry.zone.name) == nullptr) machine.dns_.load(entry.zone.name);
      machine.member_->zone(entry);
    }
  } visitor{*this, entry};
  std::visit(visitor, *entry);
  poke();
}

void Machine::pass() {
  pass_planned_ = false;
  const Time day = std::chrono::floor<std::chrono::days>(site_.context.schedule.now());
  passes_today_ = day == today_ ? passes_today_ + 1 : 0;
  today_ = day;
  if (passes_today_ > passes_a_day_at_most) site_.judge.violated("busy loop: " + name());

  if (unsaved_ && disk_full_) return;
  const bool late = unsaved_.has_value();
  const Effects effects = late ? *std::exchange(unsaved_, std::nullopt)
                               : member_->pass(now(), [this] { return site_.context.dice.bits(); });
  if (!saved(effects)) return;
  for (const Act& act : effects.acts) {
    carry_out(act);
    if (dies(CrashPoint::between_acts, true)) return;
  }
  open_gate();
  update_answering();
  look_again(effects.again);
  if (late) poke();  // for what happened meanwhile
}

// What cannot be saved is not done; nothing else is, either, until it can.
bool Machine::saved(const Effects& effects) {
  const bool worth_it = writes_down_a_promise(effects.saves);
  if (dies(CrashPoint::before_saves, worth_it)) return false;
  if (disk_full_ && !effects.saves.empty()) {
    site_.context.counters.add("disk full");
    unsaved_ = effects;
    return false;
  }
  if (before_fact_ && has_fact_of(life(), effects.saves)) std::exchange(before_fact_, nullptr)();
  save(effects.saves);
  return !dies(CrashPoint::after_saves, worth_it);
}

}  // namespace rollcall::sim
