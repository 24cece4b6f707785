// SPDX-License-Identifier: GPL-3.0-or-later
// Findings of a health check (health.h), and the words in which they speak of members and keys.
// Internal to the health_*.cpp, of which each judges one kind of thing.
#pragma once

#include <string>
#include <vector>

#include "lib/control/message.h"
#include "lib/core/status.h"

namespace rollcall::control {

/// Their numbers are those of monitoring plug-ins. A finding that is ok is a note: what was not
/// looked at, and why.
enum class Level { ok, warning, critical, unknown };
const char* to_string(Level level);

struct Finding {
  std::string check, about;
  Level level = Level::ok;
  std::string what, cure;
  std::string more{};  ///< Where one check finds several things about one object.
};

class Findings {
 public:
  void say(const Finding& finding);
  Level worst() const { return worst_; }
  Json take() { return std::move(list_); }

 private:
  Level worst_ = Level::ok;
  Json list_ = Json::array();
};

std::string count_of(std::size_t count, const std::string& noun);
std::string comma_list(const std::vector<std::string>& words);  ///< `a, b and c`

std::string host_of(const MemberStatus& status, const MemberId& id);
bool is_silent(const MemberStatus& status, const MemberId& id);

std::string name_of(const KeyStatus& key);  ///< `KSK 20013`
State state_of(const KeyStatus& key, Record record);

/// When signatures end, and how bad that is: a warning three days before, critical one day before.
struct Expiry {
  Level level = Level::ok;
  std::string when;  ///< `expires in 3h`, `expired 3h ago`
};
Expiry expiry_of(Time end, Time now);

}  // namespace rollcall::control
