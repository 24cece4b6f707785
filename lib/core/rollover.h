// SPDX-License-Identifier: GPL-3.0-or-later
// The types of rollover: which records of a key enter together, and which leave together.
//
// They are tables, not procedures. When a stage may be entered is the guards' business (guards.h),
// and whether caches bear it that of the rules (rules.h), which are the same for all types.
#pragma once

#include <initializer_list>
#include <vector>

#include "lib/core/decide.h"

namespace rollcall {

/// A set of records.
class RecordSet {
 public:
  constexpr RecordSet(std::initializer_list<Record> records) {
    for (const Record record : records) bits_ |= bit(record);
  }
  constexpr bool contains(Record record) const { return (bits_ & bit(record)) != 0; }

 private:
  static constexpr unsigned bit(Record record) { return 1u << static_cast<unsigned>(record); }
  unsigned bits_ = 0;
};

/// One stage of a key's way in, or out.
struct Stage {
  RecordSet records;
  RecordSet replaces{};  ///< Of the predecessor: withdrawn by the same decision.
};

/// What a key enters as.
enum class Entry : std::uint8_t {
  successor,      ///< Of a key of its role and algorithm.
  new_chain,      ///< With the other keys that a chain takes, where there is none or one of another scheme.
  new_algorithm,  ///< The same, beside a chain of another algorithm.
};

/// The stages in which a key enters. RFC 7583, 2; RFC 6781, 4.1.4.
std::vector<Stage> stages_in(Role role, Entry entry, const Wishes& wishes, SwapAbility swap);

/// The stages in which a key leaves that was replaced. A record that has left already is no matter.
std::vector<RecordSet> stages_out(Role role, Entry successor, const Wishes& wishes, SwapAbility swap);

/// How long before its use a successor is introduced; 0 if all of it comes at once.
Seconds lead_in(Role role, const Wishes& wishes, const Intervals& intervals);

}  // namespace rollcall
