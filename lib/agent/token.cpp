// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/token.h"

#include <algorithm>

#include "lib/crypto/digest.h"
#include "lib/util/must.h"

namespace rollcall::agent {
namespace {

constexpr std::string_view prefix = "rollcall1.";
constexpr std::size_t check_digits = 8;

void put(Bytes& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(number >> shift));
}

void put_field(Bytes& out, ByteView field) {
  MUST(field.size() <= 0xffff);
  out.push_back(static_cast<std::byte>(field.size() >> 8));
  out.push_back(static_cast<std::byte>(field.size()));
  out.insert(out.end(), field.begin(), field.end());
}

Bytes big_endian(std::uint32_t number) {
  Bytes out;
  put(out, number);
  return out;
}

/// The alphabet that survives shells and mails. RFC 4648, 5, without padding.
std::string to_base64url(ByteView bytes) {
  std::string text = to_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

std::string check_value(ByteView fields) {
  return to_hex(crypto::sha256(fields)).substr(0, check_digits);
}

/// Takes one field off the front.
std::optional<ByteView> take_field(ByteView& in) {
  if (in.size() < 2) return std::nullopt;
  const std::size_t size = std::to_integer<std::size_t>(in[0]) << 8 | std::to_integer<std::size_t>(in[1]);
  if (in.size() - 2 < size) return std::nullopt;
  const ByteView field = in.subspan(2, size);
  in = in.subspan(2 + size);
  return field;
}

template <std::size_t N>
bool take_array(ByteView& in, std::array<std::byte, N>& out) {
  const auto field = take_field(in);
  if (!field || field->size() != N) return false;
  std::ranges::copy(*field, out.begin());
  return true;
}

bool take_secret(ByteView& in, Secret& out) {
  const auto field = take_field(in);
  if (!field || field->size() != invite_secret_size) return false;
  out = Secret::copy_of(*field);
  return true;
}

bool take_number(ByteView& in, std::uint32_t& out) {
  std::array<std::byte, 4> bytes{};
  if (!take_array(in, bytes)) return false;
  out = 0;
  for (const std::byte b : bytes) out = out << 8 | std::to_integer<std::uint32_t>(b);
  return true;
}

bool take_uris(ByteView& in, std::vector<std::string>& out) {
  while (!in.empty()) {
    const auto field = take_field(in);
    if (!field) return false;
    out.emplace_back(as_text(*field));
  }
  return true;
}

std::optional<Token> from_fields(ByteView in) {
  Token token;
  const bool whole = take_array(in, token.cluster.bytes) &&
                     take_array(in, token.inviter.member.bytes) &&
                     take_number(in, token.inviter.number) && take_array(in, token.signing) &&
                     take_secret(in, token.secret) && take_uris(in, token.uris);
  if (!whole) return std::nullopt;
  return token;
}

Bytes fields_of(const Token& token) {
  Bytes out;
  put_field(out, token.cluster.bytes);
  put_field(out, token.inviter.member.bytes);
  put_field(out, big_endian(token.inviter.number));
  put_field(out, token.signing);
  put_field(out, token.secret.view());
  for (const std::string& uri : token.uris) put_field(out, as_bytes(uri));
  return out;
}

}  // namespace

std::string print_token(const Token& token) {
  const Bytes fields = fields_of(token);
  return std::string(prefix) + to_base64url(fields) + "." + check_value(fields);
}

Result<Token> parse_token(std::string_view line) {
  const auto bad = [](const char* why) {
    return fail(Errc::malformed, std::string("invitation token: ") + why);
  };
  if (!line.starts_with(prefix)) return bad("must begin with rollcall1.");
  const std::string_view rest = line.substr(prefix.size());
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return bad("is cut off");
  const auto fields = from_base64url(rest.substr(0, dot));
  if (!fields) return bad("has characters that do not belong there");
  if (check_value(*fields) != rest.substr(dot + 1)) return bad("was changed or cut off on its way");
  auto token = from_fields(*fields);
  if (!token) return bad("is not whole");
  if (print_token(*token) != line) return bad("is not in its one form");
  return std::move(*token);
}

Digest join_proof(const Secret& secret, const Uuid& cluster, const MemberKeys& joiner) {
  Bytes bytes;
  put_field(bytes, as_bytes("rollcall-join-1"));
  put_field(bytes, cluster.bytes);
  put_field(bytes, joiner.member.bytes);
  put_field(bytes, big_endian(joiner.incarnation));
  put_field(bytes, as_bytes(joiner.host));
  put_field(bytes, joiner.signing);
  put_field(bytes, joiner.sealing);
  return crypto::hmac_sha256(secret, bytes);
}

}  // namespace rollcall::agent
