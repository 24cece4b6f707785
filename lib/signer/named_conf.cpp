// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/named_conf.h"

#include "lib/dns/names.h"

namespace rollcall::signer {
namespace {

// In the canonical text every statement has its own line, and what is inside of braces one more
// tab.
struct Line {
  std::size_t depth = 0;
  std::string_view text;
};

Line next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  const std::size_t depth = std::min(line.find_first_not_of('\t'), line.size());
  return {depth, line.substr(depth)};
}

// `zone "example.test" IN {` begins a zone's statement.
bool begins_zone(std::string_view line, const ZoneName& zone) {
  constexpr std::string_view start = "zone \"";
  if (line.substr(0, start.size()) != start) return false;
  line.remove_prefix(start.size());
  return dns::canonical_zone(line.substr(0, line.find('"'))) == zone;
}

// What stands between the braces of the first statement for which `begins` is true.
template <class Begins>
std::optional<std::string_view> block(std::string_view rest, std::size_t& depth, Begins begins) {
  while (!rest.empty()) {
    const Line line = next_line(rest);
    if (!begins(line.text)) continue;
    depth = line.depth;
    const std::string end = "\n" + std::string(line.depth, '\t') + "};";
    return rest.substr(0, rest.find(end) + 1);
  }
  return std::nullopt;
}

std::optional<std::string> value_in(std::string_view rest, std::size_t depth,
                                    std::string_view option) {
  while (!rest.empty()) {
    const Line line = next_line(rest);
    if (line.depth != depth || line.text.substr(0, option.size() + 1) != std::string(option) + ' ')
      continue;
    std::string value(line.text.substr(option.size() + 1));
    if (!value.empty() && value.back() == ';') value.pop_back();
    if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return std::nullopt;
}

}  // namespace

bool has_zone(std::string_view configuration, const ZoneName& zone) {
  std::size_t depth = 0;
  return block(configuration, depth,
               [&zone](std::string_view line) { return begins_zone(line, zone); })
      .has_value();
}

std::optional<std::string> zone_option(std::string_view configuration, const ZoneName& zone,
                                       std::string_view option) {
  std::size_t depth = 0;
  const auto own = block(configuration, depth,
                         [&zone](std::string_view line) { return begins_zone(line, zone); });
  if (own) {
    if (auto value = value_in(*own, depth + 1, option)) return value;
  }
  const auto global =
      block(configuration, depth, [](std::string_view line) { return line == "options {"; });
  return global ? value_in(*global, depth + 1, option) : std::nullopt;
}

}  // namespace rollcall::signer
