// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/util/must.h"

namespace rollcall::dns {
namespace {

constexpr std::size_t max_label = 63;  // RFC 1035, 2.3.4
constexpr std::size_t max_wire = 255;

// Own classification: <cctype> depends on the locale.
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }
char lowered(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// What was typed, safe to print into a log or a terminal.
std::string shown(std::string_view text) {
  constexpr std::size_t enough = 80;
  std::string safe;
  for (const char c : text.substr(0, enough)) {
    safe += is_printable(c) ? std::string(1, c)
                            : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  if (text.size() > enough) safe += "...";
  return safe;
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Errc::malformed, fmt::format("not a zone name: \"{}\": {}", shown(text), why));
}

std::string_view label_fault(std::string_view label) {
  if (label.empty()) return "a label is empty";
  if (label.size() > max_label) return "a label is longer than 63 bytes";
  if (label.front() == '-' || label.back() == '-') return "a label begins or ends with a hyphen";
  const bool plain = std::all_of(label.begin(), label.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_';
  });
  return plain ? "" : "only letters, digits, hyphens, underscores and dots are allowed";
}

// Calls `see` with each label of a name that ends in a dot, until it answers with a fault.
template <class See>
std::string_view first_fault(std::string_view name, See see) {
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    if (const std::string_view fault = see(name.substr(0, dot)); !fault.empty()) return fault;
    name.remove_prefix(dot + 1);
  }
  return "";
}

}  // namespace

Result<ZoneName> canonical_zone(std::string_view text) {
  if (text.empty()) return refuse(text, "it is empty");
  if (text == ".") return refuse(text, "the root zone is not supported");
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return refuse(text,
                  "write an internationalised name as its A-label, xn--... (idn2 NAME prints it)");
  }
  ZoneName zone(text);
  if (zone.back() != '.') zone += '.';
  std::transform(zone.begin(), zone.end(), zone.begin(), lowered);
  // A length byte before each label stands for the dot after it; the root's is one more.
  if (zone.size() + 1 > max_wire) return refuse(text, "it is longer than 255 bytes in wire form");
  if (const auto fault = first_fault(zone, label_fault); !fault.empty()) return refuse(text, fault);
  return zone;
}

Bytes zone_wire(const ZoneName& zone) {
  MUST(canonical_zone(zone) == zone);
  Bytes wire;
  first_fault(zone, [&wire](std::string_view label) {
    wire.push_back(static_cast<std::byte>(label.size()));
    const ByteView bytes = as_bytes(label);
    wire.insert(wire.end(), bytes.begin(), bytes.end());
    return std::string_view{};
  });
  wire.push_back(std::byte{0});
  return wire;
}

std::string zone_file_name(const ZoneName& zone) {
  MUST(canonical_zone(zone) == zone);
  return zone.substr(0, zone.size() - 1);
}

}  // namespace rollcall::dns
