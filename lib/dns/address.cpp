// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace rollcall::dns {
namespace {

template <int family, class Binary>
std::optional<std::string> shortest(const std::string& host) {
  Binary binary{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(family, host.c_str(), &binary) != 1) return std::nullopt;
  if (inet_ntop(family, &binary, text.data(), text.size()) == nullptr) return std::nullopt;
  return text.data();
}

std::optional<std::uint16_t> port_from(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  return port;
}

}  // namespace

std::string to_string(const Address& address) {
  return fmt::format("{}@{}", address.host, address.port);
}

Result<Address> address_from(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string typed(text.substr(0, at));
  auto host = shortest<AF_INET, in_addr>(typed);
  if (!host) host = shortest<AF_INET6, in6_addr>(typed);
  const auto port = at == std::string_view::npos ? Address{}.port : port_from(text.substr(at + 1));
  if (!host || !port || typed.find('\0') != std::string::npos) {
    return fail(
        Errc::malformed,
        fmt::format("not an address: \"{}\": write it as 192.0.2.1, 192.0.2.1@53 or 2001:db8::1@53",
                    text));
  }
  return Address{*host, *port};
}

}  // namespace rollcall::dns
