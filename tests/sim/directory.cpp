// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/directory.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace rollcall::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr hours most_skew{24};  // nsslapd-ignore-time-skew is off by default

bool too_far_apart(Nanoseconds a, Nanoseconds b) { return a - b > most_skew || b - a > most_skew; }

bool is_fact(const Entry& entry) {
  return entry && (std::holds_alternative<Fact>(*entry) || std::holds_alternative<CopiedFact>(*entry));
}

}  // namespace

Directory::Directory(Context& context) : context_(context), lag_(context.swarm.lag) {}

std::size_t Directory::add_replica(Listener& listener) {
  const std::size_t added = replicas_.size();
  replicas_.push_back({&listener, {}, 0, true, {}});
  for (auto& links : links_) links.emplace_back();
  links_.emplace_back(added + 1);
  for (std::size_t other = 0; other < added; ++other) {
    fall_behind(other, added);
    reopened(other, added);
  }
  return added;
}

void Directory::connect(std::size_t replica) {
  Replica& self = replicas_[replica];
  const std::uint64_t session = self.session |= 1U;
  self.listener->state(false, "refreshing");
  std::vector<Entry> entries;
  for (const Stored& stored : self.stored) {
    if (stored.entry) entries.push_back(stored.entry);
  }
  context_.dice.shuffle(entries);
  const Nanoseconds spread = context_.dice.between(milliseconds{1}, Seconds{30});
  for (const Entry& entry : entries) {
    notify_after(replica, entry, context_.dice.between(Nanoseconds{0}, spread));
  }
  context_.schedule.after(spread + milliseconds{1}, [this, replica, session] {
    if (replicas_[replica].session == session) replicas_[replica].listener->state(true, "");
  });
}

void Directory::disconnect(std::size_t replica) {
  Replica& self = replicas_[replica];
  if (self.session % 2 == 1) ++self.session;
}

void Directory::add(std::size_t replica, Content content) {
  const EntryId id = id_of(content);
  if (at(replica, id).entry) return;
  write(replica, std::move(content));
}

void Directory::write(std::size_t replica, Content content) {
  const EntryId id = id_of(content);
  Stored written = new_version(replica, std::move(content));
  store(replica, id, ds389() ? written_over(at(replica, id), written, false) : std::move(written));
}

void Directory::set(std::size_t replica, Content content) {
  const EntryId id = id_of(content);
  Stored written = new_version(replica, std::move(content));
  store(replica, id, ds389() ? written_over(at(replica, id), written, true) : std::move(written));
}

Directory::Stored Directory::new_version(std::size_t replica, Content content) {
  const Version version{context_.schedule.now(), replica, ++order_};
  return {version, std::make_shared<const Content>(std::move(content))};
}

void Directory::wire(std::size_t a, std::size_t b, bool wired) {
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    link(from, to).wired = wired;
    fall_behind(from, to);
    reopened(from, to);
  }
}

// Those who replicated with it, or with others that are gone and replicated with it, do so with
// each other.
void Directory::go_around(std::size_t gone) {
  gone_.insert(gone);
  std::set<std::size_t> around{gone}, neighbours;
  std::vector<std::size_t> todo{gone};
  while (!todo.empty()) {
    const std::size_t at = todo.back();
    todo.pop_back();
    for (std::size_t other = 0; other < replicas_.size(); ++other) {
      if (!link(at, other).wired) continue;
      if (!gone_.contains(other)) {
        neighbours.insert(other);
      } else if (around.insert(other).second) {
        todo.push_back(other);
      }
    }
  }
  std::optional<std::size_t> before;
  for (const std::size_t other : neighbours) {
    if (before && !link(*before, other).wired) wire(*before, other, true);
    before = other;
  }
}

void Directory::cut(std::size_t from, std::size_t to) { ++link(from, to).cuts; }

