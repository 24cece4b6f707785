// SPDX-License-Identifier: GPL-3.0-or-later
// Where a DNS server listens: `address@port`, as operators of unbound and dig know it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/util/result.h"

namespace rollcall::dns {

/// A numeric address and a port.
struct Address {
  std::string host;  ///< IPv4 or IPv6 in its shortest text form.
  std::uint16_t port = 53;
  auto operator<=>(const Address&) const = default;
};

/// `127.0.0.1@5300`, `::1@53`; always with the port.
std::string to_string(const Address& address);

/// Errors  malformed if not a numeric IPv4 or IPv6 address, or the port is not 1..65535.
Result<Address> address_from(std::string_view text);

}  // namespace rollcall::dns
