// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/epochs.h"

#include <algorithm>
#include <tuple>

namespace rollcall {
namespace {

auto place(const Stated<Epoch>& epoch) {
  return std::tie(epoch.created, epoch.id.author, epoch.id.seq);
}

auto height(const Stated<Rewrap>& rewrap) { return std::tie(rewrap->epoch, rewrap.id); }

}  // namespace

bool EpochBook::add(const Fact& fact) {
  if (const auto* candidate = std::get_if<Candidate>(&fact.content)) {
    used_ = std::max(used_, candidate->epoch);
  } else if (const auto* rewrap = std::get_if<Rewrap>(&fact.content)) {
    used_ = std::max(used_, rewrap->epoch);
    const Stated<Rewrap> stated{fact.id, fact.created, rewrap};
    auto& list = rewraps_[rewrap->candidate];
    list.insert(std::ranges::upper_bound(list, height(stated), {}, height), stated);
  } else if (const auto* epoch = std::get_if<Epoch>(&fact.content)) {
    const auto before = key(epoch->number);
    const Stated<Epoch> stated{fact.id, fact.created, epoch};
    auto& list = numbers_[epoch->number];
    list.insert(std::ranges::upper_bound(list, place(stated), {}, place), stated);
    const bool other_key = key(epoch->number) != before;
    std::set<MemberId>& sealed = sealed_[epoch->number];
    if (other_key) sealed.clear();
    for (const auto& each : list) {
      if (each->check == list.front()->check) sealed.insert(each->recipient);
    }
    return other_key;
  }
  return false;
}

const std::vector<Stated<Epoch>>& EpochBook::facts(std::uint32_t number) const {
  static const std::vector<Stated<Epoch>> none;
  const auto found = numbers_.find(number);
  return found == numbers_.end() ? none : found->second;
}

std::optional<MasterKeyId> EpochBook::key(std::uint32_t number) const {
  const auto& list = facts(number);
  if (list.empty()) return std::nullopt;
  return MasterKeyId{number, list.front()->check};
}

bool EpochBook::sealed_to(std::uint32_t number, const MemberId& member) const {
  const auto found = sealed_.find(number);
  return found != sealed_.end() && found->second.contains(member);
}

std::vector<MemberId> EpochBook::without_newest(const Acks& acks) const {
  std::vector<MemberId> list;
  for (const MemberId& member : acks.roster()) {
    const bool acked = std::ranges::all_of(
        facts(newest()), [&](const auto& epoch) { return acks.promised(member, epoch.id); });
    if (!acked || !sealed_to(newest(), member)) list.push_back(member);
  }
  return list;
}

std::vector<MemberId> EpochBook::without(std::uint32_t number, const Acks& acks,
                                         Time before) const {
  std::vector<MemberId> list;
  for (const MemberId& member : acks.roster()) {
    const bool has_it = std::ranges::any_of(facts(number), [&](const auto& epoch) {
      const bool is_theirs =
          epoch->recipient == member && epoch->check == facts(number).front()->check;
      return is_theirs && (epoch.created >= before || acks.promised(member, epoch.id));
    });
    if (!has_it) list.push_back(member);
  }
  return list;
}

std::uint32_t EpochBook::proven(const std::set<FactId>& ended) const {
  const auto seen = [&](std::uint32_t number) {
    return used_ >= number || over(number - 1, ended);
  };
  std::uint32_t number = newest();
  if (number <= 1 || seen(number)) return number;
  // Who begins a number has the key of the one before, or nobody has.
  for (--number; number > 1 && !seen(number); --number) {
    const auto& next = facts(number + 1);  // none: they have not arrived, and prove nothing
    if (!next.empty() && sealed_to(number, next.front().id.author.member)) break;
  }
  return number;
}

bool EpochBook::over(std::uint32_t number, const std::set<FactId>& ended) const {
  const auto& list = facts(number);
  return std::ranges::any_of(list, [&](const auto& epoch) {
    return epoch->check == list.front()->check && ended.contains(epoch.id);
  });
}

const std::vector<Stated<Rewrap>>& EpochBook::rewraps(const FactId& candidate) const {
  static const std::vector<Stated<Rewrap>> none;
  const auto found = rewraps_.find(candidate);
  return found == rewraps_.end() ? none : found->second;
}

}  // namespace rollcall
