// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/forecast.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/core/gate.h"
#include "lib/core/ideal_world.h"
#include "lib/util/must.h"

namespace rollcall {
namespace {

using Kind = ForecastEvent::Kind;

constexpr Seconds longest = 730_days;
constexpr std::size_t most_passes = 60000;
constexpr std::size_t most_events = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A name ends where its number does: `ZSK 1` is not in `ZSK 12`.
void replace_name(std::string& text, const std::string& name, const std::string& by) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    const std::size_t end = at + name.size();
    if (end < text.size() && is_digit(text[end])) {
      at = end;
      continue;
    }
    text.replace(at, name.size(), by);
    at += by.size();
  }
}

std::string why_made(const Candidate& key) {
  if (key.why == "first") return "the zone has no key of this role";
  if (key.why == "algorithm") return "the policy wants another algorithm";
  if (key.why == "standby") return "the policy wants a key that stands by";
  if (key.why.starts_with("request ")) return "asked for";
  if (key.why.starts_with("predecessor ")) return "due by the lifetime and lead of the policy";
  return "the key before it was " + key.why;
}

class Forecaster {
 public:
  Forecaster(Snapshot start, const ForecastQuestion& question)
      : start_(with_policy(std::move(start), question)),
        question_(question),
        world_(start_, question.parent_takes,
               [this](const Fact& fact, const std::string& step) { heard(fact, step); }) {
    for (const Fact& fact : start_.restored.facts) learn(fact);
  }

  Forecast operator()() {
    forecast_.from = start_.now.wall;
    forecast_.policy = start_.zone.policy;
    forecast_.until = question_.until.value_or(start_.now.wall + longest);
    world_.look_first();
    look();
    if (question_.roll) {
      const auto refused = world_.member().roll(start_.zone.zone.name, *question_.roll, Uuid{},
                                                "forecast", question_.emergency);
      if (refused) {
        forecast_.refused = *refused;
        return std::move(forecast_);
      }
    }
    note_roles();
    if (question_.roll && question_.emergency) note_faster();
    live();
    note_stuck();
    assume();
    return std::move(forecast_);
  }

 private:
  static Snapshot with_policy(Snapshot start, const ForecastQuestion& question) {
    if (question.policy) start.zone.policy = *question.policy;
    return start;
  }

  const Policy& policy() const { return start_.policies.at(start_.zone.policy); }

  void live() {
    while (true) {
      world_.settle();
      look();
      while (policy().manual && !world_.member().step(start_.zone.zone.name, "forecast")) {
        world_.settle();
        look();
      }
      const auto next = world_.next();
      const BootTime end = start_.now.boot + (forecast_.until - start_.now.wall);
      if (!next || *next > end || whole_roll_seen()) break;
      if (world_.passes() > most_passes || forecast_.events.size() > most_events) {
        forecast_.cut_short = true;
        break;
      }
      world_.go_to(std::max(*next, world_.now().boot));
    }
    if (forecast_.cut_short || whole_roll_seen()) forecast_.until = world_.now().wall;
  }

  // --- what was said and seen --------------------------------------------------------------------

  void learn(const Fact& fact) {
    const auto* key = std::get_if<Candidate>(&fact.content);
    if (!key || key->zone != start_.zone.zone) return;
    const std::string role{to_string(key->generation.role)};
    keys_[key->fingerprint] = {key->generation, role + ' ' + std::to_string(key->key_tag)};
    by_fact_[fact.id] = key->fingerprint;
  }

  void learn_new(const Fact& fact, const Candidate& key) {
    learn(fact);
    std::string& name = keys_[key.fingerprint].name;
    const std::string real = std::string{to_string(key.generation.role)} + " generation " +
                             std::to_string(key.generation.number);
    new_names_[name] = real;
    name = real;
  }

  std::string renamed(std::string text) const {
    for (const auto& [made_up, real] : new_names_) replace_name(text, made_up, real);
    return text;
  }

  std::string name_of(const Fingerprint& key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? short_name(key) : found->second.name;
  }

  ForecastEvent& add(Kind kind, std::string what) {
    forecast_.events.push_back({world_.now().wall, kind, std::move(what), {}, {}});
    return forecast_.events.back();
  }

