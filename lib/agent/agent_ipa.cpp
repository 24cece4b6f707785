// SPDX-License-Identifier: GPL-3.0-or-later
// In a tree of FreeIPA: the switches of zones are followed, and what is amiss there is told
// (core/ipa_tree.h).
#include <algorithm>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/directory/codec_dn.h"
#include "lib/dns/names.h"

namespace rollcall::agent {
namespace {

directory::Attributes followed(bool on) {
  directory::Attributes attributes;
  attributes["rollcallinsecure"] = {to_bytes(on ? "FALSE" : "TRUE")};
  attributes[directory::switched_on_attribute] = {to_bytes(on ? "TRUE" : "FALSE")};
  return attributes;
}

constexpr int looks_left_to_each = 10;
constexpr const char* by_switch = "the switch in IPA";

}  // namespace

/// What is known of the tree, and what goes on with each zone whose switch was turned.
struct Agent::Ipa {
  struct Turn {
    BootTime since{};  ///< When we saw it first.
    bool writing = false;
    std::string problem;  ///< Why it could not be followed last.
  };
  std::optional<IpaTree> tree;
  std::map<ZoneName, Turn> turns;
  std::unique_ptr<IpaFollower> follower;
};

void Agent::start_following_ipa() {
  ipa_.reset();
  if (!options_.ipa_interval) return;
  ipa_ = std::make_shared<Ipa>();
  const auto may_look = [this] {
    const MemberStatus status = shell_->status();
    return status.member && status.may_write;
  };
  ipa_->follower = std::make_unique<IpaFollower>(
      IpaFollowerParts{loop_, *directory_, options_.directory.base, *options_.ipa_interval,
                       may_look, [this](const Result<IpaTree>& tree) { looked_at_ipa(tree); }});
  ipa_->follower->start();
}

// A look that failed tells nothing about zones and servers: what was known before stands.
void Agent::looked_at_ipa(const Result<IpaTree>& tree) {
  if (!tree) {
    if (tree.error().code != Errc::unavailable)
      shell_->alarms_of_tree({"the tree of IPA cannot be read: " + tree.error().what});
    return;
  }
  ipa_->tree = *tree;
  const MemberStatus status = shell_->status();
  IpaPlan plan = plan_of(*tree, status);
  std::erase_if(ipa_->turns, [&](const auto& one) {
    return !one.second.writing &&
           std::ranges::find(plan.turns, one.first, &SwitchTurn::zone) == plan.turns.end();
  });
  for (const SwitchTurn& turn : plan.turns) follow(turn, status);
  for (const auto& [zone, turn] : ipa_->turns) {
    if (!turn.problem.empty())
      plan.alarms.push_back("the switch of zone " + zone +
                            " in IPA was turned and cannot be followed: " + turn.problem);
  }
  shell_->alarms_of_tree(std::move(plan.alarms));
}

// Each member leaves it to those before it that are heard of. What two write is the same, but 389-ds keeps
// both entries, hides one, and people have to look into that: so nobody hurries who is not the first.
void Agent::follow(const SwitchTurn& turn, const MemberStatus& status) {
  const BootTime now = agent::now().boot;
  Ipa::Turn& state = ipa_->turns.try_emplace(turn.zone, Ipa::Turn{now, false, {}}).first->second;
  const auto before_us = static_cast<std::int64_t>(shell_->turn_of(turn.zone, status));
  if (state.writing || now < state.since + looks_left_to_each * *options_.ipa_interval * before_us) return;
  state.writing = true;
  const auto done = [this, zone = turn.zone](const std::string& problem) {
    Ipa::Turn& ended = ipa_->turns[zone];
    ended.writing = false;
    ended.problem = problem;
  };
  if (turn.to == SwitchTurn::To::managed) return manage(turn, done);
  const bool on = turn.to == SwitchTurn::To::secure;
  directory_->modify(directory::zone_dn(options_.directory.base, turn.zone), followed(on),
                     [this, zone = turn.zone, on, done](const Result<>& written) {
                       if (written)
                         tell_of_zone(on ? "zone to be secure" : "zone to be insecure", zone,
                                      std::string{"by=\""} + by_switch + '"');
                       done(written ? "" : written.error().what);
                     });
}

// Who was faster, on this side of a cut or the other, has added the same entry.
void Agent::manage(const SwitchTurn& turn, std::function<void(const std::string&)> done) {
  const auto canonical = dns::canonical_zone(turn.zone);
  if (!canonical) return done(canonical.error().what);
  add_zone({{{*canonical, 1}, turn.policy}, std::string{'"'} + by_switch + '"', true},
           [done](const control::Answer& answer) {
             done(answer || answer.error().code == Errc::conflict ? "" : answer.error().what);
           });
}

const IpaTree* Agent::ipa_tree() const { return ipa_ && ipa_->tree ? &*ipa_->tree : nullptr; }

std::optional<control::Problem> Agent::kept_by_ipa(const ZoneName& zone) const {
  if (!ipa_) return std::nullopt;
  if (!ipa_->tree) {
    return control::Problem{Errc::conflict, "the tree of IPA was not looked at yet",
                            "try again in some seconds; rollcall status"};
  }
  const auto why_not = why_not_ours(*ipa_->tree, zone);
  if (!why_not) return std::nullopt;
  return control::Problem{Errc::conflict,
                          "zone " + zone + " must not come under management: " + *why_not,
                          "rollcall status"};
}

}  // namespace rollcall::agent
