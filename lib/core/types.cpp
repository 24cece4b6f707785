// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/types.h"

#include <algorithm>
#include <charconv>

#include "lib/core/fact.h"
#include "lib/core/names.h"

namespace rollcall {
namespace {

constexpr Name<Algorithm> algorithms[] = {{Algorithm::rsasha256, "RSASHA256"},
                                          {Algorithm::ecdsap256sha256, "ECDSAP256SHA256"},
                                          {Algorithm::ecdsap384sha384, "ECDSAP384SHA384"},
                                          {Algorithm::ed25519, "ED25519"}};
constexpr Name<Role> roles[] = {{Role::ksk, "KSK"}, {Role::zsk, "ZSK"}, {Role::csk, "CSK"}};
constexpr Name<Record> records[] = {{Record::dnskey, "DNSKEY"},
                                    {Record::krrsig, "KRRSIG"},
                                    {Record::zrrsig, "ZRRSIG"},
                                    {Record::ds, "DS"},
                                    {Record::revoked, "REVOKED"}};

constexpr std::string_view digits = "0123456789abcdef";

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  const bool canonical = !text.empty() && (text[0] != '0' || text.size() == 1);
  if (error != std::errc{} || stopped != end || !canonical) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(const Uuid& uuid) {
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = std::to_integer<unsigned>(uuid.bytes[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<Uuid> uuid_from(std::string_view text) {
  Uuid uuid;
  if (text.size() != 36) return std::nullopt;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const auto digit = digits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    std::byte& byte = uuid.bytes[nibble / 2];
    byte = (byte << 4) | static_cast<std::byte>(digit);
    ++nibble;
  }
  return uuid;
}

std::string short_name(const Fingerprint& key) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = std::to_integer<unsigned>(key[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string_view mnemonic(Algorithm algorithm) { return text_of(algorithms, algorithm); }

std::optional<Algorithm> algorithm_from(std::uint8_t number) {
  for (const auto& known : algorithms) {
    if (static_cast<std::uint8_t>(known.value) == number) return known.value;
  }
  return std::nullopt;
}

std::optional<Algorithm> algorithm_from(std::string_view name) { return value_of(algorithms, name); }

std::string_view to_string(Role role) { return text_of(roles, role); }
std::optional<Role> role_from(std::string_view text) { return value_of(roles, text); }
std::string_view to_string(Record record) { return text_of(records, record); }
std::optional<Record> record_from(std::string_view text) { return value_of(records, text); }

std::uint16_t revoked_tag(std::uint16_t tag) {
  const std::uint32_t sum = tag + 0x80u;
  return static_cast<std::uint16_t>((sum + (sum >> 16)) & 0xffffu);
}

std::string to_string(const Generation& generation) {
  return std::string{to_string(generation.role)} + ' ' + std::to_string(generation.number);
}

std::string to_string(const FactId& id) {
  return to_string(id.author.member) + '.' + std::to_string(id.author.number) + '.' +
         std::to_string(id.seq);
}

std::optional<FactId> fact_id_from(std::string_view text) {
  const auto last = text.rfind('.');
  if (last == std::string_view::npos || last < 37 || text[36] != '.') return std::nullopt;
  const auto member = uuid_from(text.substr(0, 36));
  const auto incarnation = number_from<std::uint32_t>(text.substr(37, last - 37));
  const auto seq = number_from<std::uint64_t>(text.substr(last + 1));
  if (!member || !incarnation || !seq) return std::nullopt;
  return FactId{{*member, *incarnation}, *seq};
}

const ZoneRef* zone_of(const Fact& fact) {
  return std::visit(
      [](const auto& content) -> const ZoneRef* {
        if constexpr (requires { content.zone; }) {
          return &content.zone;
        } else {
          return nullptr;
        }
      },
      fact.content);
}

}  // namespace rollcall
