// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/findings.h"

#include <algorithm>

namespace rollcall::control {
namespace {

using namespace std::chrono_literals;

constexpr const char* level_names[] = {"ok", "warning", "critical", "unknown"};
constexpr auto expiry_warns = 72h, expiry_is_critical = 24h;

const MemberLine* line_of(const MemberStatus& status, const MemberId& id) {
  const auto found = std::ranges::find(status.members, id, &MemberLine::member);
  return found == status.members.end() ? nullptr : &*found;
}

}  // namespace

const char* to_string(Level level) { return level_names[static_cast<int>(level)]; }

void Findings::say(const Finding& finding) {
  const std::string key =
      finding.check + ':' + finding.about + (finding.more.empty() ? "" : ':' + finding.more);
  worst_ = std::max(worst_, finding.level);
  list_.push_back({{"key", key},
                   {"check", finding.check},
                   {"level", to_string(finding.level)},
                   {"about", finding.about},
                   {"what", finding.what},
                   {"cure", finding.cure}});
}

std::string count_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string comma_list(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + words[i];
  }
  return text;
}

std::string host_of(const MemberStatus& status, const MemberId& id) {
  const MemberLine* line = line_of(status, id);
  return line == nullptr || line->host.empty() ? to_string(id) : line->host;
}

bool is_silent(const MemberStatus& status, const MemberId& id) {
  const MemberLine* line = line_of(status, id);
  return line == nullptr || (!line->fresh && !line->self);
}

std::string name_of(const KeyStatus& key) {
  return std::string{to_string(key.generation.role)} + ' ' + std::to_string(key.key_tag);
}

State state_of(const KeyStatus& key, Record record) {
  const auto found = key.records.find(record);
  return found == key.records.end() ? State::hidden : found->second.state;
}

Expiry expiry_of(Time end, Time now) {
  const Nanoseconds left = end - now;
  if (left >= expiry_warns) return {};
  return {left < expiry_is_critical ? Level::critical : Level::warning,
          left < 0ns ? "expired " + to_words(-left) + " ago" : "expires in " + to_words(left)};
}

}  // namespace rollcall::control
