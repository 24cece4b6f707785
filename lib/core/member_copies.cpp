// SPDX-License-Identifier: GPL-3.0-or-later
// Facts that the directory lost, or that do not arrive somewhere, are written again: by their
// author, and if that is silent or gone by any member that holds them.
#include <algorithm>
#include <utility>

#include "lib/core/alarm_words.h"
#include "lib/core/member_impl.h"

namespace rollcall {
namespace {

constexpr int pressing = 6;  // patiences after which what was written again should have arrived

}  // namespace

// Something that others speak of has not arrived.
void Member::Impl::note_gaps() {
  std::map<Incarnation, BootTime> gaps;
  for (const Incarnation& author : acks_.lacking()) {
    // Who joins knows others by their heartbeats only.
    const Heartbeat* newest = acks_.newest(author.member);
    const bool counts = members_.admitted(author.member) || (newest && newest->member == author);
    const auto limit = members_.limit(author);
    if (author == self_ || !counts || (limit && log_.prefix(author) >= *limit)) continue;
    const auto before = gap_since_.find(author);
    gaps[author] = before == gap_since_.end() ? now_.boot : before->second;
    // Once to say that it lacks them, once to raise the alarm.
    for (const int times : {1, 2}) {
      const BootTime at = gaps[author] + settings_.patience * times;
      if (at > now_.boot) wake(at);
    }
  }
  gap_since_ = std::move(gaps);
}

// A later life may lack what an earlier one wrote.
bool Member::Impl::owner_is_silent(const Incarnation& author) const {
  return members_.gone(author) || !fresh(author.member) || members_.last_life(author.member) != author;
}

bool Member::Impl::counts(const MemberId& member) const {
  const auto life = roster_.lower_bound({member, 0});
  return life != roster_.end() && life->member == member;
}

// What others lack of silent authors, and what vanished of those who cannot write it again.
void Member::Impl::want_copies() {
  std::map<FactId, WantedCopy> wanted;
  const auto want = [&](const FactId& id) {
    if (id.author.member == self_.member && !is_out()) return;
    if (!is_stored(id) || !owner_is_silent(id.author)) return;
    const auto before = wanted_copies_.find(id);
    // One after the other, so that normally one member does it.
    const auto turn = static_cast<Nanoseconds::rep>(1 + rank(to_string(id)));
    wanted[id] = before != wanted_copies_.end()
                     ? before->second
                     : WantedCopy{now_.boot, now_.boot + settings_.patience * turn};
  };
  for (const MemberId& member : lacking_) {
    const Heartbeat* heartbeat = counts(member) ? acks_.newest(member) : nullptr;
    for (const FactId& id : heartbeat ? heartbeat->lacks : std::vector<FactId>{}) want(id);
  }
  for (const auto& [member, lacks] : wanted_outside_) {
    if (counts(member)) continue;
    for (const FactId& id : lacks) want(id);
  }
  std::erase_if(pressed_since_, [this](const auto& pressed) { return counts(pressed.first) && !lacking_.contains(pressed.first); });
  for (const FactId& id : vanished_) {
    if (members_.gone(id.author)) want(id);
  }
  wanted_copies_ = std::move(wanted);
}

// Own facts that the directory lost, or that somebody says it lacks.
void Member::Impl::write_again() {
  if (!current_) return;
  std::erase_if(to_write_again_, [this](const FactId& id) {
    if (log_.holds(id) && !is_stored(id)) return false;  // when what is missing before it has come
    if (log_.holds(id)) effects_.acts.push_back(Publish{id});
    return true;
  });
  std::erase_if(ask_for_facts_, [this](const MemberId& member) {
    if (member == self_.member || !counts(member)) return false;
    const Heartbeat* heartbeat = acks_.newest(member);
    for (const FactId& id : heartbeat ? heartbeat->lacks : std::vector<FactId>{}) {
      if (id.author.member != self_.member || !is_stored(id)) continue;
      effects_.acts.push_back(Republish{id});
      pressed_since_.try_emplace(member, now_.boot);
    }
    return true;
  });
  // Who is out has to hear of it.
  for (const FactId& id : std::exchange(lacking_outside_, {})) {
    if (id.author.member == self_.member && is_stored(id)) effects_.acts.push_back(Republish{id});
  }
  want_copies();
  for (auto& [id, copy] : wanted_copies_) {
    if (now_.boot < copy.at) {
      wake_for_timer(copy.at);
      continue;
    }
    effects_.acts.push_back(Copy{id});
    vanished_.erase(id);
    for (auto& [member, lacks] : wanted_outside_) std::erase(lacks, id);  // it says so again if it has to
    copy.at = now_.boot + settings_.silence;
    wake_for_timer(copy.at);
    for (const Incarnation& member : roster_) {
      const Heartbeat* heartbeat = acks_.newest(member.member);
      if (member == self_ || !heartbeat ||
          std::ranges::find(heartbeat->lacks, id) == heartbeat->lacks.end())
        continue;
      pressed_since_.try_emplace(member.member, now_.boot);
    }
  }
  for (const auto& [member, since] : pressed_since_) {
    const BootTime at = since + pressing * settings_.patience;
    if (at > now_.boot) wake_for_timer(at);
  }
}

// Both ends of a link that loses facts name it.
std::vector<std::string> Member::Impl::link_alarms() const {
  std::vector<std::string> list;
  for (const auto& gap : gap_since_) {
    const Incarnation& author = gap.first;
    if (now_.boot - gap.second < 2 * settings_.patience) continue;
    std::string holders;
    for (const MemberId& member : acks_.roster()) {
      const Heartbeat* heartbeat = acks_.newest(member);
      const auto has = [&](const VectorEntry& entry) {
        return entry.author == author && entry.seq > log_.prefix(author);
      };
      if (member == self_.member || !heartbeat || std::ranges::none_of(heartbeat->vector, has))
        continue;
      holders += (holders.empty() ? "" : ", ") + name_of_member(member);
    }
    list.push_back("facts of " + name_of_member(author.member) + alarm_words::not_arriving +
                   (holders.empty()
                        ? ""
                        : "; they are at " + holders + ": look at the replication from there"));
  }
  for (const auto& [member, since] : pressed_since_) {
    if (now_.boot - since < pressing * settings_.patience) continue;
    list.push_back(name_of_member(member) +
                   alarm_words::lacking + ": look at the replication from here to there");
  }
  return list;
}

}  // namespace rollcall
