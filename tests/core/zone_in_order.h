// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "tests/core/lone_member.h"
#include "tests/core/still_policy.h"

namespace rollcall::test {

constexpr Seconds settled = std::chrono::hours{200};

// A zone in order after 200 hours, and a clock that starts when something is asked for.
class Zone {
 public:
  explicit Zone(Policy policy, SignerAbility ability = exact) : member{policy, ability} {
    member.run_until(settled);
  }
  void roll(Role role, bool emergency = false) {
    ++asked_;
    REQUIRE_FALSE(member.member().roll("example.test.", role, Uuid{{std::byte{asked_}}}, "root", emergency));
  }
  void pass(Seconds time) { member.run_until(now_ += time); }
  /// Hours from the 200th on until a decision; -1: it was not taken.
  double hour(const std::string& change) const {
    const auto at = member.first(change);
    return at ? static_cast<double>((*at - settled).count()) / 3600.0 : -1;
  }
  State state(Role role, std::uint32_t number, Record record) { return member.state(role, number, record); }
  std::vector<Hold> holds() const { return member.status().zones.at(0).holds; }

  LoneMember member;

 private:
  Seconds now_ = settled;
  std::uint8_t asked_ = 0;
};

}  // namespace rollcall::test