void Directory::repair(std::size_t from, std::size_t to) {
  if (link(from, to).cuts == 0) return;  // everything was repaired before
  --link(from, to).cuts;
  reopened(from, to);
}

void Directory::repair_all() {
  for (std::size_t from = 0; from < replicas_.size(); ++from) {
    for (std::size_t to = 0; to < replicas_.size(); ++to) {
      link(from, to).cuts = 0;
      if (from != to) reopened(from, to);
    }
  }
}

void Directory::power(std::size_t replica, bool on) {
  replicas_[replica].powered = on;
  if (!on) disconnect(replica);
  for (std::size_t other = 0; on && other < replicas_.size(); ++other) {
    if (other == replica) continue;
    reopened(other, replica);
    reopened(replica, other);
  }
}

void Directory::set_clock(std::size_t replica, Nanoseconds wrong_by) {
  Replica& self = replicas_[replica];
  if (std::exchange(self.clock, wrong_by) == wrong_by || context_.swarm.engine == Engine::slapd) return;
  for (std::size_t other = 0; other < replicas_.size(); ++other) {
    if (other == replica) continue;
    if (too_far_apart(self.clock, replicas_[other].clock)) context_.counters.add("replication refused for its clock");
    reopened(other, replica);
    reopened(replica, other);
  }
}

void Directory::keep_copy(std::size_t replica) {
  replicas_[replica].copy = replicas_[replica].stored;
  replicas_[replica].copied = context_.schedule.now();
}

void Directory::return_to_copy(std::size_t replica) {
  Replica& self = replicas_[replica];
  disconnect(replica);
  self.stored = self.copy;
  for (std::size_t other = 0; other < replicas_.size(); ++other) {
    if (other == replica) continue;
    for (const auto& [from, to] : {std::pair{other, replica}, std::pair{replica, other}}) {
      fall_behind(from, to);
      link(from, to).behind_since = std::min(link(from, to).behind_since, self.copied);
      reopened(from, to);
    }
  }
}

bool Directory::lose_fact(std::size_t replica, const std::function<bool(const FactId&)>& may_be_lost) {
  Replica& self = replicas_[replica];
  std::vector<EntryId> facts;
  for (EntryId id = 0; id < self.stored.size(); ++id) {
    const Entry& entry = self.stored[id].entry;
    const auto* fact = entry ? std::get_if<Fact>(entry.get()) : nullptr;
    if (fact && (!may_be_lost || may_be_lost(fact->id))) facts.push_back(id);
  }
  if (facts.empty()) return false;
  context_.counters.add("entry vanished");
  const EntryId victim = context_.dice.pick(facts);
  ds389() ? remove(replica, victim) : lose(replica, victim);
  return true;
}

void Directory::lose(std::size_t replica, EntryId id) {
  tell_of_loss(replica, std::exchange(replicas_[replica].stored[id].entry, nullptr));
}

void Directory::tell_of_loss(std::size_t replica, const Entry& lost) {
  if (!is_fact(lost) || !tells(replica)) return;
  const auto* own = std::get_if<Fact>(lost.get());
  const FactId fact = own != nullptr ? own->id : std::get<CopiedFact>(*lost).fact.id;
  context_.schedule.after(milliseconds{5}, [this, replica, fact, session = replicas_[replica].session] {
    if (replicas_[replica].session == session) replicas_[replica].listener->vanished(fact);
  });
}

void Directory::lose_all_facts() { return_to(Time{}); }

void Directory::return_to(Time moment) {
  context_.trace.line("world", "the directory loses every fact since " + to_iso(moment));
  for (std::size_t replica = 0; replica < replicas_.size(); ++replica) {
    for (EntryId id = 0; id < replicas_[replica].stored.size(); ++id) {
      const Stored& stored = replicas_[replica].stored[id];
      if (is_fact(stored.entry) && stored.version.written > moment) lose(replica, id);
    }
  }
}

