// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/decrees.h"

#include <algorithm>
#include <tuple>

namespace rollcall {
namespace {

auto place(const Decrees::Decree& decree) {
  return std::tie(decree.content.decreed, decree.content.decree);
}

// The life of the author that wrote it.
Incarnation author_of(const Decrees::Decree& decree, const Decrees::Circumstances& circumstances) {
  const auto said = decree.said.find(decree.content.decreed_by);
  return said == decree.said.end() ? circumstances.latest(decree.content.decreed_by)
                                   : said->second.author;
}

bool forgets(const Decrees::Decree& decree, const Incarnation& member,
             const Decrees::Circumstances& circumstances) {
  return names(decree.content.forgotten, member, circumstances.invited());
}

bool said_before(const Decrees::Decree& first, const Decrees::Decree& second,
                 const MemberId& member) {
  const auto one = first.said.find(member);
  if (one == first.said.end()) return false;
  const auto other = second.said.find(member);
  return other == second.said.end() || one->second < other->second;
}

}  // namespace

bool names(const std::vector<Incarnation>& forgotten, const Incarnation& member,
           const std::set<Incarnation>& invited) {
  return std::ranges::any_of(forgotten, [&](const Incarnation& gone) {
    if (gone.member != member.member) return false;
    if (member.number <= gone.number) return true;
    const auto newer = invited.upper_bound(gone);
    return newer == invited.end() || newer->member != member.member ||
           newer->number > member.number;
  });
}

bool contradict(const Decrees::Decree& a, const Decrees::Decree& b,
                const Decrees::Circumstances& circumstances) {
  return forgets(a, author_of(b, circumstances), circumstances) &&
         forgets(b, author_of(a, circumstances), circumstances);
}

void Decrees::add(const FactId& id, const Forget& forget) {
  auto found = std::ranges::find_if(
      decrees_, [&](const Decree& known) { return known.content.decree == forget.decree; });
  if (found == decrees_.end()) {
    const Decree decree{forget};
    found = decrees_.insert(std::ranges::upper_bound(decrees_, place(decree), {}, place), decree);
  }
  const auto [said, first] = found->said.try_emplace(id.author.member, id);
  if (!first && id < said->second) said->second = id;
}

// Those who remain, less those who are forgotten by another decree in force, or left.
std::set<MemberId> Decrees::required(const Decree& decree,
                                     const Circumstances& circumstances) const {
  std::set<MemberId> members = circumstances.others(decree.content);
  members.insert(decree.content.remain.begin(), decree.content.remain.end());
  std::erase_if(members, [&](const MemberId& member) {
    const Incarnation latest = circumstances.latest(member);
    return circumstances.left(member) || forgets(decree, latest, circumstances) ||
           std::ranges::any_of(decrees_, [&](const Decree& other) {
             return other.standing == Standing::in_force && forgets(other, latest, circumstances) &&
                    !contradict(other, decree, circumstances);
           });
  });
  return members;
}

// It can never come into force: somebody who would have to say it said an earlier one that
// contradicts it; or that is in force.
bool Decrees::overruled(const Decree& decree, const Circumstances& circumstances) const {
  const auto members = required(decree, circumstances);
  return std::ranges::any_of(decrees_, [&](const Decree& other) {
    if (other.standing == Standing::overruled || place(other) >= place(decree)) return false;
    if (!contradict(decree, other, circumstances)) return false;
    return other.standing == Standing::in_force ||
           std::ranges::any_of(
               members, [&](const MemberId& member) { return said_before(other, decree, member); });
  });
}

// Two that are open may each wait for whom the other forgets. All that one member said up to some time are in force
// if everybody who then remains has said them all; what it said later changes nothing about that.
bool Decrees::in_force(const Decree& decree, const Circumstances& circumstances) const {
  return std::ranges::any_of(decree.said, [&](const auto& said) {
    const MemberId& by = said.first;
    std::map<FactId, const Decree*> in_turn;
    for (const Decree& other : decrees_) {
      const auto known = other.said.find(by);
      if (other.standing == Standing::open && known != other.said.end()) in_turn[known->second] = &other;
    }
    std::vector<const Decree*> together;
    for (const auto& [id, one] : in_turn) {
      together.push_back(one);
      if (id >= said.second && agreed(together, by, circumstances)) return true;
    }
    return false;
  });
}

// Whether everybody who remains by all of these, and this member is one, has said them all.
bool Decrees::agreed(const std::vector<const Decree*>& together, const MemberId& by,
                     const Circumstances& circumstances) const {
  std::set<MemberId> members;
  for (const Decree* one : together) members.merge(required(*one, circumstances));
  std::erase_if(members, [&](const MemberId& member) {
    return std::ranges::any_of(together, [&](const Decree* one) {
      return forgets(*one, circumstances.latest(member), circumstances);
    });
  });
  // Who came back may be asked by one of them, and be bound for another by the word that took it in.
  return members.contains(by) && std::ranges::all_of(together, [&](const Decree* one) {
           return std::ranges::all_of(required(*one, circumstances), [&](const MemberId& member) {
             return !members.contains(member) || one->said.contains(member);
           });
         });
}

// Each that comes into force may be the last that another one waited for.
void Decrees::evaluate(const Circumstances& circumstances) {
  for (Decree& decree : decrees_) decree.standing = Standing::open;
  for (bool changed = true; changed;) {
    changed = false;
    for (Decree& decree : decrees_) {
      if (decree.standing != Standing::open) continue;
      const auto members = required(decree, circumstances);
      // It stays in force when all who had to say it, and did, have left.
      const bool somebody = !members.empty() || std::ranges::any_of(decree.said, [&](const auto& by) {
        return circumstances.left(by.first);
      });
      const bool all_said = somebody && std::ranges::all_of(members, [&](const MemberId& member) {
        return decree.said.contains(member);
      });
      if (overruled(decree, circumstances)) {
        decree.standing = Standing::overruled;
      } else if ((all_said || in_force(decree, circumstances)) &&
                 circumstances.complete(decree.content)) {
        decree.standing = Standing::in_force;
      }
      changed = changed || decree.standing != Standing::open;
    }
  }
}

std::vector<MemberId> Decrees::missing(const Decree& decree,
                                       const Circumstances& circumstances) const {
  std::vector<MemberId> list;
  for (const MemberId& member : required(decree, circumstances)) {
    if (!decree.said.contains(member)) list.push_back(member);
  }
  return list;
}

const Decrees::Decree* Decrees::to_follow(const Incarnation& self,
                                          const Circumstances& circumstances) const {
  const auto binds = [&](const Decree& said, const Decree& decree) {
    return said.standing != Standing::overruled && said.said.contains(self.member) &&
           contradict(said, decree, circumstances);
  };
  const auto found = std::ranges::find_if(decrees_, [&](const Decree& decree) {
    if (decree.standing == Standing::overruled || decree.said.contains(self.member)) return false;
    // Who was taken in by somebody who knew of it has nothing to say.
    if (!required(decree, circumstances).contains(self.member)) return false;
    return std::ranges::none_of(decrees_, [&](const Decree& said) { return binds(said, decree); });
  });
  return found == decrees_.end() ? nullptr : &*found;
}

}  // namespace rollcall
