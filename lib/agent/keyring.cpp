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
  keys_.emplace(MasterKeyId{epoch.number, epoch.check}, std::make_shared<const Secret>(std::move(*opened)));
  return {};
}

MasterKey Keyring::master_key(const MasterKeyId& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : found->second;
}

Result<Epoch> Keyring::seal(const MasterKeyId& key, const MemberKeys& recipient) const {
  const MasterKey opened = master_key(key);
  if (!opened) {
    return fail(Errc::not_found, fmt::format("master key of epoch {}: was not opened", key.number));
  }
  return seal_to(recipient, key.number, *opened);
}

Result<std::vector<Epoch>> make_epoch(std::uint32_t number, const std::vector<MemberKeys>& recipients) {
  const Secret key = crypto::random_secret(crypto::master_key_size);
  std::vector<Epoch> sealed;
  for (const MemberKeys& recipient : recipients) {
    auto one = seal_to(recipient, number, key);
    if (!one) return tl::unexpected(one.error());
    sealed.push_back(std::move(*one));
  }
  return sealed;
}

}  // namespace rollcall::agent
