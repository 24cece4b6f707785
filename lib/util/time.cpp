// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/util/time.h"

#include <array>
#include <cstdio>

namespace rollcall {
namespace {

using namespace std::chrono;

struct Fields {
  int year, month, day, hour, minute, second, nanosecond;
};

Fields fields_of(Time time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return {int{date.year()},
          static_cast<int>(unsigned{date.month()}),
          static_cast<int>(unsigned{date.day()}),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

// Strict: 'd' in the pattern is a digit of the next number, every other character stands for itself.
template <std::size_t N>
std::optional<std::array<int, N>> match(std::string_view text, std::string_view pattern,
                                        const std::array<int, N>& widths) {
  if (text.size() != pattern.size()) return std::nullopt;
  std::array<int, N> numbers{};
  std::size_t at = 0;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (pattern[i] != 'd') {
      if (text[i] != pattern[i]) return std::nullopt;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    numbers[at] = numbers[at] * 10 + (text[i] - '0');
    if (++digits == widths[at]) {
      ++at;
      digits = 0;
    }
  }
  return numbers;
}

std::optional<Time> time_of(const Fields& f) {
  const year_month_day date{year{f.year}, month{static_cast<unsigned>(f.month)},
                            day{static_cast<unsigned>(f.day)}};
  // The range of 64-bit nanoseconds since 1970.
  if (!date.ok() || f.year < 1678 || f.year > 2261) return std::nullopt;
  if (f.hour > 23 || f.minute > 59 || f.second > 59) return std::nullopt;
  return Time{sys_days{date}} + hours{f.hour} + minutes{f.minute} + seconds{f.second} +
         nanoseconds{f.nanosecond};
}

template <class... Numbers>
std::string print(const char* format, Numbers... numbers) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, numbers...);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string to_created(Time time) {
  const Fields f = fields_of(time);
  return print("%04d%02d%02d%02d%02d%02d.%09dZ", f.year, f.month, f.day, f.hour, f.minute, f.second,
               f.nanosecond);
}

std::optional<Time> from_created(std::string_view text) {
  const auto n = match<7>(text, "dddddddddddddd.dddddddddZ", {4, 2, 2, 2, 2, 2, 9});
  if (!n) return std::nullopt;
  return time_of({(*n)[0], (*n)[1], (*n)[2], (*n)[3], (*n)[4], (*n)[5], (*n)[6]});
}

std::string to_generalized_time(Time time) {
  const Fields f = fields_of(time);
  return print("%04d%02d%02d%02d%02d%02dZ", f.year, f.month, f.day, f.hour, f.minute, f.second);
}

std::optional<Time> from_generalized_time(std::string_view text) {
  const auto n = match<6>(text, "ddddddddddddddZ", {4, 2, 2, 2, 2, 2});
  if (!n) return std::nullopt;
  return time_of({(*n)[0], (*n)[1], (*n)[2], (*n)[3], (*n)[4], (*n)[5], 0});
}

std::string to_iso(Time time) {
  const Fields f = fields_of(time);
  return print("%04d-%02d-%02dT%02d:%02d:%02dZ", f.year, f.month, f.day, f.hour, f.minute,
               f.second);
}

std::optional<Time> from_iso(std::string_view text) {
  const auto n = match<6>(text, "dddd-dd-ddTdd:dd:ddZ", {4, 2, 2, 2, 2, 2});
  if (!n) return std::nullopt;
  return time_of({(*n)[0], (*n)[1], (*n)[2], (*n)[3], (*n)[4], (*n)[5], 0});
}

std::string to_words(Nanoseconds duration) {
  const auto total = duration_cast<seconds>(duration < Nanoseconds{0} ? -duration : duration);
  const auto s = static_cast<long long>(total.count());
  const char* sign = duration < Nanoseconds{0} ? "-" : "";
  if (s < 120) return print("%s%llds", sign, s);
  if (s < 7200) return s % 60 == 0 ? print("%s%lldm", sign, s / 60) : print("%s%lldm%02llds", sign, s / 60, s % 60);
  if (s < 172800) return s % 3600 < 60 ? print("%s%lldh", sign, s / 3600) : print("%s%lldh%02lldm", sign, s / 3600, s % 3600 / 60);
  return s % 86400 < 3600 || s > 864000 ? print("%s%lldd", sign, s / 86400)
                           : print("%s%lldd%02lldh", sign, s / 86400, s % 86400 / 3600);
}

}  // namespace rollcall