std::size_t Directory::distinct_facts(std::size_t replica) const {
  std::set<FactId> facts;
  for (const Stored& stored : replicas_[replica].stored) {
    if (!is_fact(stored.entry)) continue;
    const auto* own = std::get_if<Fact>(stored.entry.get());
    facts.insert(own != nullptr ? own->id : std::get<CopiedFact>(*stored.entry).fact.id);
  }
  return facts.size();
}

bool Directory::holds(std::size_t replica, const std::function<bool(const Fact&)>& like) const {
  return std::ranges::any_of(replicas_[replica].stored, [&like](const Stored& stored) {
    if (!is_fact(stored.entry)) return false;
    const auto* own = std::get_if<Fact>(stored.entry.get());
    return like(own != nullptr ? *own : std::get<CopiedFact>(*stored.entry).fact);
  });
}

bool Directory::whole() const {
  const auto from_first = [this](std::size_t from, std::size_t to) { return open(from, to); };
  const auto to_first = [this](std::size_t from, std::size_t to) { return open(to, from); };
  return all_reached(from_first) && all_reached(to_first);
}

bool Directory::all_reached(const std::function<bool(std::size_t, std::size_t)>& leads) const {
  std::vector<std::size_t> todo, others;
  for (std::size_t replica = 0; replica < replicas_.size(); ++replica) {
    if (!gone_.contains(replica)) others.push_back(replica);
  }
  const auto reach_from = [&](std::size_t from) {
    std::erase_if(others, [&](std::size_t to) {
      if (to != from && !leads(from, to)) return false;
      if (to != from) todo.push_back(to);
      return true;
    });
  };
  if (!others.empty()) reach_from(others.front());
  while (!todo.empty()) {
    const std::size_t from = todo.back();
    todo.pop_back();
    reach_from(from);
  }
  return others.empty();
}

bool Directory::linked(std::size_t from, std::size_t to) const { return open(from, to); }

Directory::Name Directory::name_of(const Content& content) {
  struct {
    Name operator()(const Fact& fact) const { return fact.id; }
    Name operator()(const Heartbeat& heartbeat) const { return heartbeat.member.member; }
    Name operator()(const ClusterConfig&) const { return "config"; }
    Name operator()(const PolicyEntry& entry) const { return "policy " + entry.name; }
    Name operator()(const ZoneConfig& entry) const { return "zone " + entry.zone.name; }
    Name operator()(const CopiedFact& copy) const { return std::pair{copy.copier, copy.fact.id}; }
  } name;
  return std::visit(name, content);
}

Directory::EntryId Directory::id_of(const Content& content) {
  return names_.try_emplace(name_of(content), names_.size()).first->second;
}

Directory::Stored& Directory::at(std::size_t replica, EntryId id) {
  std::vector<Stored>& stored = replicas_[replica].stored;
  if (stored.size() <= id) stored.resize(names_.size());
  return stored[id];
}

bool Directory::open(std::size_t from, std::size_t to) const {
  const Link& link = links_[from][to];
  const Replica &source = replicas_[from], &target = replicas_[to];
  if (!link.wired || link.cuts > 0 || !source.powered || !target.powered) return false;
  return context_.swarm.engine == Engine::slapd || !too_far_apart(source.clock, target.clock);
}

void Directory::store(std::size_t replica, EntryId id, Stored stored) {
  if (stored.entry) {
    notify(replica, stored.entry);
  } else {
    tell_of_loss(replica, at(replica, id).entry);
  }
  at(replica, id) = std::move(stored);
  for (std::size_t to = 0; to < replicas_.size(); ++to) {
    if (to != replica && link(replica, to).wired) pass_on(replica, to, id);
  }
}

void Directory::pass_on(std::size_t from, std::size_t to, EntryId id) {
  const Stored& stored = at(from, id);
  if ((!stored.entry && !ds389()) || covers(at(to, id), stored)) return;
  if (!open(from, to)) return fall_behind(from, to);
  const Nanoseconds lag = context_.dice.between(milliseconds{1}, lag_);
  context_.schedule.after(lag, [this, from, to, id, stored] { deliver(from, to, id, stored); });
}

