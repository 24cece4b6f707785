// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs by which members go: leave, forget. And what a member does when its store is an old
// copy.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/control/appointment.h"
#include "lib/control/args.h"
#include "lib/control/status_json.h"
#include "lib/crypto/random.h"
#include "lib/dns/query.h"

namespace rollcall::agent {
namespace {

using control::Json;
using control::Problem;

constexpr dns::Timeout question{2000};

struct Address {
  std::string host;
  dns::Address address;
};

/// Whether a DNS server is there: a refusal is an answer, too.
bool answers(const dns::Address& address, const ZoneName& zone) {
  const auto answer = dns::query_dnskey(address, zone, question);
  return answer || answer.error().code != Errc::unavailable;
}

std::vector<std::string> who_answers(const std::vector<Address>& addresses, const ZoneName& zone) {
  std::vector<std::string> alive;
  for (const auto& [host, address] : addresses) {
    if (answers(address, zone))
      alive.push_back("the DNS server of " + host + " answers at " + to_string(address));
  }
  return alive;
}

std::vector<Address> addresses_of(const MemberStatus& status,
                                  const std::vector<MemberId>& members) {
  std::vector<Address> list;
  for (const MemberLine& line : status.members) {
    if (std::ranges::find(members, line.member) == members.end()) continue;
    for (const std::string& text : line.addresses) {
      if (const auto address = dns::address_from(text)) list.push_back({line.host, *address});
    }
  }
  return list;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "; ") + word;
  return text;
}

}  // namespace

struct Agent::Forgetting {
  std::vector<MemberId> dead;
  bool dry_run = false, force = false;
  std::string who;
  Reply reply;
};

void Agent::leave(const control::Request& request, Reply reply) {
  const auto name = control::optional_text_arg(request.args, "heir");
  if (!name) return reply(tl::unexpected(Problem(name.error())));
  std::optional<MemberId> heir;
  if (*name) {
    const auto member = control::find_member(shell_->status(), **name);
    if (!member) return reply(tl::unexpected(Problem(member.error())));
    heir = *member;
  }
  if (const auto why_not = shell_->member().leave(heir, request.who)) {
    return reply(control::refuse(Errc::conflict, *why_not, "rollcall status"));
  }
  shell_->wake();
  const bool serves_dns = options_.signer.has_value();
  reply(Json{{"host", options_.host}, {"serves_dns", serves_dns}});
}

void Agent::forget(const control::Request& request, Reply reply) {
  const auto stop = [&](const Error& error) { reply(tl::unexpected(Problem(error))); };
  const auto names = control::optional_texts_arg(request.args, "members");
  if (!names) return stop(names.error());
  if (!*names || (*names)->empty()) return stop({Errc::malformed, "members: name at least one"});
  const auto dry_run = control::optional_flag_arg(request.args, "dry_run");
  if (!dry_run) return stop(dry_run.error());
  const auto force = control::optional_flag_arg(request.args, "force");
  if (!force) return stop(force.error());
  const MemberStatus status = shell_->status();
  Forgetting forgetting{{}, *dry_run, *force, request.who, reply};
  for (const std::string& name : **names) {
    const auto member = control::find_member(status, name);
    if (!member) return stop(member.error());
    if (std::ranges::find(forgetting.dead, *member) == forgetting.dead.end())
      forgetting.dead.push_back(*member);
  }
  // Whether it is dead: its DNS server is asked wherever it said that it can be reached.
  const ZoneName zone = status.zones.empty() ? ZoneName{"."} : status.zones.front().zone.name;
  boost::asio::post(pool_, [this, alive = std::weak_ptr(alive_), forgetting, zone,
                            addresses = addresses_of(status, forgetting.dead)] {
    auto answering = who_answers(addresses, zone);
    boost::asio::post(loop_, [this, alive, forgetting, answering = std::move(answering)]() mutable {
      if (alive.lock() && shell_) decree(forgetting, std::move(answering));
    });
  });
}

void Agent::decree(const Forgetting& forgetting, std::vector<std::string> alive) {
  ForgetPreview preview = shell_->member().preview_forget(forgetting.dead);
  preview.refused.insert(preview.refused.begin(), alive.begin(), alive.end());
  Json answer = control::forget_json(shell_->status(), preview);
  answer["written"] = false;
  if (forgetting.dry_run) return forgetting.reply(std::move(answer));
  if (!preview.impossible.empty())
    return forgetting.reply(control::refuse(Errc::conflict, joined(preview.impossible)));
  if (!preview.refused.empty() && !forgetting.force) {
    return forgetting.reply(control::refuse(
        Errc::conflict, joined(preview.refused),
        "see what it would break with --dry-run; if you know that it is off for good, --force"));
  }
  const auto why_not = shell_->member().forget(crypto::random_uuid(), forgetting.dead,
                                               forgetting.who, forgetting.force);
  if (why_not) return forgetting.reply(control::refuse(Errc::conflict, *why_not));
  shell_->wake();
  answer["written"] = true;
  forgetting.reply(std::move(answer));
}

// In the loop's own time: the shell that asks for it is still at work.
void Agent::start_over() {
  boost::asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.lock()) return;
    const auto failed = [this](const Error& error) {
      tell(notify::Level::error, "cannot begin anew", error.what + " hint=\"restart rollcalld\"");
    };
    const auto membership = store_->membership();
    if (!membership) return failed(membership.error());
    if (!*membership) return;
    give_up_health();
    reporter_.reset();
    shell_.reset();
    if (auto opened = open_directory(); !opened) return failed(opened.error());
    if (auto running = run_shell(**membership); !running) failed(running.error());
  });
}

}  // namespace rollcall::agent
