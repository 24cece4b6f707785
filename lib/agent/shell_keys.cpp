// SPDX-License-Identifier: GPL-3.0-or-later
// The acts of the core that have to do with keys: made, tried, wrapped again and wiped; master keys
// opened, made and sealed.
#include "lib/agent/key_work.h"
#include "lib/agent/shell.h"
#include "lib/agent/shell_pool.h"
#include "lib/crypto/digest.h"
#include "lib/directory/codec.h"

namespace rollcall::agent {
namespace {

std::optional<std::string> failure_of(const Result<>& done) {
  return done ? std::nullopt : std::optional(done.error().what);
}

}  // namespace

// Of one number there may be two: the core knows which counts.
MasterKey Shell::master_key(std::uint32_t epoch) const {
  const auto key = member_->master_key(epoch);
  return key ? parts_.keyring.master_key(*key) : nullptr;
}

void Shell::act(const MakeKey& act) {
  const MasterKey master_key = this->master_key(act.epoch);
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

// In its newest copy that this member has tried.
Result<HeldKey> Shell::held_key(const FactId& candidate) {
  return held_copy(member_->newest_wrap(candidate));
}

// A copy: the candidate itself, or a rewrap of it.
Result<HeldKey> Shell::held_copy(const FactId& copy) {
  auto stored = parts_.store.fact(parts_.self, copy);
  if (!stored) return tl::unexpected(stored.error());
  FactId id = copy;
  std::optional<std::uint32_t> epoch;
  std::optional<Bytes> wrapped = std::move(stored->wrapped_key);
  if (const auto* rewrap = std::get_if<Rewrap>(&stored->fact.content)) {
    id = rewrap->candidate;
    epoch = rewrap->epoch;
    stored = parts_.store.fact(parts_.self, id);
    if (!stored) return tl::unexpected(stored.error());
  }
  auto* candidate = std::get_if<Candidate>(&stored->fact.content);
  if (candidate == nullptr) {
    return fail(Errc::malformed, "fact " + to_string(copy) + ": holds no key");
  }
  candidate->epoch = epoch.value_or(candidate->epoch);
  const MasterKey key = master_key(candidate->epoch);
  return HeldKey{
      {parts_.self.cluster, id.author.member}, std::move(*candidate), std::move(wrapped), key};
}

void Shell::act(const CheckCandidate& act) {
  auto held = held_copy(act.fact);
  if (!held) {
    member_->candidate_checked(act.fact, held.error().what);
    return wake();
  }
  if (!held->wrapped) return fetch_wrapped_key(act.fact, std::move(*held));
  check(act.fact, *held);
}

void Shell::check(const FactId& id, const HeldKey& held) {
  if (!held.master_key) {
    member_->candidate_checked(
        id, "the master key of epoch " + std::to_string(held.candidate.epoch) + " was not opened");
    return wake();
  }
  on_pool([held] { return check_key(held.owner, held.candidate, *held.wrapped, held.master_key); },
          [this, id](const Result<>& done) {
            member_->candidate_checked(id, failure_of(done));
            wake();
          });
}

// It came without its key: perhaps before we were allowed to see it.
void Shell::fetch_wrapped_key(const FactId& id, HeldKey held) {
  parts_.directory.read(
      directory::fact_dn(parts_.base, id), [this, id, held](const Result<directory::Entry>& there) {
        if (!there && there.error().code == Errc::unavailable) return fetch_wrapped_key(id, held);
        const auto read = there ? directory::read_fact(parts_.self.cluster, parts_.base, *there)
                                : tl::unexpected(there.error());
        if (read && read->wrapped_key && parts_.store.set_wrapped_key(id, *read->wrapped_key)) {
          HeldKey whole = held;
          whole.wrapped = *read->wrapped_key;
          return check(id, whole);
        }
        member_->candidate_checked(id, "its wrapped key is not in the directory");
        wake();
      });
}

void Shell::act(const OpenEpoch& act) {
  const auto stored = parts_.store.fact(parts_.self, act.fact);
  const auto* epoch = stored ? std::get_if<Epoch>(&stored->fact.content) : nullptr;
  const Result<> opened =
      epoch == nullptr
          ? fail(Errc::malformed, "fact " + to_string(act.fact) + ": holds no master key")
          : parts_.keyring.open(*epoch);
  member_->epoch_opened(act.fact, failure_of(opened));
  wake();
}

void Shell::act(const MakeEpoch& act) {
  auto sealed = make_epoch(act.number, act.recipients);
  if (!sealed) tell(notify::Level::error, "master key not made", "", sealed.error().what);
  member_->epoch_made(sealed ? std::move(*sealed) : std::vector<Epoch>{});
  wake();
}

void Shell::act(const SealEpoch& act) {
  auto sealed = parts_.keyring.seal(act.key, act.recipient);
  if (!sealed) {
    return tell(notify::Level::error, "master key not sealed", "",
                "host=" + act.recipient.host + " why=" + sealed.error().what);
  }
  member_->epoch_sealed(std::move(*sealed));
  wake();
}

// The new copy waits in the staging until the fact that names it is saved.
void Shell::act(const RewrapKey& act) {
  auto held = held_key(act.candidate);
  const MasterKey next = master_key(act.epoch);
  const bool ready = held && held->wrapped && held->master_key && next;
  if (!ready) {
    member_->rewrap_failed(
        act.candidate, held ? "its wrapped key, or a master key, is not there" : held.error().what);
    return wake();
  }
  on_pool(
      [held = std::move(*held), next, epoch = act.epoch] {
        return rewrap_key(held.owner, held.candidate, *held.wrapped, held.master_key, epoch, next);
      },
      [this, act](Result<Bytes> wrapped) {
        if (wrapped) {
          const Digest digest = crypto::sha256(*wrapped);
          staging_.rewrapped[digest] = std::move(*wrapped);
          member_->key_rewrapped(act.candidate, act.epoch, digest);
        } else {
          member_->rewrap_failed(act.candidate, wrapped.error().what);
        }
        wake();
      });
}

// An own key is wiped in the directory first: the copy in the store is what tells, after a crash,
// that there is something left to do.
void Shell::wipe(const FactId& copy) {
  const auto stored = parts_.store.fact(parts_.self, copy);
  if (!stored || !stored->wrapped_key) return;
  if (copy.author.member == parts_.self.self.member) return outbox_.wipe(copy);
  if (const auto wiped = parts_.store.wipe_wrapped_key(copy); !wiped) {
    tell(notify::Level::error, "key not wiped", "", wiped.error().what);
  }
}

}  // namespace rollcall::agent
