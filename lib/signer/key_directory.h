// SPDX-License-Identifier: GPL-3.0-or-later
// The key directory of one zone: what is ordered becomes files that named reads.
//
// `.private` is written before `.key`, since named ignores a key of which one is missing; a crash
// at any point leaves nothing that the next call does not repair. Files of other keys are not
// touched. named takes the times of a key from `.private` alone, so `.key` carries none but when it
// was created, and is written once.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "lib/signer/durable_file.h"
#include "lib/signer/signer.h"

namespace rollcall::signer {

/// What has become different for named. The larger includes the smaller.
enum class KeyChange { none, files, activation };

/// Whether files can have the names of a zone's keys: the file system allows less than the DNS.
///
/// Errors  malformed if the zone's name is too long.
Result<> check_key_file_names(const ZoneName& zone);

/// Where the key files of a zone stand below the root of key directories.
enum class KeyLayout {
  zone,        ///< `<root>/<zone>/`
  dyndb_ldap,  ///< `<root>/<zone>/keys/`: bind-dyndb-ldap has files of its own beside them, so named writes in `<root>/<zone>/`.
};

class KeyDirectory {
 public:
  /// root  Holds one directory for each zone; it must be there.
  KeyDirectory(const std::filesystem::path& root, ZoneName zone, KeyLayout layout = KeyLayout::zone);

  const std::filesystem::path& path() const { return path_; }

  /// Makes the directory if it is not there, and clears what a crash left unfinished.
  ///
  /// Errors  denied, unavailable; as check_key_file_names().
  Result<> prepare();

  /// Whether at least one of a key's two files is there.
  bool has(const KeyOrder& order) const;

  /// What named would miss when it signs again: of all keys that it has to have, the first whose files are
  /// not both there, or whose private key is another one. Empty: nothing.
  std::string missing(std::span<const KeyOrder> orders) const;

  /// Makes the files of keys say what is ordered, durably. A private key is taken from the
  /// directory if it is there and proves itself, and otherwise from the order; either way it has
  /// proved itself.
  ///
  /// Errors  as prepare(); malformed or not_found if there is no private key that fits. Then no
  ///         file was changed, unless a crash or a broken disk came in between.
  Result<KeyChange> write(std::span<const KeyOrder> orders, Time now);

  /// Removes both files of a key.
  Result<> remove(const KeyOrder& order);

  /// Makes removals durable.
  Result<> sync();

  /// Names of public files that are not of Rollcall's making, sorted.
  Result<std::vector<std::string>> foreign_files() const;

 private:
  std::string name(const KeyOrder& order, std::string_view ending) const;
  std::filesystem::path file(const KeyOrder& order, std::string_view ending) const;
  Result<KeyChange> write_into(Replacement& files, const KeyOrder& order, Time now) const;
  Result<bool> replace(Replacement& files, const std::string& name, ByteView content,
                       unsigned mode) const;
  Result<Secret> private_key(const KeyOrder& order) const;

  std::filesystem::path root_;
  ZoneName zone_;
  KeyLayout layout_;
  std::filesystem::path path_;
};

}  // namespace rollcall::signer
