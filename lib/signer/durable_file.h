// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are there whole or not at all, also after the power failed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::signer {

/// Names of unfinished files begin with it. They are nobody's: who starts to write removes them.
inline constexpr std::string_view unfinished_prefix = ".rollcall-unfinished.";

/// What the operating system said, as an error that names the path and the cure.
Error file_error(std::string_view doing, const std::filesystem::path& path, int error_number);

/// Files of one directory that are replaced together, by temp, fsync and rename. They are flushed
/// side by side: a disk takes several in hardly more time than one.
class Replacement {
 public:
  explicit Replacement(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ~Replacement();  ///< Without commit() nothing has happened.
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  /// mode    Set whatever the umask; the group becomes that of the directory.
  /// Errors  denied: not writable; unavailable: disk full and the like.
  Result<> add(const std::string& name, ByteView content, unsigned mode);

  /// Renames in the order of add(), and makes all of it durable. What a crash leaves is the
  /// beginning of that order.
  ///
  /// Errors  As add().
  Result<> commit();

 private:
  struct File {
    int number;  ///< Descriptor; -1: renamed.
    std::filesystem::path unfinished, path;
  };

  std::filesystem::path directory_;
  std::vector<File> files_;
};

/// Errors  denied or unavailable. A file that is already gone is fine.
Result<> remove_file(const std::filesystem::path& path);

/// Makes renames and removals in it durable.
Result<> sync_directory(const std::filesystem::path& directory);

/// The content; empty if there is no such file.
///
/// Errors  denied; malformed above 64 KiB, which no key file has.
Result<std::optional<Secret>> read_file(const std::filesystem::path& path);

}  // namespace rollcall::signer
