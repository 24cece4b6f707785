// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the configuration as people write them: durations, addresses, paths, lists.
//
// Each read_… refuses with what is allowed; each print gives TOML that reads back to the same.
#pragma once

#include <toml++/toml.h>
#include <string>
#include <vector>

#include "lib/dns/address.h"
#include "lib/util/result.h"
#include "lib/util/time.h"

namespace rollcall::daemon {

/// `"90s"`, `"5m"`, `"2h"`, `"1d"`, `"1w"`, `"200ms"`, or an integer: seconds.
Result<Nanoseconds> read_duration(const toml::node& node);
std::string print(Nanoseconds duration);

Result<std::string> read_text(const toml::node& node);                ///< Not empty.
Result<std::vector<std::string>> read_texts(const toml::node& node);  ///< At least one, none empty.
Result<std::vector<std::string>> read_any_texts(const toml::node& node);  ///< Perhaps none.
std::string print(const std::string& text);
std::string print(const std::vector<std::string>& texts);

Result<std::string> read_path(const toml::node& node);  ///< Absolute.

/// `"192.0.2.1@53"`; the port may lack.
Result<dns::Address> read_address(const toml::node& node);
Result<std::vector<dns::Address>> read_addresses(const toml::node& node);
std::string print(const dns::Address& address);
std::string print(const std::vector<dns::Address>& addresses);

}  // namespace rollcall::daemon
