// SPDX-License-Identifier: GPL-3.0-or-later
// The acts of the core, each carried out and its outcome told back.
#include <boost/asio/post.hpp>

#include "lib/agent/clock.h"
#include "lib/agent/key_work.h"
#include "lib/agent/served.h"
#include "lib/agent/shell.h"
#include "lib/directory/codec.h"
#include "lib/directory/codec_heartbeat.h"

namespace rollcall::agent {
namespace {

constexpr dns::Timeout parent_timeout{5000};

notify::Level level_of(Notice::Level level) {
  switch (level) {
    case Notice::Level::info:
      return notify::Level::info;
    case Notice::Level::notice:
      return notify::Level::notice;
    case Notice::Level::warning:
      return notify::Level::warning;
    case Notice::Level::error:
      return notify::Level::error;
  }
  return notify::Level::error;
}

std::optional<std::string> failure_of(const Result<>& done) {
  return done ? std::nullopt : std::optional(done.error().what);
}

}  // namespace

template <class Work, class Finish>
void Shell::on_pool(Work work, Finish finish) {
  boost::asio::post(parts_.pool, [&loop = parts_.loop, alive = alive_, work = std::move(work),
                                  finish = std::move(finish)]() mutable {
    auto result = std::make_shared<decltype(work())>(work());
    boost::asio::post(loop, [alive = std::move(alive), result, finish = std::move(finish)]() mutable {
      if (*alive) finish(std::move(*result));
    });
  });
}

void Shell::act(const MakeKey& act) {
  const MasterKey master_key = parts_.keyring.master_key(act.epoch);
  if (!master_key) {
    member_->key_failed(act.intent,
                        "the master key of epoch " + std::to_string(act.epoch) + " was not opened");
    return wake();
  }
  const KeyOwner owner{parts_.self.cluster, parts_.self.self.member};
  on_pool([owner, act, master_key] { return make_key(owner, act, master_key); },
          [this, intent = act.intent](Result<MadeKey> made) {
            if (made) {
              staging_.made[made->key.fingerprint] = std::move(made->wrapped);
              member_->key_made(std::move(made->key));
            } else {
              member_->key_failed(intent, made.error().what);
            }
            wake();
          });
}

void Shell::act(const StopAnswering&) {
  if (parts_.signer == nullptr) {
    member_->stopped_answering();
    return wake();
  }
  parts_.signer->stop([this, alive = alive_](const Result<>& done) {
    if (!*alive) return;
    if (done) {
      member_->stopped_answering();
    } else {
      member_->not_stopped(done.error().what);
    }
    wake();
  });
}

Result<HeldKey> Shell::held_key(const FactId& id) {
  auto stored = parts_.store.fact(parts_.self, id);
  if (!stored) return tl::unexpected(stored.error());
  auto* candidate = std::get_if<Candidate>(&stored->fact.content);
  if (candidate == nullptr) {
    return fail(Errc::malformed, "fact " + to_string(id) + ": holds no key");
  }
  const MasterKey master_key = parts_.keyring.master_key(candidate->epoch);
  return HeldKey{{parts_.self.cluster, id.author.member},
                 std::move(*candidate),
                 std::move(stored->wrapped_key),
                 master_key};
}

void Shell::act(const CheckCandidate& act) {
  auto held = held_key(act.fact);
  if (!held) {
    member_->candidate_checked(act.fact, held.error().what);
    return wake();
  }
  if (!held->wrapped) return fetch_wrapped_key(act.fact, held->candidate);
  check(act.fact, held->candidate, *held->wrapped);
}

void Shell::check(const FactId& id, const Candidate& candidate, const Bytes& wrapped) {
  const MasterKey master_key = parts_.keyring.master_key(candidate.epoch);
  if (!master_key) {
    member_->candidate_checked(
        id, "the master key of epoch " + std::to_string(candidate.epoch) + " was not opened");
    return wake();
  }
  const KeyOwner owner{parts_.self.cluster, id.author.member};
  on_pool([owner, candidate, wrapped,
           master_key] { return check_key(owner, candidate, wrapped, master_key); },
          [this, id](const Result<>& done) {
            member_->candidate_checked(id, failure_of(done));
            wake();
          });
}

// It came without its key: perhaps before we were allowed to see it.
void Shell::fetch_wrapped_key(const FactId& id, const Candidate& candidate) {
  parts_.directory.read(
      directory::fact_dn(parts_.base, id), [this, id, candidate](const Result<directory::Entry>& there) {
        if (!there && there.error().code == Errc::unavailable) return fetch_wrapped_key(id, candidate);
        const auto read = there ? directory::read_fact(parts_.self.cluster, parts_.base, *there)
                                : tl::unexpected(there.error());
        if (read && read->wrapped_key && parts_.store.set_wrapped_key(id, *read->wrapped_key)) {
          return check(id, candidate, *read->wrapped_key);
        }
        member_->candidate_checked(id, "its wrapped key is not in the directory");
        wake();
      });
}

void Shell::act(const OpenEpoch& act) {
  const auto stored = parts_.store.fact(parts_.self, act.fact);
  const auto* epoch = stored ? std::get_if<Epoch>(&stored->fact.content) : nullptr;
  const Result<> opened =
      epoch == nullptr ? fail(Errc::malformed, "fact " + to_string(act.fact) + ": holds no master key")
                       : parts_.keyring.open(*epoch);
  member_->epoch_opened(act.fact, failure_of(opened));
  wake();
}

Result<std::vector<signer::KeyOrder>> Shell::orders(const std::vector<KeyTarget>& keys, Seconds ttl) {
  if (parts_.signer == nullptr) return fail(Errc::not_found, "this member has no signer");
  std::vector<signer::KeyOrder> out;
  for (const KeyTarget& target : keys) {
    auto held = held_key(target.candidate);
    if (!held) return tl::unexpected(held.error());
    for (auto& order : orders_for(target, std::move(*held), ttl)) out.push_back(std::move(order));
  }
  return out;
}

void Shell::act(const Export& act) {
  auto ordered = orders(act.keys, act.dnskey_ttl);
  if (!ordered) {
    member_->export_failed(act.zone, act.order, ordered.error().what);
    return wake();
  }
  const auto patience = std::chrono::ceil<Seconds>(parts_.settings.patience);
  parts_.start_gate.order_began();
  parts_.signer->apply(act.zone.name, std::move(*ordered), patience,
                       [this, alive = alive_, zone = act.zone, order = act.order,
                        keys = act.keys,
                        heard = pace_.ordered(act)](const Result<signer::Seen>& seen) {
                         if (!*alive) return;
                         parts_.start_gate.order_ended();
                         if (seen) {
                           if (heard) {
                             tell(notify::Level::debug, "decision carried out", zone.name,
                                  pace_text(*heard, Pace::Moment::clock::now(), *seen));
                           }
                           member_->exported(zone, order, served_zone(*seen, keys));
                         } else {
                           member_->export_failed(zone, order, seen.error().what);
                         }
                         wake();
                       });
}

void Shell::act(const Look& act) {
  auto ordered = orders(act.keys, Seconds{0});
  if (!ordered) {
    member_->look_failed(act.zone, act.order, ordered.error().what);
    return wake();
  }
  parts_.start_gate.order_began();
  parts_.signer->look(act.zone.name, std::move(*ordered),
                      [this, alive = alive_, zone = act.zone,
                       order = act.order, keys = act.keys](const Result<signer::Seen>& seen) {
                        if (!*alive) return;
                        parts_.start_gate.order_ended();
                        if (seen) {
                          member_->looked(zone, order, served_zone(*seen, keys));
                        } else {
                          member_->look_failed(zone, order, seen.error().what);
                        }
                        wake();
                      });
}

Result<std::vector<Bytes>> Shell::dnskeys(const std::vector<FactId>& candidates) {
  std::vector<Bytes> out;
  for (const FactId& id : candidates) {
    auto held = held_key(id);
    if (!held) return tl::unexpected(held.error());
    out.push_back(std::move(held->candidate.dnskey));
  }
  return out;
}

void Shell::act(const AskParent& act) {
  const ParentServers* parent = parent_of(parts_.parents, act.zone.name);
  if (parent == nullptr || parent->addresses.empty()) {
    member_->parent_unconfigured(act.zone);
    return wake();
  }
  auto keys = dnskeys(act.candidates);
  if (!keys) {
    member_->parent_silent(act.zone, keys.error().what);
    return wake();
  }
  on_pool([addresses = parent->addresses, zone = act.zone.name,
           keys = std::move(*keys)] { return ask_parent(addresses, zone, keys, parent_timeout); },
          [this, zone = act.zone](Result<ParentAnswer> answer) {
            ParentLook& look = parent_looks_[zone.name];
            look.problem = answer ? "" : answer.error().what;
            if (answer) {
              look.seen = now().wall;
              look.answer = *answer;
              member_->parent_seen(zone, std::move(*answer), now());
            } else {
              member_->parent_silent(zone, answer.error().what);
            }
            wake();
          });
}

// An own key is wiped in the directory first: the copy in the store is what tells, after a crash,
// that there is something left to do.
void Shell::act(const Wipe& act) {
  const bool own = act.candidate.author.member == parts_.self.self.member;
  if (own) {
    const auto stored = parts_.store.fact(parts_.self, act.candidate);
    if (stored && stored->wrapped_key) outbox_.wipe(act.candidate);
    return;
  }
  outbox_.wipe_copy(act.candidate);
  if (const auto wiped = parts_.store.wipe_wrapped_key(act.candidate); !wiped) {
    tell(notify::Level::error, "key not wiped", "", wiped.error().what);
  }
}

void Shell::act(const SendHeartbeat& act) {
  const Bytes to_sign = directory::signed_part(parts_.self.cluster, act.heartbeat);
  const Signature signature = parts_.keyring.identity().sign(to_sign);
  outbox_.heartbeat(directory::encode(parts_.self.cluster, act.heartbeat, signature));
}

void Shell::act(const Notice& act) { tell(level_of(act.level), act.event, act.zone, act.text); }

}  // namespace rollcall::agent
