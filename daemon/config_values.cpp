// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config_values.h"

#include <charconv>
#include <sstream>

namespace rollcall::daemon {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  Nanoseconds length;
};
constexpr Unit units[] = {{"w", 7 * 24h}, {"d", 24h}, {"h", 1h},
                          {"m", 1min},    {"s", 1s},  {"ms", 1ms}};
constexpr auto longest_duration = 100 * 365 * 24h;  // nanoseconds in 64 bits end after 292 years

tl::unexpected<Error> expected(const std::string& what) { return fail(Errc::malformed, what); }

tl::unexpected<Error> no_duration() {
  return expected(
      "must be a duration: an integer (seconds), or a number with ms, s, m, h, d or w, as \"90s\"");
}

Result<Nanoseconds> times(std::int64_t count, Nanoseconds unit) {
  if (count < 0) return expected("must not be negative");
  if (count > longest_duration / unit) return expected("must not be longer than 100 years");
  return count * unit;
}

Result<Nanoseconds> duration_from(std::string_view text) {
  std::int64_t count = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return no_duration();
  const std::string_view name = text.substr(static_cast<std::size_t>(stopped - text.data()));
  for (const Unit& unit : units) {
    if (unit.name == name) return times(count, unit.length);
  }
  return no_duration();
}

template <class T, class Read>
Result<std::vector<T>> read_list(const toml::node& node, const std::string& of_what, Read read) {
  const toml::array* array = node.as_array();
  if (array == nullptr || array->empty())
    return expected("must be a list of at least one " + of_what);
  std::vector<T> items;
  for (const toml::node& element : *array) {
    auto item = read(element);
    if (!item) return tl::unexpected(item.error());
    items.push_back(std::move(*item));
  }
  return items;
}

template <class T>
std::string print_list(const std::vector<T>& items) {
  std::string text;
  for (const T& item : items) text += (text.empty() ? "" : ", ") + print(item);
  return '[' + text + ']';
}

}  // namespace

Result<Nanoseconds> read_duration(const toml::node& node) {
  if (const auto seconds = node.value_exact<std::int64_t>()) return times(*seconds, 1s);
  if (const auto text = node.value_exact<std::string>()) return duration_from(*text);
  return no_duration();
}

std::string print(Nanoseconds duration) {
  if (duration == 0s) return "\"0s\"";
  for (const Unit& unit : units) {
    if (duration % unit.length != 0ns) continue;
    return '"' + std::to_string(duration / unit.length) + std::string{unit.name} + '"';
  }
  return print(std::chrono::floor<std::chrono::milliseconds>(duration));
}

Result<std::string> read_text(const toml::node& node) {
  auto text = node.value_exact<std::string>();
  if (!text || text->empty()) return expected("must be a text in quotes");
  return std::move(*text);
}

Result<std::vector<std::string>> read_texts(const toml::node& node) {
  return read_list<std::string>(node, "text in quotes", read_text);
}

Result<std::vector<std::string>> read_any_texts(const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list != nullptr && list->empty()) return std::vector<std::string>{};
  return read_texts(node);
}

std::string print(const std::string& text) {
  const toml::value<std::string> value{text};
  std::ostringstream out;
  out << toml::toml_formatter{value, toml::format_flags::allow_unicode_strings};
  return out.str();
}

std::string print(const std::vector<std::string>& texts) { return print_list(texts); }

Result<std::string> read_path(const toml::node& node) {
  auto text = read_text(node);
  if (!text || !text->starts_with('/')) return expected("must be an absolute path in quotes");
  return text;
}

Result<dns::Address> read_address(const toml::node& node) {
  const auto text = read_text(node);
  if (!text) return expected("must be an address in quotes, as \"192.0.2.1@53\"");
  return dns::address_from(text->find('@') == std::string::npos ? *text + "@53" : *text);
}

Result<std::vector<dns::Address>> read_addresses(const toml::node& node) {
  return read_list<dns::Address>(node, "address in quotes, as \"192.0.2.1@53\"", read_address);
}

std::string print(const dns::Address& address) { return print(dns::to_string(address)); }
std::string print(const std::vector<dns::Address>& addresses) { return print_list(addresses); }

}  // namespace rollcall::daemon