  void heard(const Fact& fact, const std::string& step) {
    if (const auto* key = std::get_if<Candidate>(&fact.content)) {
      learn_new(fact, *key);
      add(Kind::make_key, "make " + name_of(key->fingerprint))
          .depends.push_back({Reason::policy, why_made(*key), {}, {}});
    } else if (const auto* decision = std::get_if<Decision>(&fact.content)) {
      decided(*decision, step);
    } else if (const auto* abandon = std::get_if<Abandon>(&fact.content)) {
      ForecastEvent& event = add(Kind::give_up, step.empty() ? "give up" : renamed(step));
      event.depends.push_back({Reason::policy, abandon->why, {}, {}});
    } else if (const auto* seen = std::get_if<Observation>(&fact.content)) {
      observed(*seen);
    } else if (const auto* tombstone = std::get_if<Tombstone>(&fact.content)) {
      const auto ended = by_fact_.find(tombstone->ended);
      if (ended == by_fact_.end()) return;
      ForecastEvent& event = add(Kind::wipe, "wipe " + name_of(ended->second));
      event.depends.push_back({Reason::member, "its owner wipes it", {fact.id.author.member}, {}});
    }
  }

  void decided(const Decision& decision, const std::string& step) {
    ForecastEvent& event = add(Kind::step, renamed(step));
    const auto note = [&](const std::vector<KeyRecord>& records, bool introduced) {
      for (const KeyRecord& record : records) {
        event.changes.push_back({keys_.at(record.key).generation, record.record, introduced});
      }
    };
    note(decision.introduces, true);
    note(decision.withdraws, false);
    for (Dependency& one : waits_[step]) event.depends.push_back(std::move(one));
    waits_.erase(step);
    if (!start_.silent.empty()) {
      event.depends.push_back({Reason::member,
                               "not heard of lately, and every step needs its answer",
                               start_.silent,
                               {}});
    }
    if (policy().manual) {
      event.depends.push_back(
          {Reason::operator_, "`rollcall step " + start_.zone.zone.name + "`", {}, {}});
    }
  }

  void observed(const Observation& seen) {
    std::string what = "the parent shows ";
    for (const Fingerprint& key : seen.ds) {
      what += (&key == &seen.ds.front() ? "the DS of " : " and ") + name_of(key);
    }
    if (seen.ds.empty()) what += "no DS of ours";
    const Time now = world_.now().wall;
    const bool said = std::ranges::any_of(forecast_.events, [&](const ForecastEvent& event) {
      return event.at == now && event.what == what;
    });
    if (said) return;  // of two keys at once
    add(Kind::parent, what)
        .depends.push_back({Reason::parent,
                            start_.parent.configured
                                ? "the parent follows the CDS"
                                : "an administrator says `rollcall ds published`",
                            {},
                            {}});
  }

  // Waits of the steps to come, and keys that are gone.
  void look() {
    const ZoneStatus zone = world_.zone_status();
    for (const Hold& hold : zone.holds) {
      if (hold.reason == Reason::operator_) continue;  // manual mode is told with the step
      auto& waits = waits_[hold.step];
      const std::string text = renamed(hold.text);
      const auto same = std::ranges::find(waits, text, &Dependency::text);
      if (same == waits.end()) {
        waits.push_back({hold.reason, text, hold.waits_for, hold.until});
      } else {
        same->until = hold.until;
      }
    }
    for (const KeyStatus& key : zone.keys) {
      const bool served = std::ranges::any_of(
          key.records, [](const auto& record) { return record.second.state != State::hidden; });
      if (served) served_.insert(key.fingerprint);
      if (served || served_.erase(key.fingerprint) == 0) continue;
      ForecastEvent& event = add(Kind::gone, name_of(key.fingerprint) + " is in no cache any more");
      event.depends.push_back({Reason::time, "what caches hold of it has expired", {}, {}});
      gone_.insert(key.generation.role);
    }
  }

  // --- the end -----------------------------------------------------------------------------------

  void note_roles() {
    if (question_.roll) {
      roles_ = {*question_.roll};
      return;
    }
    for (const Role role : all_roles) {
      if (policy().wants(role) && policy().lifetime(role) > Seconds{0}) roles_.insert(role);
    }
    if (std::ranges::any_of(
            all_roles, [&](Role role) { return policy().wants(role) && !roles_.contains(role); }))
      roles_.clear();
  }

  bool whole_roll_seen() const {
    return !question_.until && !roles_.empty() && std::ranges::includes(gone_, roles_);
  }

  // What the own server serves, without the key.
  ServedChange without(const Fingerprint& key, const ServedLedger& ledger) const {
    ServedChange change;
    for (const ServedEntry& entry : ledger.entries()) {
      if (entry.server != start_.self.member || !entry.current) continue;
      (entry.set.kind == ServedSet::Kind::dnskey ? change.dnskey : change.data) = entry.set;
    }
    for (KeyList* list : {&change.dnskey.keys, &change.dnskey.signers, &change.data.keys}) std::erase(*list, key);
    return change;
  }

