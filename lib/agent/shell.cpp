// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/shell.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "lib/agent/clock.h"
#include "lib/agent/token.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"

namespace rollcall::agent {
namespace {

constexpr std::chrono::seconds store_retry{1};
constexpr std::chrono::seconds joiner_retry{2};

std::uint64_t chance() {
  std::array<std::byte, 8> bytes{};
  crypto::random_bytes(bytes);
  std::uint64_t out = 0;
  for (const std::byte b : bytes) out = out << 8 | std::to_integer<std::uint64_t>(b);
  return out;
}

Incarnation incarnation_of(const Membership& self) {
  return {self.self.member, self.self.incarnation};
}

}  // namespace

Result<std::unique_ptr<Shell>> Shell::create(ShellParts parts) {
  auto restored = parts.store.restore(parts.self, parts.boot);
  if (!restored) return tl::unexpected(restored.error());
  return std::unique_ptr<Shell>(new Shell(std::move(parts), std::move(*restored)));
}

Shell::Shell(ShellParts parts, Restored restored)
    : parts_(std::move(parts)),
      trust_(parts_.self.anchor),
      crypto_(parts_.self.cluster, parts_.keyring),
      member_(std::make_unique<Member>(incarnation_of(parts_.self), crypto::random_uuid(),
                                       parts_.settings, crypto_, random_delay_, restored)),
      outbox_({parts_.loop, parts_.directory, parts_.store, parts_.self, parts_.base},
              [this](const std::string& dn, const std::string& why) { problem(dn, why); }),
      requests_({parts_.loop, parts_.directory, parts_.base, parts_.self.self.member,
                 parts_.settings.step_stagger,
                 [this](const directory::DirectoryRequest& request) -> std::optional<std::size_t> {
                   const MemberStatus known = status();
                   if (!known.member || !known.may_write) return std::nullopt;
                   // Whoever is to be forgotten has no say in it.
                   if (std::ranges::find(request.members, known.self) != request.members.end())
                     return std::nullopt;
                   return turn_of(request.zone, known);
                 },
                 [this](const directory::DirectoryRequest& request, const Verdict& verdict) {
                   carry_out(request, verdict);
                 },
                 [this](const std::string& dn, const std::string& why) { problem(dn, why); }}),
      intake_(
          {parts_.self, parts_.base, *member_, trust_, staging_},
          {[this] { wake(); }, [this](const Fact& fact) { heard(fact); },
           [this](const directory::MemberEntry& entry) { joiner(entry); },
           [this](directory::State state, const std::string& why) { directory_state(state, why); },
           [this](const std::vector<std::string>& lost) { conflicts(lost); },
           [this](directory::DirectoryRequest request) { requests_.asked(std::move(request)); },
           [this](const Uuid& request) { requests_.answered(request); }}),
      timer_(parts_.loop) {
  for (const Fact& fact : restored.facts) intake_.restored(fact);
}

Shell::~Shell() { *alive_ = false; }

void Shell::start() {
  parts_.directory.watch(intake_);
  wake();
}

void Shell::wake() {
  if (std::exchange(awake_, true)) return;
  boost::asio::post(parts_.loop, [this, alive = alive_] {
    if (!*alive) return;
    awake_ = false;
    pass();
  });
}

void Shell::pass() {
  if (unsaved_) return finish(*std::exchange(unsaved_, std::nullopt));
  finish(member_->pass(now(), chance));
}

// First the promises, durably, then the deeds. While the store refuses, nothing is done: the core
// is not asked again before what it said last is stored.
void Shell::finish(Effects effects) {
  const auto saved = parts_.store.save(effects.saves, parts_.boot, staging_);
  if (!saved) {
    if (store_alarm_.empty()) tell(notify::Level::error, "store not writable", "", saved.error().what);
    store_alarm_ = saved.error().what;
    unsaved_ = std::move(effects);
    return arm(now().boot + store_retry);
  }
  if (!store_alarm_.empty()) tell(notify::Level::notice, "store writable again", "", "");
  store_alarm_.clear();
  carry_out(effects);
  parts_.start_gate.passed(member_->may_answer(), member_->never_answers());
  if (parts_.passed) parts_.passed();
  arm(effects.again);
}

void Shell::carry_out(const Effects& effects) {
  for (const Act& one : effects.acts) {
    std::visit([this](const auto& what) { act(what); }, one);
  }
}

void Shell::arm(std::optional<BootTime> again) {
  timer_.cancel();
  if (!again) return;
  timer_.expires_after(std::max(*again - now().boot, Nanoseconds{0}));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) wake();
  });
}

void Shell::heard(const Fact& fact) {
  const auto* decision = std::get_if<Decision>(&fact.content);
  if (decision == nullptr || fact.id.author.member == parts_.self.self.member) return;
  pace_.heard(*decision, Pace::Moment::clock::now());
}

