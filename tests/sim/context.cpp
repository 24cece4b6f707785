// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/context.h"

#include <iomanip>
#include <ostream>
#include <sstream>
#include <utility>

namespace rollcall::sim {
namespace {

constexpr Time first_moment = Time{std::chrono::sys_days{std::chrono::January / 1 / 2030}};

}  // namespace

void Counters::add(std::string_view what, std::uint64_t times) {
  const auto found = counts_.find(what);
  if (found == counts_.end()) {
    counts_.emplace(what, times);
  } else {
    found->second += times;
  }
}

void Counters::merge(const Counters& other) {
  for (const auto& [what, times] : other.counts_) add(what, times);
}

std::uint64_t Counters::operator[](std::string_view what) const {
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

void Trace::line(std::string_view who, std::string_view text) {
  if (!on()) return;
  *out_ << stamp(schedule_.now()) << "  " << std::left << std::setw(9) << who << std::right << text << '\n';
}

void Trace::plain(std::string_view text) {
  if (on()) *out_ << text << '\n';
}

std::string Trace::stamp(Time when) const {
  const Nanoseconds since = when - start_;
  const auto days = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::hh_mm_ss clock{
      std::chrono::duration_cast<std::chrono::milliseconds>(since - days)};
  std::ostringstream text;
  text << 'd' << std::setfill('0') << std::setw(3) << days.count() << ' ' << std::setw(2)
        << clock.hours().count() << ':' << std::setw(2) << clock.minutes().count() << ':'
        << std::setw(2) << clock.seconds().count() << '.' << std::setw(3)
       << clock.subseconds().count();
  return text.str();
}

Context::Context(Swarm swarm_of, std::ostream* story)
    : swarm(std::move(swarm_of)),
      start(first_moment),
      schedule(first_moment),
      dice(swarm.seed ^ 0x9e3779b97f4a7c15U),
      trace(schedule, first_moment, story) {}

std::string member_name(std::size_t index) {
  if (index < 26) return std::string(1, static_cast<char>('a' + index));
  return "m" + std::to_string(index);
}

std::string key_name(Role role, std::uint32_t number, const Fingerprint& key) {
  return to_string(Generation{role, Algorithm::ecdsap256sha256, number}) + "/" +
         short_name(key).substr(0, 4);
}

}  // namespace rollcall::sim
