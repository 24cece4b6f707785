// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/token.h"

#include <catch2/catch.hpp>

#include "lib/crypto/random.h"

namespace rollcall::agent {
namespace {

Token some_token() {
  Token token;
  token.cluster = crypto::random_uuid();
  token.inviter = {crypto::random_uuid(), 3};
  crypto::random_bytes(token.signing);
  token.secret = crypto::random_secret(invite_secret_size);
  token.uris = {"ldapi://%2Frun%2Fslapd%2Fldapi", "ldap://a.example.test"};
  return token;
}

}  // namespace

TEST_CASE("a token is one line that says what went in", "[token]") {
  const Token token = some_token();
  const std::string line = print_token(token);
  CHECK(line.find_first_of(" \n\t'\"$&;|") == std::string::npos);  // safe in every shell and mail
  const auto read = parse_token(line);
  REQUIRE(read);
  CHECK(read->cluster == token.cluster);
  CHECK(read->inviter == token.inviter);
  CHECK(read->signing == token.signing);
  CHECK(read->secret == token.secret);
  CHECK(read->uris == token.uris);
}

TEST_CASE("a token that lacks its end, or of which one character differs, is refused", "[token]") {
  const std::string line = print_token(some_token());
  for (std::size_t i = 0; i < line.size(); ++i) {
    INFO("at " << i);
    CHECK_FALSE(parse_token(line.substr(0, i)));
    std::string changed = line;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(parse_token(changed));
  }
  CHECK_FALSE(parse_token(line + "\n"));
  CHECK_FALSE(parse_token(" " + line));
}

TEST_CASE("an error about a token shows none of it", "[token]") {
  const std::string line = print_token(some_token());
  const auto read = parse_token(line.substr(0, line.size() - 1));
  REQUIRE_FALSE(read);
  CHECK(read.error().what.find(line.substr(12, 20)) == std::string::npos);
}

TEST_CASE("the proof of a joiner is bound to secret, cluster and every key", "[token]") {
  const Secret secret = crypto::random_secret(invite_secret_size);
  const Uuid cluster = crypto::random_uuid();
  const MemberKeys keys{crypto::random_uuid(), 1, "a.example.test", {}, {}};
  const Digest proof = join_proof(secret, cluster, keys);

  CHECK(join_proof(secret, cluster, keys) == proof);
  CHECK(join_proof(crypto::random_secret(invite_secret_size), cluster, keys) != proof);
  CHECK(join_proof(secret, crypto::random_uuid(), keys) != proof);

  std::vector<MemberKeys> others(5, keys);
  others[0].host = "b.example.test";
  others[1].member = crypto::random_uuid();
  others[2].incarnation = 2;
  others[3].signing[31] = std::byte{1};
  others[4].sealing[0] = std::byte{1};
  for (const MemberKeys& other : others) CHECK(join_proof(secret, cluster, other) != proof);
}

}  // namespace rollcall::agent
