// SPDX-License-Identifier: GPL-3.0-or-later
// BIND's key files, as text: names, public half, private half with its times.
//
// Pure: no file is touched here. Times of a key decide what a server does with it on its own, so
// they are data of their own and never a by-product of printing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/types.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::dns {

/// The times in a key file; whole seconds. An empty one is not written.
struct KeyTimes {
  std::optional<Time> created, publish, activate, inactive, remove;  ///< `remove` is `Delete`.
  std::optional<Time> sync_publish, sync_delete;
  bool operator==(const KeyTimes&) const = default;
};

/// `Kexample.test.+013+12345`, of which `.key` and `.private` are made.
struct KeyFileName {
  ZoneName zone;
  std::uint8_t algorithm = 0;
  std::uint16_t key_tag = 0;
  auto operator<=>(const KeyFileName&) const = default;
};
std::string to_string(const KeyFileName& name);
/// Strict, without the ending: what parses prints to the same text.
std::optional<KeyFileName> key_file_name_from(std::string_view text);

/// The first line of every `.key` file that Rollcall writes; tells its files from others'.
inline constexpr std::string_view written_by_rollcall =
    "; Written by Rollcall, which overwrites what is changed here.";

/// The text of a `.key` file: comments, then the DNSKEY with its TTL.
///
/// Errors  malformed if `dnskey` is no DNSKEY.
Result<std::string> public_key_file(const ZoneName& zone, ByteView dnskey, Seconds ttl,
                                    const KeyTimes& times);

/// The text of a `.private` file: the key's own lines as given, then those of its times.
///
/// key     Format v1.3; lines of times in it are left out.
/// Errors  malformed if it is not of that format.
Result<Secret> private_key_file(std::string_view key, const KeyTimes& times);

/// Errors  malformed if the text is not of format v1.3 (or v1.2, without times) or a time in it is
/// none.
Result<KeyTimes> times_of_private_key_file(std::string_view text);

/// Shows by a trial signature that the text holds the private half of a key.
///
/// Errors  malformed if the text does not parse, or its signature does not verify with `dnskey`.
Result<> prove_private_key(std::string_view text, const ZoneName& zone, ByteView dnskey);

}  // namespace rollcall::dns
