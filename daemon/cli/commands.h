// SPDX-License-Identifier: GPL-3.0-or-later
// The commands of `rollcall`, as CLI11 knows them. Each add_… adds some of them to the program.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/cli/caller.h"

namespace rollcall::cli {

/// Everything that the command line can hold, and how it ended. Lives as long as the program.
struct Invocation {
  Options options;
  Caller caller{options};
  int exit = done;

  std::string zone, policy, role, replica, token, id, on, until, heir, hook;
  std::vector<std::string> failover, settings, zones, members;
  std::int64_t hours = 24, last = 50;
  bool random = false, no_failover = false, check = false, follow = false;
  bool emergency = false, override_gate = false, force = false, all = false, dry_run = false;
  bool changed = false;

  Invocation() = default;
  Invocation(const Invocation&) = delete;
  Invocation& operator=(const Invocation&) = delete;
};

void add_looking(CLI::App& app, Invocation& call);    ///< status, forecast, info, members, health, check, log
void add_zones(CLI::App& app, Invocation& call);      ///< zone, suspend, resume
void add_keys(CLI::App& app, Invocation& call);       ///< roll, abandon, step, gate, ds
void add_policies(CLI::App& app, Invocation& call);   ///< policy
void add_cluster(CLI::App& app,
                 Invocation& call);  ///< init, invite, join, leave, forget, set, serve
void add_master_key(CLI::App& app, Invocation& call); ///< master-key
void add_directory(CLI::App& app, Invocation& call);  ///< directory

/// `NAME=VALUE …` as an object; `option` is what was written so, for people.
Json values_of(const std::vector<std::string>& settings, const std::string& option);

/// Prints new events until interrupted or the daemon is gone.
int follow_log(const Invocation& call);

}  // namespace rollcall::cli
