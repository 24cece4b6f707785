// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/keyring.h"

#include <fmt/format.h>

#include "lib/crypto/digest.h"
#include "lib/crypto/random.h"
#include "lib/crypto/wrap.h"

namespace rollcall::agent {
namespace {

Result<Epoch> seal_to(const MemberKeys& recipient, std::uint32_t number, const Secret& key) {
  auto sealed = crypto::seal(key, recipient.sealing);
  if (!sealed) return tl::unexpected(sealed.error());
  return Epoch{number, recipient.member, crypto::check_value(key), std::move(*sealed)};
}

}  // namespace

Result<> Keyring::open(const Epoch& epoch) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::malformed, fmt::format("master key of epoch {}: {}", epoch.number, why));
  };
  auto opened = identity_.open(epoch.sealed);
  if (!opened) return refuse(opened.error().what);
  if (opened->size() != crypto::master_key_size) return refuse("has a wrong size");
  if (!crypto::equal(crypto::check_value(*opened), epoch.check)) {
    return refuse("does not fit its check value");
  }
  if (const MasterKey before = master_key(epoch.number); before && !(*before == *opened)) {
    return refuse("differs from the one that another member sealed");
  }
  epochs_.emplace(epoch.number, std::make_shared<const Secret>(std::move(*opened)));
  return {};
}

MasterKey Keyring::master_key(std::uint32_t epoch) const {
  const auto found = epochs_.find(epoch);
  return found == epochs_.end() ? nullptr : found->second;
}

Result<Epoch> Keyring::found(std::uint32_t epoch, const MemberKeys& recipient) {
  auto key = std::make_shared<const Secret>(crypto::random_secret(crypto::master_key_size));
  auto sealed = seal_to(recipient, epoch, *key);
  if (sealed) epochs_[epoch] = std::move(key);
  return sealed;
}

Result<Epoch> Keyring::seal_newest(const MemberKeys& recipient) const {
  if (epochs_.empty()) return fail(Errc::not_found, "master key: none was opened yet");
  const auto& [number, key] = *epochs_.rbegin();
  return seal_to(recipient, number, *key);
}

}  // namespace rollcall::agent
