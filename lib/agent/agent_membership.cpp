// SPDX-License-Identifier: GPL-3.0-or-later
// How a machine comes into a cluster: it founds one, or a member invites it and it joins.
//
// Each can die at any point and be asked again: what is in the directory already stays, and the
// store says which cluster was meant.
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

#include "lib/agent/agent.h"
#include "lib/agent/clock.h"
#include "lib/agent/identity_file.h"
#include "lib/agent/policy_fields.h"
#include "lib/agent/token.h"
#include "lib/control/args.h"
#include "lib/crypto/random.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/codec_dn.h"
#include "lib/directory/codec_heartbeat.h"

namespace rollcall::agent {
namespace {

using control::Json;

constexpr std::chrono::milliseconds poll_interval{200};
constexpr int admission_polls = 75;  // 15 s: a member answers within a heartbeat's debounce
constexpr int replication_polls = 75;

Result<Policy> policy_from(const Json& args) {
  Policy policy;
  const auto given = args.find("policy");
  if (given == args.end() || given->is_null()) return policy;
  if (!given->is_object()) return fail(Errc::malformed, "policy: must be an object of names and values");
  for (const auto& [name, value] : given->items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (auto set = set_policy_value(policy, name, text); !set) return tl::unexpected(set.error());
  }
  return policy;
}

/// The configuration goes last: with it the cluster is there.
void put_config_last(std::vector<directory::Entry>& entries, const std::string& base) {
  // std::ranges would return a subrange, which clang 14 does not take from this library.
  std::stable_partition(entries.begin(), entries.end(), [&](const directory::Entry& entry) {
    const auto place = directory::classify(base, entry.dn).place;
    return place != directory::Place::config;
  });
}

Json membership_json(const Membership& self) {
  return {{"cluster", to_string(self.cluster)},
          {"member", to_string(self.self.member)},
          {"host", self.self.host}};
}

control::Problem cluster_is_there(const Uuid& cluster) {
  return {Errc::conflict, "the directory holds a cluster already, " + to_string(cluster),
          "on one of its members: rollcall invite; then here: rollcall join TOKEN"};
}

control::Problem no_cluster_there(const std::string& dn) {
  return {Errc::not_found, "the directory holds no cluster yet: " + dn + " is not there",
          "see that it replicates with the inviter's; then again: rollcall join TOKEN"};
}

}  // namespace

struct Agent::Founding {
  Reply reply;
  Policy policy;
  Membership self;
  directory::MemberEntry entry;
};

struct Agent::Joining {
  Reply reply;
  Token token;
  Membership self;
  directory::MemberEntry entry;
};

// Who we are: the key is in our file; the UUID is the one that the directory maps us to, or, where
// it maps nobody, the one of an earlier try or a new one, tied to the DN as which we bind.
void Agent::identify(Done<Membership> done, directory::MemberEntry& entry) {
  const auto identity = load_or_make_identity(options_.state / "identity");
  if (!identity) return done(tl::unexpected(identity.error()));
  const auto before = store_->membership();
  if (!before) return done(tl::unexpected(before.error()));
  Membership self = before->value_or(Membership{});
  self.self.host = options_.host;
  self.self.signing = identity->signing_key();
  self.self.sealing = identity->sealing_key();
  const bool is_new = !before->has_value();
  directory_->who_am_i([this, self, is_new, done, &entry](const Result<std::string>& dn) mutable {
    if (!dn) return done(tl::unexpected(dn.error()));
    const auto where = directory::classify(options_.directory.base, *dn);
    if (where.place == directory::Place::member) {
      self.self.member = where.owner;
    } else {
      if (is_new) self.self.member = crypto::random_uuid();
      entry.agent_dn = *dn;
    }
    entry.keys = self.self;
    done(std::move(self));
  });
}

// What an administrator has made is there. We look first: 389-ds refuses an addition before it notices that there is
// nothing to add, and its first refusal takes it a second.
void Agent::add_all(std::shared_ptr<std::vector<directory::Entry>> entries, std::size_t index,
                    Done<> done) {
  if (index == entries->size()) return done({});
  const auto go_on = [this, entries, index, done] { add_all(entries, index + 1, done); };
  directory_->read((*entries)[index].dn, [this, entries, index, done, go_on](const Result<directory::Entry>& there) {
    if (there) return go_on();
    if (there.error().code != Errc::not_found) return done(tl::unexpected(there.error()));
    directory_->add((*entries)[index], [done, go_on](const Result<>& added) {
      const bool is_there = added || added.error().code == Errc::conflict;
      is_there ? go_on() : done(added);
    });
  });
}

void Agent::init(const control::Request& request, Reply reply) {
  if (shell_) {
    return reply(control::refuse(Errc::conflict, "this machine is in cluster " +
                                                     to_string(shell_->self().cluster) + " already"));
  }
  if (busy_) return reply(control::refuse(Errc::conflict, "another init or join is under way"));
  const auto policy = policy_from(request.args);
  if (!policy) return reply(tl::unexpected(control::Problem(policy.error())));
  busy_ = true;
  auto founding = std::make_shared<Founding>();
  founding->reply = [this, reply = std::move(reply)](control::Answer answer) {
    busy_ = false;
    reply(std::move(answer));
  };
  founding->policy = *policy;
  identify(
      [this, founding](const Result<Membership>& self) {
        if (!self) return founding->reply(tl::unexpected(control::Problem(self.error())));
        founding->self = *self;
        found(founding);
      },
      founding->entry);
}

void Agent::found(std::shared_ptr<Founding> founding) {
  directory_->read(
      directory::config_dn(options_.directory.base),
      [this, founding](const Result<directory::Entry>& there) {
        const auto stop = [&](control::Problem problem) {
          founding->reply(tl::unexpected(std::move(problem)));
        };
        Membership& self = founding->self;
        if (self.cluster == Uuid{}) self.cluster = crypto::random_uuid();
        if (there) {
          const auto config = directory::read_config(*there);
          if (!config) return stop(config.error());
          if (config->cluster != self.cluster) return stop(cluster_is_there(config->cluster));
        } else if (there.error().code != Errc::not_found) {
          return stop(there.error());
        }
        self.founder = true;
        self.anchor = {{self.self.member, self.self.incarnation}, self.self.signing};
        if (auto stored = store_->set_membership(self); !stored) return stop(stored.error());

        const std::string& base = options_.directory.base;
        ClusterConfig config;
        config.cluster = self.cluster;
        auto entries = std::make_shared<std::vector<directory::Entry>>(
            directory::base_entries(base, config, founding->policy));
        entries->push_back({directory::member_dn(base, self.self.member),
                            directory::attributes_of(founding->entry)});
        entries->push_back(
            directory::container_entry(base, self.self.member, founding->entry.agent_dn));
        put_config_last(*entries, base);
        add_all(entries, 0, [this, founding](const Result<>& added) {
          if (!added) return founding->reply(tl::unexpected(control::Problem(added.error())));
          founded(*founding);
        });
      });
}

void Agent::founded(const Founding& founding) {
  const auto stop = [&](const Error& error) {
    shell_.reset();
    founding.reply(tl::unexpected(control::Problem(error)));
  };
  if (auto running = run_shell(founding.self); !running) return stop(running.error());
  auto epoch = make_epoch(1, {founding.self.self});
  if (!epoch) return stop(epoch.error());
  if (const auto why_not = shell_->member().init(founding.self.self, std::move(epoch->front()))) {
    return stop({Errc::conflict, *why_not});
  }
  shell_->wake();
  tell(notify::Level::notice, "cluster founded", "cluster=" + to_string(founding.self.cluster));
  founding.reply(membership_json(founding.self));
}

void Agent::invite(const control::Request& request, Reply reply) {
  const auto hours = control::optional_number_arg(request.args, "hours", {1, 720});
  if (!hours) return reply(tl::unexpected(control::Problem(hours.error())));
  if (!shell_->status().member) {
    return reply(control::refuse(Errc::conflict, "this machine is not admitted to the cluster yet"));
  }
  const Membership& self = shell_->self();
  Invite invite;
  invite.id = crypto::random_uuid();
  invite.secret = crypto::random_secret(invite_secret_size);
  invite.expires = now().wall + std::chrono::hours{hours->value_or(24)};
  if (auto added = store_->add_invite(invite); !added) {
    return reply(tl::unexpected(control::Problem(added.error())));
  }
  Token token;
  token.cluster = self.cluster;
  token.inviter = {self.self.member, self.self.incarnation};
  token.signing = self.self.signing;
  token.secret = Secret::copy_of(invite.secret.view());
  token.uris = options_.directory.uris;
  tell(notify::Level::notice, "invitation made",
       "id=" + to_string(invite.id) + " by=" + request.who + " expires=" + to_iso(invite.expires));
  reply(Json{{"token", print_token(token)},
             {"id", to_string(invite.id)},
             {"expires", to_iso(invite.expires)}});
}

void Agent::invite_revoke(const control::Request& request, Reply reply) {
  const auto text = control::text_arg(request.args, "id");
  if (!text) return reply(tl::unexpected(control::Problem(text.error())));
  const auto id = uuid_from(*text);
  if (!id) return reply(control::refuse(Errc::malformed, "invitation " + *text + ": is no UUID"));
  if (auto revoked = store_->revoke_invite(*id, now().wall); !revoked) {
    return reply(tl::unexpected(control::Problem(revoked.error())));
  }
  tell(notify::Level::notice, "invitation revoked", "id=" + *text + " by=" + request.who);
  reply(Json{{"id", *text}});
}

void Agent::join(const control::Request& request, Reply reply) {
  if (shell_ && shell_->status().member) {
    return reply(control::refuse(Errc::conflict, "this machine is in cluster " +
                                                     to_string(shell_->self().cluster) + " already"));
  }
  if (busy_) return reply(control::refuse(Errc::conflict, "another init or join is under way"));
  const auto text = control::text_arg(request.args, "token");
  if (!text) return reply(tl::unexpected(control::Problem(text.error())));
  auto token = parse_token(*text);
  if (!token) return reply(tl::unexpected(control::Problem(token.error())));

  busy_ = true;
  auto joining = std::make_shared<Joining>();
  joining->reply = [this, reply = std::move(reply)](control::Answer answer) {
    busy_ = false;
    reply(std::move(answer));
  };
  joining->token = std::move(*token);
  identify(
      [this, joining](const Result<Membership>& self) {
        if (!self) return joining->reply(tl::unexpected(control::Problem(self.error())));
        joining->self = *self;
        enter(joining, replication_polls);
      },
      joining->entry);
}

// A token for another directory is noticed before anything is written. In a directory that was just
// made, the cluster may still be on its way from another member's.
void Agent::enter(std::shared_ptr<Joining> joining, int tries) {
  const std::string dn = directory::config_dn(options_.directory.base);
  directory_->read(
      dn, [this, joining, dn, tries](const Result<directory::Entry>& there) {
        const auto stop = [&](control::Problem problem) {
          joining->reply(tl::unexpected(std::move(problem)));
        };
        if (!there && there.error().code == Errc::not_found) {
          if (tries == 0) return stop(no_cluster_there(dn));
          if (tries == replication_polls) {
            tell(notify::Level::warning, "no cluster in the directory yet", "waiting for " + dn);
          }
          return look_again([this, joining, tries] { enter(joining, tries - 1); });
        }
        if (!there) return stop(there.error());
        const auto config = directory::read_config(*there);
        if (!config) return stop(config.error());
        if (config->cluster != joining->token.cluster) {
          return stop({Errc::conflict, "the invitation is for cluster " +
                                           to_string(joining->token.cluster) +
                                           ", but the directory holds " + to_string(config->cluster)});
        }
        const std::string own =
            directory::member_dn(options_.directory.base, joining->self.self.member);
        directory_->read(own, [this, joining](const Result<directory::Entry>& before) {
          if (auto entered = enter_as(*joining, before); !entered) {
            return joining->reply(tl::unexpected(control::Problem(entered.error())));
          }
          write_joiner(joining);
        });
      });
}

// A machine that was a member comes back under the next number: what it promised under an earlier
// one it may not know any more. What was asked for once and not answered yet is asked for again.
Result<> Agent::enter_as(Joining& joining, const Result<directory::Entry>& before) {
  Membership& self = joining.self;
  self.cluster = joining.token.cluster;
  self.founder = false;
  self.anchor = {joining.token.inviter, joining.token.signing};
  if (before) {
    const auto entry = directory::read_member(*before);
    const auto heartbeat = entry && !entry->heartbeat.empty()
                               ? directory::decode(self.cluster, entry->heartbeat)
                               : tl::unexpected(Error{});
    if (heartbeat) {
      const std::uint32_t last =
          std::max(heartbeat->heartbeat.member.number, entry->keys.incarnation);
      self.self.incarnation = std::max(self.self.incarnation, last + 1);
    }
  } else if (before.error().code != Errc::not_found) {
    return tl::unexpected(before.error());
  }
  joining.entry.keys = self.self;
  joining.entry.join_proof = join_proof(joining.token.secret, self.cluster, self.self);
  return store_->begin_life(self);
}

void Agent::write_joiner(std::shared_ptr<Joining> joining) {
  const std::string& base = options_.directory.base;
  const MemberId& member = joining->self.self.member;
  const auto stop = [joining](const Error& error) {
    joining->reply(tl::unexpected(control::Problem(error)));
  };
  const auto written = [this, joining, stop](const Result<>& done) {
    if (!done) return stop(done.error());
    directory_->add(directory::container_entry(options_.directory.base, joining->self.self.member,
                                               joining->entry.agent_dn),
                    [this, joining, stop](const Result<>& added) {
                      const bool there = added || added.error().code == Errc::conflict;
                      if (!there) return stop(added.error());
                      entered(joining);
                    });
  };
  const std::string dn = directory::member_dn(base, member);
  const auto attributes = directory::attributes_of(joining->entry);
  directory_->add({dn, attributes}, [this, dn, attributes, written](const Result<>& added) {
    if (added || added.error().code != Errc::conflict) return written(added);
    directory::Attributes replace = attributes;  // an earlier try, with another token
    for (const char* fixed : {"objectclass", "cn", "rollcallagentdn"}) replace.erase(fixed);
    directory_->modify(dn, std::move(replace), written);
  });
}

void Agent::entered(std::shared_ptr<Joining> joining) {
  const auto stop = [&](const Error& error) { joining->reply(tl::unexpected(control::Problem(error))); };
  if (shell_) {  // it follows the directory with the anchor of an earlier token
    shell_.reset();
    if (auto opened = open_directory(); !opened) return stop(opened.error());
  }
  if (auto running = run_shell(joining->self); !running) return stop(running.error());
  tell(notify::Level::notice, "asked to join",
       "cluster=" + to_string(joining->self.cluster) +
           " inviter=" + to_string(joining->token.inviter.member));
  await_admission(joining, admission_polls);
}

void Agent::await_admission(std::shared_ptr<Joining> joining, int tries) {
  const MemberStatus status = shell_->status();
  if (status.member || tries == 0) {
    Json answer = membership_json(joining->self);
    const MemberId& inviter = joining->token.inviter.member;
    const auto line = std::ranges::find(status.members, inviter, &MemberLine::member);
    answer["inviter"] = {{"member", to_string(inviter)},
                         {"host", line == status.members.end() ? "" : line->host}};
    answer["admitted"] = status.member;
    return joining->reply(std::move(answer));
  }
  look_again([this, joining, tries] { await_admission(joining, tries - 1); });
}

void Agent::look_again(std::function<void()> look) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, poll_interval);
  timer->async_wait(
      [alive = std::weak_ptr(alive_), look = std::move(look), timer](const boost::system::error_code&) {
        if (alive.lock()) look();
      });
}

}  // namespace rollcall::agent
