// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/policy_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace rollcall::agent {
namespace {

constexpr std::uint32_t most_seconds = 0x7fffffff;  // as a TTL; RFC 2181, 8

std::optional<std::uint32_t> number_from(std::string_view text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || number > most_seconds) return std::nullopt;
  return number;
}

std::optional<Algorithm> algorithm_named(std::string_view text) {
  const auto number = number_from(text);
  if (number && *number < 256) return algorithm_from(static_cast<std::uint8_t>(*number));
  return algorithm_from(text);
}

std::optional<bool> truth_from(std::string_view text) {
  if (text != "yes" && text != "no") return std::nullopt;
  return text == "yes";
}

template <class Value>
bool put(Value& value, std::optional<Value> parsed) {
  if (parsed) value = *parsed;
  return parsed.has_value();
}

template <Seconds Policy::*field>
constexpr PolicyField seconds(std::string_view name) {
  return {name, "a number of seconds from 0 to 2147483647",
          [](const Policy& p) { return std::to_string((p.*field).count()); },
          [](Policy& p, std::string_view text) {
            const auto number = number_from(text);
            return put(p.*field, number ? std::optional{Seconds{*number}} : std::nullopt);
          },
          true};
}

template <bool Policy::*field>
constexpr PolicyField truth(std::string_view name) {
  return {name, "yes or no", [](const Policy& p) { return std::string{p.*field ? "yes" : "no"}; },
          [](Policy& p, std::string_view text) { return put(p.*field, truth_from(text)); }};
}

template <auto field, auto from>
constexpr PolicyField choice(std::string_view name, std::string_view allowed) {
  return {name, allowed, [](const Policy& p) { return std::string{to_string(p.*field)}; },
          [](Policy& p, std::string_view text) { return put(p.*field, from(text)); }};
}

constexpr PolicyField fields[] = {
    {"algorithm", "8 (RSASHA256), 13 (ECDSAP256SHA256), 14 (ECDSAP384SHA384) or 15 (ED25519)",
     [](const Policy& p) { return std::string{mnemonic(p.algorithm)}; },
     [](Policy& p, std::string_view text) { return put(p.algorithm, algorithm_named(text)); }},
    choice<&Policy::scheme, scheme_from>("scheme", "ksk+zsk or csk"),
    seconds<&Policy::ksk_lifetime>("ksk_lifetime"),
    seconds<&Policy::zsk_lifetime>("zsk_lifetime"),
    choice<&Policy::zsk_rollover, zsk_rollover_from>("zsk_rollover", "pre-publication or double-signature"),
    choice<&Policy::ksk_rollover, ksk_rollover_from>("ksk_rollover", "double-ksk, double-ds or double-rrset"),
    choice<&Policy::algorithm_rollover, algorithm_rollover_from>("algorithm_rollover",
                                                                 "conservative or liberal"),
    truth<&Policy::standby_ksk>("standby_ksk"),
    truth<&Policy::standby_zsk>("standby_zsk"),
    truth<&Policy::trust_anchor>("trust_anchor"),
    seconds<&Policy::hold_down>("hold_down"),
    truth<&Policy::manual>("manual"),
    seconds<&Policy::dnskey_ttl>("dnskey_ttl"),
    seconds<&Policy::max_zone_ttl>("max_zone_ttl"),
    seconds<&Policy::ds_ttl>("ds_ttl"),
    seconds<&Policy::signature_validity>("signature_validity"),
    seconds<&Policy::signature_refresh>("signature_refresh"),
    seconds<&Policy::propagation>("propagation"),
    seconds<&Policy::parent_propagation>("parent_propagation"),
    seconds<&Policy::publish_safety>("publish_safety"),
    seconds<&Policy::retire_safety>("retire_safety"),
    seconds<&Policy::lead>("lead"),
    seconds<&Policy::window>("window"),
    seconds<&Policy::window_first>("window_first"),
    seconds<&Policy::interval>("interval"),
    seconds<&Policy::missing_keys_alarm>("missing_keys_alarm"),
    seconds<&Policy::purge>("purge"),
};

std::string all_names() {
  std::string names;
  for (const PolicyField& field : fields) names += fmt::format("{}{}", names.empty() ? "" : ", ", field.name);
  return names;
}

}  // namespace

std::span<const PolicyField> policy_fields() { return fields; }

Result<> set_policy_value(Policy& policy, std::string_view name, std::string_view value) {
  const auto field = std::ranges::find(fields, name, &PolicyField::name);
  if (field == std::end(fields)) {
    return fail(Errc::malformed, fmt::format("policy: {}: no such value; there are {}", name, all_names()));
  }
  if (field->set(policy, value)) return {};
  return fail(Errc::malformed, fmt::format("policy: {} {}: must be {}", name, value, field->allowed));
}

control::Json policy_json(const std::string& name, const Policy& policy) {
  control::Json json{{"name", name}};
  for (const PolicyField& field : policy_fields()) {
    const std::string text = field.text(policy);
    json[std::string(field.name)] = field.seconds ? control::Json(std::stoll(text)) : control::Json(text);
  }
  return json;
}

}  // namespace rollcall::agent
