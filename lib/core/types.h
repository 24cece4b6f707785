// SPDX-License-Identifier: GPL-3.0-or-later
// The nouns that everything else speaks of: members, keys, records, zones, generations.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/util/bytes.h"
#include "lib/util/time.h"

namespace rollcall {

/// 128 bits, printed as `8-4-4-4-12` lower-case digits. RFC 9562.
struct Uuid {
  std::array<std::byte, 16> bytes{};
  bool operator==(const Uuid& other) const { return std::memcmp(bytes.data(), other.bytes.data(), sizeof bytes) == 0; }
  std::strong_ordering operator<=>(const Uuid& other) const;  ///< Byte by byte.
};
/// Inline, in two words: every look-up of a fact or a member compares UUIDs.
inline std::strong_ordering Uuid::operator<=>(const Uuid& other) const {
  const auto word = [](const std::byte* from) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
  };
  const auto high = word(&bytes[0]) <=> word(&other.bytes[0]);
  return high != 0 ? high : word(&bytes[8]) <=> word(&other.bytes[8]);
}
std::string to_string(const Uuid& uuid);
std::optional<Uuid> uuid_from(std::string_view text);  ///< Strict: lower case, dashes in place.

using MemberId = Uuid;
using Signature = std::array<std::byte, 64>;  ///< Ed25519.

/// SHA-256 of the DNSKEY RDATA: the identity of a key. The key tag is not: two keys can share it.
using Fingerprint = Digest;
/// It is a hash already: any of its words will do.
struct FingerprintHash {
  std::size_t operator()(const Fingerprint& key) const {
    std::size_t word = 0;
    std::memcpy(&word, key.data(), sizeof word);
    return word;
  }
};
std::string short_name(const Fingerprint& key);  ///< The first 8 hexadecimal digits, for people.

/// IANA numbers of the algorithms that Rollcall makes keys for.
enum class Algorithm : std::uint8_t {
  rsasha256 = 8,
  ecdsap256sha256 = 13,
  ecdsap384sha384 = 14,
  ed25519 = 15,
};
std::string_view mnemonic(Algorithm algorithm);  ///< `ECDSAP256SHA256`
std::optional<Algorithm> algorithm_from(std::uint8_t number);
std::optional<Algorithm> algorithm_from(std::string_view mnemonic);

enum class Role : std::uint8_t {
  ksk,  ///< Signs the DNSKEY RRset; the parent's DS leads to it.
  zsk,  ///< Signs everything else.
  csk,  ///< Does both.
};
inline constexpr std::array all_roles{Role::ksk, Role::zsk, Role::csk};
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);
constexpr std::uint16_t dnskey_flags(Role role) { return role == Role::zsk ? 256 : 257; }
constexpr bool signs_keys(Role role) { return role != Role::zsk; }  ///< And has a DS.
constexpr bool signs_zone(Role role) { return role != Role::ksk; }

/// The key tag that a key has with its REVOKE flag set. RFC 5011, 3; RFC 4034, B.
std::uint16_t revoked_tag(std::uint16_t tag);

/// What a key can have in the DNS.
enum class Record : std::uint8_t {
  dnskey,  ///< The key in the apex DNSKEY RRset.
  krrsig,  ///< Its signature over the DNSKEY RRset.
  zrrsig,  ///< Its signatures over the zone's data.
  ds,      ///< The DS at the parent; on our own servers its CDS and CDNSKEY.
  revoked, ///< The key with its REVOKE flag, signing the DNSKEY RRset. RFC 5011, 2.1.
};
inline constexpr std::array all_records{Record::dnskey, Record::krrsig, Record::zrrsig, Record::ds,
                                        Record::revoked};
/// Whether keys of this role have this record while they are in use.
constexpr bool has_record(Role role, Record record) {
  switch (record) {
    case Record::dnskey: return true;
    case Record::krrsig:
    case Record::ds: return signs_keys(role);
    case Record::zrrsig: return signs_zone(role);
    case Record::revoked: return false;
  }
  return false;
}
std::string_view to_string(Record record);
std::optional<Record> record_from(std::string_view text);

/// A zone's name in presentation form, lower case, with the final dot.
using ZoneName = std::string;

/// A zone that was removed and added again is another one.
struct ZoneRef {
  ZoneName name;
  std::uint32_t incarnation = 1;
  auto operator<=>(const ZoneRef&) const = default;
};

/// 1, 2, 3 … per zone, role and algorithm. Each has exactly one key that is ever used.
struct Generation {
  Role role = Role::zsk;
  Algorithm algorithm = Algorithm::ecdsap256sha256;
  std::uint32_t number = 0;
  auto operator<=>(const Generation&) const = default;
};
std::string to_string(const Generation& generation);  ///< `ZSK 3`

/// A member as of one life of its store.
struct Incarnation {
  MemberId member;
  std::uint32_t number = 1;
  auto operator<=>(const Incarnation&) const = default;
};

/// Names a fact. `seq` is contiguous from 1 per author.
struct FactId {
  Incarnation author;
  std::uint64_t seq = 0;
  auto operator<=>(const FactId&) const = default;
};
std::string to_string(const FactId& id);  ///< `<uuid>.<incarnation>.<seq>`
std::optional<FactId> fact_id_from(std::string_view text);

}  // namespace rollcall