void Shell::directory_state(directory::State state, const std::string& why) {
  switch (state) {
    case directory::State::down:
      return tell(notify::Level::warning, "directory unavailable", "", why);
    case directory::State::refreshing:
      return tell(notify::Level::info, "directory refreshing", "", why);
    case directory::State::current:
      tell(notify::Level::info, "directory current", "", why);
      parts_.start_gate.directory_complete();
      return outbox_.retry();
  }
}

// Both entries are well-formed and one is used by everybody: nothing waits for it, but somebody's wish is lost.
void Shell::conflicts(const std::vector<std::string>& lost) {
  for (const std::string& one : lost) {
    if (std::ranges::find(conflicts_, one) != conflicts_.end()) continue;
    tell(notify::Level::error, "replication conflict", "", one);
  }
  conflicts_ = lost;
}

void Shell::alarms_of_tree(std::vector<std::string> alarms) {
  if (alarms == tree_alarms_) return;
  for (const std::string& one : alarms) {
    if (std::ranges::find(tree_alarms_, one) == tree_alarms_.end()) tell(notify::Level::error, "tree of ipa", "", one);
  }
  tree_alarms_ = std::move(alarms);
  wake();
}

void Shell::problem(const std::string& dn, const std::string& why) {
  if (why.empty()) {
    problems_.erase(dn);
    return;
  }
  auto& said = problems_[dn];
  if (said != why) tell(notify::Level::error, "cannot write", "", dn + ": " + why);
  said = why;
}

// Somebody proves to know the secret of an invitation. Only the one who invited can tell.
void Shell::joiner(const directory::MemberEntry& entry) {
  const Incarnation who{entry.keys.member, entry.keys.incarnation};
  if (trust_.knows(who) || admitted_.contains(who)) return;
  const auto invites = parts_.store.invites();
  if (!invites) return;
  for (const Invite& invite : *invites) {
    const Digest proof = join_proof(invite.secret, parts_.self.cluster, entry.keys);
    if (!crypto::equal(proof, *entry.join_proof)) continue;
    if (const auto why_not = admit(invite, entry.keys)) return refused(entry, *why_not);
    admitted_.insert(who);
    tell(notify::Level::notice, "member admitted", "",
         "host=" + entry.keys.host + " member=" + to_string(who.member));
    return wake();
  }
}

// The invitation is bound to its user first: used twice it must never be.
std::optional<std::string> Shell::admit(const Invite& invite, const MemberKeys& joiner) {
  if (invite.used_by && *invite.used_by != joiner.member) return "the invitation was used";
  if (!invite.used_by && invite.expires < now().wall) return "the invitation has expired";
  const auto key = member_->current_master_key();
  if (!key) return "no master key was opened yet";
  auto sealed = parts_.keyring.seal(*key, joiner);
  if (!sealed) return sealed.error().what;
  const auto used = parts_.store.use_invite(invite.id, joiner.member);
  if (!used) return used.error().what;
  return member_->admit(joiner, std::move(*sealed));
}

// What is in the way may go away by itself: a doubt, a full disk.
void Shell::refused(const directory::MemberEntry& entry, const std::string& why) {
  auto& said = refused_[entry.keys.member];
  if (said != why) {
    tell(notify::Level::warning, "joiner not admitted yet", "",
         "host=" + entry.keys.host + " why=" + why);
  }
  said = why;
  const auto timer = std::make_shared<boost::asio::steady_timer>(parts_.loop, joiner_retry);
  timer->async_wait([this, alive = alive_, timer, entry](const boost::system::error_code&) {
    if (*alive) joiner(entry);
  });
}

MemberStatus Shell::status() const {
  MemberStatus status = member_->status(now());
  status.config.cluster = parts_.self.cluster;  // known before the directory says it
  if (!store_alarm_.empty()) status.alarms.push_back(store_alarm_);
  for (const auto& [dn, why] : problems_) status.alarms.push_back(dn + ": " + why);
  for (const std::string& lost : conflicts_) {
    status.alarms.push_back("replication conflict, one of two entries is hidden: " + lost +
                            "; say again what is missing, then delete this one");
  }
  status.alarms.insert(status.alarms.end(), tree_alarms_.begin(), tree_alarms_.end());
  return status;
}

const Shell::ParentLook* Shell::parent_look(const ZoneName& zone) const {
  const auto found = parent_looks_.find(zone);
  return found == parent_looks_.end() ? nullptr : &found->second;
}

void Shell::tell(notify::Level level, std::string event, const ZoneName& zone, std::string text) {
  parts_.journal.write({0, now().wall, level, std::move(event), zone, std::move(text)});
}

}  // namespace rollcall::agent
