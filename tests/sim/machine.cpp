// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/machine.h"

#include <algorithm>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

Settings settings_of(const Swarm& swarm, std::size_t index) {
  Settings settings = swarm.settings;
  settings.serves_dns = swarm.serves_dns[index];
  settings.signer.swap = swarm.abilities[index];
  return settings;
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
  gate_open_ = limit_over_ = false;
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
  if (limit_over_) limit_is_over();
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
  limit_over_ = true;
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
  bool by_anybody = false;
  for (const MemberLine& line : status().members) {
    const auto heard = heard_.find(line.member);
    if (!line.in_roster || heard == heard_.end()) continue;  // who has left is asked nothing
    by_anybody = true;
    if (!heard->second.twice || heard->second.at < lately) return false;
  }
  return by_anybody;
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

}  // namespace rollcall::sim
