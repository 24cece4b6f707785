// SPDX-License-Identifier: GPL-3.0-or-later
// Private files, and programs run to their end. Internal to the embedded directory.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::directory {

/// Makes a file that must not exist yet, durable, of this mode whatever the umask.
Result<> write_new_file(const std::string& path, ByteView content, mode_t mode);
Result<> make_directory(const std::string& path, mode_t mode);

Result<std::string> read_file(const std::string& path);
Result<Secret> read_secret_file(const std::string& path);  ///< At most 64 KiB.

/// Gives everything below and including `path` to a user.
Result<> give_to(const std::string& path, uid_t uid, gid_t gid);

/// Finds a program in PATH or where system programs are, which PATH of ordinary users lacks.
Result<std::string> find_program(const std::string& name);

/// Runs a program until it ends, without a shell.
///
/// output  A file for what it prints; the error quotes its end.
/// Errors  unavailable if it cannot be run or fails.
Result<> run_program(const std::vector<std::string>& command, const std::string& output);

}  // namespace rollcall::directory
