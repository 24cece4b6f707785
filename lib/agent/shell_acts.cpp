// SPDX-License-Identifier: GPL-3.0-or-later
// The acts of the core, each carried out and its outcome told back.
#include "lib/agent/clock.h"
#include "lib/agent/key_work.h"
#include "lib/agent/served.h"
#include "lib/agent/shell.h"
#include "lib/agent/shell_pool.h"
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

}  // namespace

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

void Shell::act(const SendHeartbeat& act) {
  const Bytes to_sign = directory::signed_part(parts_.self.cluster, act.heartbeat);
  const Signature signature = parts_.keyring.identity().sign(to_sign);
  outbox_.heartbeat(directory::encode(parts_.self.cluster, act.heartbeat, signature));
}

void Shell::act(const Notice& act) { tell(level_of(act.level), act.event, act.zone, act.text); }

}  // namespace rollcall::agent
