// SPDX-License-Identifier: GPL-3.0-or-later
// Every option of the configuration in one table: its name, what it means, how it is read and
// printed. The parser, --print-config and the test of the manual page all go by it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "daemon/config_values.h"

namespace rollcall::daemon {

/// The options one by one, before they are put together: some have a meaning only with others.
struct Draft {
  Config config;
  std::string authentication = "external";
  std::string bind_dn, password_file, certificate, key, keytab;
  std::string signer_kind = "bind";
  std::string key_layout = "zone";
  bool follows_ipa = false;
  Seconds ipa_interval{10};
  signer::BindConfig bind;
};

struct Option {
  std::string_view section, name;
  std::string_view meaning;  ///< Whole lines for people; the default is seen in --print-config.
  std::function<Result<>(Draft&, const toml::node&)> read;
  std::function<std::string(const Draft&)> print;  ///< A TOML value; empty: not set.
};

const std::vector<Option>& options();

/// The sections in their order, with what they are for. `parent` is a list of tables.
struct Section {
  std::string_view name, meaning;
};
const std::vector<Section>& sections();

Draft default_draft(const std::string& own_host);
Draft draft_of(const Config& config);

/// Errors  malformed: options that do not fit each other, beginning with `[section]`.
Result<Config> finish(Draft draft);

}  // namespace rollcall::daemon
