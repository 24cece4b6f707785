// SPDX-License-Identifier: GPL-3.0-or-later
// The one text that each value has in the directory. Internal to the codec.
//
// Whoever parses compares: a text that does not print back to itself is refused (parse_exactly), so
// no form has to think about leading zeros, case or spaces.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/fact.h"
#include "lib/core/heartbeat.h"
#include "lib/core/policy.h"

namespace rollcall::directory {

template <class T>
struct Form {
  const char* words;  ///< "is not <words>", for error messages.
  std::string (*print)(const T&);
  std::optional<T> (*parse)(std::string_view);
};

template <class T>
std::optional<T> parse_exactly(const Form<T>& form, std::string_view text) {
  std::optional<T> value = form.parse(text);
  if (value && form.print(*value) != text) value.reset();
  return value;
}

/// One entry of `behind` in a heartbeat.
struct BehindItem {
  ZoneRef zone;
  std::optional<FactId> fact;  ///< Absent: the whole zone.
};

inline constexpr std::size_t max_text_bytes = 1024;

namespace form {

extern const Form<std::uint16_t> number16;
extern const Form<std::uint32_t> number32;
extern const Form<std::uint64_t> number64;
extern const Form<bool> truth;       ///< `TRUE`, `FALSE`
extern const Form<Seconds> seconds;  ///< Not negative.
extern const Form<Time> created;     ///< To the nanosecond, fixed width.
extern const Form<Time> whole_seconds;  ///< GeneralizedTime, for people and their tools.

/// For people. UTF-8 without control characters; what is not prints as `?`, and what is longer than
/// max_text_bytes is cut, so that no message of some library can make a fact unreadable.
extern const Form<std::string> text;

extern const Form<Uuid> uuid;
extern const Form<Digest> digest;  ///< Hexadecimal digits, lower case.
extern const Form<FactId> fact_id;
extern const Form<Incarnation> incarnation;  ///< `<uuid>.<number>`
extern const Form<std::vector<MemberId>> member_list;  ///< Ordered, separated by single spaces.
extern const Form<MemberKeys> member_keys;  ///< `<uuid>.<incarnation> <signing> <sealing> <host>`

/// Labels of 1 to 63 bytes in presentation form and the final dot; no upper case, no space.
extern const Form<ZoneName> zone_name;
extern const Form<Role> role;
/// A new algorithm comes with a new format version, so that older members say "upgrade".
extern const Form<Algorithm> algorithm;
extern const Form<KeyRecord> key_record;  ///< `<fingerprint> <record>`

extern const Form<Mode> mode;
extern const Form<Scheme> scheme;
extern const Form<ZskRollover> zsk_rollover;
extern const Form<KskRollover> ksk_rollover;
extern const Form<AlgorithmRollover> algorithm_rollover;
extern const Form<SwapAbility> swap_ability;
extern const Form<VectorEntry> vector_entry;  ///< `<uuid>.<incarnation> <seq> <digest>`
extern const Form<BehindItem> behind_item;    ///< `<zone> <zone incarnation> <fact id, or *>`

}  // namespace form
}  // namespace rollcall::directory
