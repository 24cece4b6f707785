// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded_bundle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

#include "lib/directory/codec_values.h"

namespace rollcall::directory {
namespace {

constexpr std::string_view bundle_title = "rollcall-directory-bundle-1";
constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::string_view key_begin = "-----BEGIN PRIVATE KEY-----";
constexpr unsigned max_server_id = 999;  // what fits into the three digits of a syncrepl rid

std::string_view take_until(std::string_view& text, char end) {
  const auto size = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return taken;
}

std::optional<Peer> parse_peer(std::string_view words) {
  const auto id = parse_exactly(form::number32, take_until(words, ' '));
  if (!id || *id < 1 || *id > max_server_id || !host_of(std::string{words})) return std::nullopt;
  return Peer{*id, std::string{words}};
}

tl::unexpected<Error> bad_bundle(const std::string& what) {
  return fail(Errc::malformed, "bundle: " + what);
}

// The lines before the first PEM block.
Result<Bundle> parse_head(std::string_view head) {
  Bundle bundle;
  if (take_until(head, '\n') != bundle_title) return bad_bundle("it is none of `rollcall directory invite`");
  while (!head.empty()) {
    std::string_view line = take_until(head, '\n');
    const std::string_view name = take_until(line, ' ');
    const auto peer = name == "peer" ? parse_peer(line) : std::nullopt;
    if (peer) {
      bundle.peers.push_back(*peer);
    } else if (name == "secret" && bundle.replication_secret.empty()) {
      bundle.replication_secret = Secret::copy_of(as_bytes(line));
    } else {
      return bad_bundle("a line is damaged");
    }
  }
  if (bundle.peers.empty() || bundle.replication_secret.size() != 64) return bad_bundle("it is cut off");
  return bundle;
}

}  // namespace

Secret print_bundle(const Bundle& bundle) {
  std::string head{bundle_title};
  for (const Peer& peer : bundle.peers) head += "\npeer " + std::to_string(peer.id) + ' ' + peer.uri;
  head += "\nsecret ";
  const auto parts = {as_bytes(head), bundle.replication_secret.view(), as_bytes("\n"),
                      as_bytes(bundle.authority.certificate), bundle.authority.key.view()};
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Secret text{size};
  std::byte* at = text.data();
  for (const ByteView part : parts) at = std::ranges::copy(part, at).out;
  return text;
}

Result<Bundle> parse_bundle(const Secret& text) {
  const std::string_view whole = text.text();
  const auto certificate = whole.find(pem_begin);
  const auto key = whole.find(key_begin);
  if (certificate == std::string_view::npos || key == std::string_view::npos || key <= certificate) {
    return bad_bundle("it has no authority");
  }
  auto bundle = parse_head(whole.substr(0, certificate));
  if (!bundle) return bundle;
  bundle->authority.certificate = whole.substr(certificate, key - certificate);
  bundle->authority.key = Secret::copy_of(as_bytes(whole.substr(key)));
  return bundle;
}

std::string print_settings(const EmbeddedSettings& settings) {
  return "id " + std::to_string(settings.self.id) + "\nuri " + settings.self.uri + "\nlisten " +
         settings.listen + "\nldapi " + settings.ldapi_uri + "\nmember " +
         to_string(settings.member) + '\n';
}

Result<EmbeddedSettings> parse_settings(const std::string& text) {
  std::map<std::string_view, std::string_view> values;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = take_until(rest, '\n');
    const std::string_view name = take_until(line, ' ');
    values[name] = line;
  }
  const auto self = parse_peer(std::string{values["id"]} + ' ' + std::string{values["uri"]});
  const auto member = uuid_from(values["member"]);
  const EmbeddedSettings settings{self.value_or(Peer{}), std::string{values["listen"]},
                                  std::string{values["ldapi"]}, member.value_or(MemberId{})};
  if (!self || !member || print_settings(settings) != text) {
    return fail(Errc::malformed, "settings of the directory are damaged");
  }
  return settings;
}

Result<std::string> host_of(const std::string& uri) {
  constexpr std::string_view scheme = "ldap://";
  const auto malformed = fail(
      Errc::malformed, '"' + uri + "\" is no URI of a directory server; it should be like ldap://a.example.test:389");
  if (!uri.starts_with(scheme)) return malformed;
  std::string_view rest = std::string_view{uri}.substr(scheme.size());
  const bool bracketed = rest.starts_with('[');
  if (bracketed) rest.remove_prefix(1);
  const std::string host{take_until(rest, bracketed ? ']' : ':')};
  if (bracketed && rest.starts_with(':')) rest.remove_prefix(1);

  const std::string_view allowed = bracketed ? "0123456789abcdefABCDEF:." :
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
  const bool good_host = !host.empty() && host.find_first_not_of(allowed) == std::string::npos;
  const bool good_port = rest.empty() ? !uri.ends_with(':') : form::number16.parse(rest).has_value();
  if (!good_host || !good_port) return malformed;
  return host;
}

bool is_address(const std::string& host) {
  std::array<std::byte, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 || inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace rollcall::directory