  // By the view checker, from what caches can hold now: if every server removed the key at once.
  void note_faster() {
    const ZoneStatus zone = world_.zone_status();
    const auto used = std::ranges::find_if(zone.keys, [&](const KeyStatus& key) {
      return key.generation.role == *question_.roll && key.first_use && !key.leaving;
    });
    const auto served = start_.restored.served.find(start_.zone.zone);
    if (used == zone.keys.end() || served == start_.restored.served.end()) return;
    forecast_.replaced = name_of(used->fingerprint);
    const ServedLedger ledger{served->second};
    for (const Misfit& misfit : misfits(ledger, without(used->fingerprint, ledger), start_.now.boot)) {
      note_breakage(misfit);
    }
  }

  void note_breakage(const Misfit& misfit) {
    Breakage breakage{describe(misfit, [this](const Fingerprint& key) { return name_of(key); }), {}};
    const ServedEntry& cached = misfit.cached;
    if (misfit.within) {
      breakage.text += ", until another key signs it";
    } else if (cached.server == MemberId{} && !cached.until) {
      breakage.text += ", until " + to_words(cached.ttl) + " after the parent shows it no more";
    } else {
      const BootTime last = cached.current ? start_.now.boot : *cached.until;
      breakage.until = start_.now.wall + (last + cached.ttl - start_.now.boot);
    }
    const auto same = std::ranges::find(forecast_.faster, breakage.text, &Breakage::text);
    if (same == forecast_.faster.end()) return forecast_.faster.push_back(std::move(breakage));
    same->until = std::max(same->until, breakage.until);
  }

  void note_stuck() {
    for (Hold hold : world_.zone_status().holds) {
      if (hold.until || hold.reason == Reason::policy || hold.reason == Reason::time) continue;
      hold.step = renamed(hold.step);
      hold.text = renamed(hold.text);
      forecast_.stuck.push_back(std::move(hold));
    }
  }

  std::string names(const std::vector<MemberId>& members) const {
    std::string text;
    for (const MemberId& member : members) {
      const auto found = start_.names.find(member);
      text += (text.empty() ? "" : ", ") +
              (found == start_.names.end() ? to_string(member) : found->second);
    }
    return text;
  }

  void assume() {
    auto& list = forecast_.assumptions;
    if (!start_.doubt.empty()) list.push_back("this member writes again: now " + start_.doubt);
    if (!start_.silent.empty())
      list.push_back("these members answer again, every step needs them: " + names(start_.silent));
    if (!start_.others.empty())
      list.push_back("all members carry out and answer each step at once");
    if (!start_.server_trouble.empty())
      list.push_back("this server is in order again: now " + start_.server_trouble);
    const std::string takes = question_.parent_takes == Seconds{0}
                                  ? "at once"
                                  : "after " + to_words(question_.parent_takes);
    list.push_back(start_.parent.configured
                       ? "the parent follows each CDS " + takes
                       : "administrators put each DS into the parent and say so " + takes);
    if (!start_.parent.silent.empty())
      list.push_back("the parent answers again: now " + start_.parent.silent);
    if (policy().manual)
      list.push_back("administrators allow each step at once: `rollcall step " +
                     start_.zone.zone.name + "`");
    const Nanoseconds spread = Nanoseconds{policy().window} / 100;
    if (spread >= Seconds{1})
      list.push_back("a key is made as soon as it is due; in turn it may take " + to_words(spread) +
                     " more, if all members are there");
  }

  struct Key {
    Generation generation;
    std::string name;
  };
  const Snapshot start_;
  const ForecastQuestion question_;
  Forecast forecast_;
  std::map<Fingerprint, Key> keys_;
  std::map<FactId, Fingerprint> by_fact_;
  std::map<std::string, std::string> new_names_;          // made up by the world -> for people
  std::map<std::string, std::vector<Dependency>> waits_;  // by step
  std::set<Fingerprint> served_;
  std::set<Role> gone_, roles_;
  IdealWorld world_;
};

}  // namespace

std::string_view to_string(ForecastEvent::Kind kind) {
  switch (kind) {
    case Kind::make_key:
      return "key";
    case Kind::step:
      return "step";
    case Kind::give_up:
      return "give-up";
    case Kind::parent:
      return "parent";
    case Kind::gone:
      return "gone";
    case Kind::wipe:
      return "wipe";
  }
  MUST(false);
}

Forecast forecast(Snapshot start, const ForecastQuestion& question) {
  return Forecaster{std::move(start), question}();
}

}  // namespace rollcall
