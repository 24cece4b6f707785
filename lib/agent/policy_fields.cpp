// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/policy_fields.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace rollcall::agent {
namespace {

constexpr PolicyField fields[] = {
    {"ksk_lifetime", &Policy::ksk_lifetime},
    {"zsk_lifetime", &Policy::zsk_lifetime},
    {"dnskey_ttl", &Policy::dnskey_ttl},
    {"max_zone_ttl", &Policy::max_zone_ttl},
    {"ds_ttl", &Policy::ds_ttl},
    {"signature_validity", &Policy::signature_validity},
    {"signature_refresh", &Policy::signature_refresh},
    {"propagation", &Policy::propagation},
    {"parent_propagation", &Policy::parent_propagation},
    {"publish_safety", &Policy::publish_safety},
    {"retire_safety", &Policy::retire_safety},
    {"lead", &Policy::lead},
    {"window", &Policy::window},
    {"window_first", &Policy::window_first},
    {"interval", &Policy::interval},
    {"missing_keys_alarm", &Policy::missing_keys_alarm},
    {"purge", &Policy::purge},
};

constexpr std::uint32_t most_seconds = 0x7fffffff;  // as a TTL; RFC 2181, 8

std::optional<std::uint32_t> number_from(std::string_view text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || number > most_seconds) return std::nullopt;
  return number;
}

Result<> set_algorithm(Policy& policy, std::string_view value) {
  auto algorithm = algorithm_from(value);
  const auto number = number_from(value);
  if (number && *number < 256) algorithm = algorithm_from(static_cast<std::uint8_t>(*number));
  if (!algorithm) {
    return fail(Errc::malformed, fmt::format("policy: algorithm {}: must be 8 (RSASHA256), 13 "
                                             "(ECDSAP256SHA256), 14 (ECDSAP384SHA384) or 15 (ED25519)",
                                             value));
  }
  policy.algorithm = *algorithm;
  return {};
}

std::string all_names() {
  std::string names = "algorithm";
  for (const PolicyField& field : fields) names += fmt::format(", {}", field.name);
  return names;
}

}  // namespace

std::span<const PolicyField> policy_fields() { return fields; }

Result<> set_policy_value(Policy& policy, std::string_view name, std::string_view value) {
  if (name == "algorithm") return set_algorithm(policy, value);
  for (const PolicyField& field : fields) {
    if (field.name != name) continue;
    const auto seconds = number_from(value);
    if (!seconds) {
      return fail(Errc::malformed, fmt::format("policy: {} {}: must be a number of seconds from 0 to {}",
                                               name, value, most_seconds));
    }
    policy.*field.field = Seconds{*seconds};
    return {};
  }
  return fail(Errc::malformed, fmt::format("policy: {}: no such value; there are {}", name, all_names()));
}

}  // namespace rollcall::agent
