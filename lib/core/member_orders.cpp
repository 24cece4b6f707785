// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators ask of this member about a zone's keys. Each answer says why not, or nothing.
#include <algorithm>

#include "lib/core/member_impl.h"
#include "lib/core/steps.h"

namespace rollcall {
namespace {

// The newest key of a role that is not in use yet; null if there is none.
const KeyView* unused_key(const ZoneView& view, Role role) {
  const auto found = std::ranges::find_if(view.keys, [&](const KeyView& key) {
    return key.role() == role && !key.in_use() && !key.abandoned;
  });
  return found == view.keys.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> Member::Impl::roll(const ZoneName& zone, Role role, Uuid request,
                                              std::string who, bool emergency) {
  ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  if (work->config.insecure) return "zone " + zone + " is to be insecure: `rollcall zone secure` comes first";
  const std::string name{to_string(role)};
  const std::uint32_t newest = work->book.newest_generation(role);
  if (newest == 0) return "zone " + zone + " has no " + name + " yet";
  if (!role_wanted(*work, role)) {
    return "zone " + zone + " changes to " + std::string{to_string(work->view.scheme)} + ": no further " + name + " is made";
  }
  const Election election = elect(work->book, role, newest, acks_);
  if (election.open()) return "the election of " + name + " " + std::to_string(newest) + " is not over";

  Generation generation = election.candidates.front()->generation;
  const KeyView* unused = unused_key(work->view, role);
  if (!unused) {
    ++generation.number;
  } else if (unused->standby || emergency) {
    generation = unused->generation;
  } else {
    return name_of(*unused) + " is on its way already; `rollcall status " + zone +
           "` says what it waits for, `rollcall abandon` gives it up";
  }
  const auto same = [&](const Request& other) {
    return other.zone == work->zone && other.generation.role == role &&
           other.generation.number == generation.number && (other.emergency || !emergency);
  };
  for (const auto& asked : asked_for_) {  // two equal ones are one
    const auto* other = std::get_if<Request>(&asked);
    if (other && same(*other)) return std::nullopt;
  }
  for (const auto& other : work->book.requests()) {
    if (same(*other.content)) return std::nullopt;
  }
  asked_for_.push_back(Request{request, work->zone, generation, std::move(who), emergency});
  return std::nullopt;
}

std::optional<std::string> Member::Impl::step(const ZoneName& zone, std::string who) {
  ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  if (!work->view.wishes.manual) return "the policy of zone " + zone + " is not in manual mode: steps happen by themselves";
  if (!may_decide()) return "this member cannot decide anything now: " + why_undecided();
  if (work->plan.permitted.empty()) {
    return "no step of zone " + zone + " is allowed now; `rollcall status " + zone + "` says what they wait for";
  }
  work->stepped_by = std::move(who);
  work->stale = true;
  return std::nullopt;
}

std::optional<std::string> Member::Impl::abandon(const ZoneName& zone, Role role, std::string who) {
  ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  const KeyView* unused = unused_key(work->view, role);
  if (!unused) {
    return "zone " + zone + " has no " + std::string{to_string(role)} +
           " that is not in use yet; `rollcall roll` replaces one that is";
  }
  if (is_of_begun_chain(work->view, *unused)) {
    return name_of(*unused) + " belongs to a new chain that is being published: it cannot be given up alone";
  }
  asked_for_.push_back(Abandon{work->zone, {unused->key}, "asked by " + who});
  return std::nullopt;
}

std::optional<std::string> Member::Impl::cannot_remove(const ZoneName& zone) const {
  const ZoneWork* work = find_work(zone);
  if (!work) return "zone " + zone + " is not managed here";
  for (const KeyView& key : work->view.keys) {
    if (key.introduced() && !key.past()) return name_of(key) + " of zone " + zone + " is served, or caches may have it";
    if (!key.past()) return name_of(key) + " of zone " + zone + " is about to be published";
  }
  for (const Role role : all_roles) {
    const std::uint32_t newest = work->book.newest_generation(role);
    if (newest == 0 || !elect(work->book, role, newest, acks_).open()) continue;
    return "a " + std::string{to_string(role)} + " of zone " + zone + " is being elected";
  }
  return std::nullopt;
}

std::uint32_t Member::Impl::next_incarnation(const ZoneName& zone) const {
  std::uint32_t next = 1;
  for (const auto& [ref, work] : zones_) {
    if (ref.name != zone) continue;
    const bool about = !std::ranges::all_of(work.view.keys, &KeyView::past);
    next = about ? ref.incarnation : ref.incarnation + 1;
  }
  return next;
}

}  // namespace rollcall
