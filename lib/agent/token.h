// SPDX-License-Identifier: GPL-3.0-or-later
// The invitation: one line that an administrator carries from a member to a new machine.
//
//   rollcall1.<base64url of the fields>.<first 4 bytes of their SHA-256 in hexadecimal>
//
// Fields, each after its length in 16 bits, big endian: cluster (16 bytes), inviter (16), its
// incarnation (4), its signing key (32), secret (16), then the URIs of the directory. The check
// value is for slips of the pen only: the joiner proves the secret to the inviter by an HMAC, and
// believes only what the inviter's key has signed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/fact.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::agent {

inline constexpr std::size_t invite_secret_size = 16;

struct Token {
  Uuid cluster;
  Incarnation inviter;
  std::array<std::byte, 32> signing{};  ///< The inviter's.
  Secret secret;                        ///< invite_secret_size bytes.
  std::vector<std::string> uris;        ///< Where the inviter finds the directory; for people.
};

std::string print_token(const Token& token);

/// Strict: what parses prints to the same line.
///
/// Errors  malformed, without any part of the token in the text.
Result<Token> parse_token(std::string_view line);

/// Shows that whoever made these keys knows the secret of an invitation to this cluster.
Digest join_proof(const Secret& secret, const Uuid& cluster, const MemberKeys& joiner);

}  // namespace rollcall::agent
