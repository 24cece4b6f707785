// SPDX-License-Identifier: GPL-3.0-or-later
// What holds a secret cannot be printed: these do not compile, so nothing can log one by mistake.
#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <type_traits>

#include "lib/crypto/identity.h"
#include "lib/crypto/zone_key.h"

using namespace rollcall;

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept HasText = requires(const T& value) {
  to_string(value);
};
template <class T>
constexpr bool keeps_secrets =
    !Printable<T> && !HasText<T> && !std::is_copy_constructible_v<T> &&
    !std::is_copy_assignable_v<T> && !std::is_convertible_v<T, std::string> &&
    !std::is_convertible_v<T, ByteView>;

static_assert(Printable<std::string>);
static_assert(HasText<Uuid>);
static_assert(keeps_secrets<Secret>);
static_assert(keeps_secrets<crypto::NewKey>);
static_assert(keeps_secrets<crypto::Identity>);

TEST_CASE("what fails says what, and shows no secret", "[secrecy]") {
  const Secret secret = Secret::copy_of(as_bytes("a secret that is not a key"));
  for (const std::string& what :
       {crypto::Identity::from(secret).error().what,
        crypto::dnskey_of(secret, Role::zsk, Algorithm::rsasha256).error().what,
        crypto::dnskey_of(secret, Role::zsk, Algorithm::ed25519).error().what,
        crypto::bind_private_key(secret, Algorithm::ecdsap256sha256).error().what}) {
    CAPTURE(what);
    CHECK_FALSE(what.empty());
    CHECK(what.find("a secret") == std::string::npos);
    CHECK(what.find(to_hex(as_bytes("a secret"))) == std::string::npos);
  }
}
