// SPDX-License-Identifier: GPL-3.0-or-later
// The bundle that carries an embedded directory to a further server, and the settings file: as
// texts. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/directory/embedded.h"
#include "lib/directory/embedded_tls.h"

namespace rollcall::directory {

/// A text of lines and PEM blocks:
///
///   rollcall-directory-bundle-1
///   secret 64 hexadecimal digits
///   peer 1 ldap://a.example.test:389
///   -----BEGIN CERTIFICATE-----  …  -----BEGIN PRIVATE KEY-----  …
struct Bundle {
  CertifiedKey authority;
  Secret replication_secret;
  std::vector<Peer> peers;  ///< The inviter first.
};

Secret print_bundle(const Bundle& bundle);
Result<Bundle> parse_bundle(const Secret& text);

/// One setting a line, its name first.
std::string print_settings(const EmbeddedSettings& settings);
Result<EmbeddedSettings> parse_settings(const std::string& text);

/// The host of `ldap://host[:port]`, brackets of IPv6 addresses taken off.
///
/// Errors  malformed: what a server's URI must look like.
Result<std::string> host_of(const std::string& uri);

bool is_address(const std::string& host);  ///< Of IPv4 or IPv6, without brackets.

}  // namespace rollcall::directory
