// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration of rollcalld: one TOML file, read once at start.
//
// What all members share (mode, policies, zones) is not in here but in the directory; this is what
// one machine has to know to get there.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lib/agent/crl_looks.h"
#include "lib/agent/parent.h"
#include "lib/core/member.h"
#include "lib/directory/ldap_options.h"
#include "lib/dns/address.h"
#include "lib/signer/bind_signer.h"

namespace rollcall::daemon {

inline constexpr const char* default_config = "/etc/rollcall/rollcalld.toml";

struct Config {
  std::filesystem::path socket{"/run/rollcall/rollcall.sock"};
  std::filesystem::path state{"/var/lib/rollcall"};  ///< store.db and identity.
  std::string host;                  ///< As the others know this machine; lower case, no final dot.
  std::string log_level = "notice";  ///< debug, info, notice, warning, error
  Settings settings;
  directory::LdapOptions directory;
  std::optional<signer::BindConfig> signer;  ///< Empty: kind "none", this member serves no DNS.
  std::vector<agent::ParentServers> parents;
  /// Host and URI of the other replicas of the directory, for `rollcall health`.
  std::vector<std::pair<std::string, std::string>> replicas;
  std::vector<agent::WebServer> web_servers;  ///< Of CAs of IPA, where not at their own names.
  Seconds report_interval{10};  ///< Between two looks whether the report in the directory is still right.
  std::optional<Seconds> ipa_interval;  ///< Empty: the directory is not of IPA.
  Seconds start_limit{180};  ///< Until the daemon says that it is ready, whatever it has seen.
};

/// Unreadable or wrong configuration: caught once in main(), which exits with 78.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;  ///< `file:line: what, and what is allowed`
};

/// Reads a configuration; everything that is not there has its default.
///
/// name      For messages.
/// own_host  The default of `host`.
/// Throws    ConfigError for bad TOML, an unknown key, a wrong type or a bad value.
Config parse_config(std::string_view text, const std::string& name, const std::string& own_host);

/// Throws  ConfigError, also if the file cannot be read.
Config load_config(const std::filesystem::path& file);

/// The effective configuration as TOML, each option with its explanation. Parses to the same
/// Config.
std::string print_config(const Config& config);

}  // namespace rollcall::daemon