void Directory::deliver(std::size_t from, std::size_t to, EntryId id, const Stored& stored) {
  if (!open(from, to)) return fall_behind(from, to);
  Stored& present = at(to, id);
  if (covers(present, stored)) return;
  if (ds389()) return store(to, id, merged(present, stored));
  const bool loses = hostile_ && context_.swarm.on(Fault::lost_entry) && !present.entry &&
                     std::holds_alternative<Fact>(*stored.entry) && context_.dice.one_in(50);
  if (loses) {
    present.version = stored.version;
    lost_at_ = context_.schedule.now();
    context_.counters.add("entry lost");
    context_.trace.line("directory", "replica " + member_name(to) + " loses fact " +
                                         to_string(std::get<Fact>(*stored.entry).id).substr(34));
    return;
  }
  store(to, id, stored);
}

void Directory::fall_behind(std::size_t from, std::size_t to) {
  if (!std::exchange(link(from, to).behind, true)) link(from, to).behind_since = context_.schedule.now();
}

// After a cut everything that differs comes, in any order; what was lost is not noticed.
void Directory::refresh(std::size_t from, std::size_t to) {
  link(from, to).behind = false;
  for (EntryId id = 0; id < replicas_[from].stored.size(); ++id) pass_on(from, to, id);
}

void Directory::reopened(std::size_t from, std::size_t to) {
  if (!open(from, to) || !link(from, to).behind) return;
  reopened_at_ = context_.schedule.now();
  if (changes_are_gone(from, to)) return fill_anew_later(from, to);
  const std::uint64_t attempt = ++link(from, to).refresh;
  context_.schedule.after(context_.dice.between(milliseconds{10}, minutes{1}),
                          [this, from, to, attempt] {
                            if (link(from, to).refresh == attempt && open(from, to)) refresh(from, to);
                          });
}

void Directory::notify(std::size_t replica, const Entry& entry) {
  if (replicas_[replica].session % 2 == 0) return;
  Nanoseconds delay = context_.dice.between(milliseconds{1}, milliseconds{20});
  if (hostile_ && context_.swarm.on(Fault::notification)) {
    if (context_.dice.one_in(20)) {
      context_.counters.add("notice doubled");
      notify_after(replica, entry, context_.dice.between(Seconds{1}, hours{30}));
    }
    if (context_.dice.one_in(20)) {
      context_.counters.add("notice late");
      delay = context_.dice.between(minutes{1}, hours{72});
    }
  }
  if (hostile_ && context_.swarm.on(Fault::refresh) && context_.dice.one_in(200)) return break_session(replica);
  notify_after(replica, entry, delay);
}

// The notice is lost with its session; a new one, sooner or later, sends everything again.
void Directory::break_session(std::size_t replica) {
  context_.counters.add("notice lost");
  const Nanoseconds until_noticed = context_.dice.between(Seconds{1}, hours{6});
  context_.schedule.after(until_noticed, [this, replica, session = replicas_[replica].session] {
    if (replicas_[replica].session != session) return;
    disconnect(replica);
    connect(replica);
    context_.counters.add("full refresh");
  });
}

// However late a notice is, it tells of what administrators change as it is by then: within a session a
// server does not go back to what an entry was before.
void Directory::notify_after(std::size_t replica, const Entry& entry, Nanoseconds delay) {
  const bool changes = !std::holds_alternative<Fact>(*entry) && !std::holds_alternative<Heartbeat>(*entry);
  context_.schedule.after(delay, [this, replica, entry, changes, session = replicas_[replica].session] {
    if (replicas_[replica].session != session) return;
    const Entry now = changes ? at(replica, id_of(*entry)).entry : entry;
    if (now) replicas_[replica].listener->entry(now);  // else it is gone by then
  });
}

}  // namespace rollcall::sim
