// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "daemon/config_options.h"
#include "lib/dns/names.h"

namespace rollcall::daemon {
namespace {

using agent::ParentServers;

// Where in which file, for messages.
class Place {
 public:
  explicit Place(std::string file) : file_(std::move(file)) {}

  [[noreturn]] void fail(const toml::source_region& at, const std::string& what) const {
    throw ConfigError(file_ + ':' + std::to_string(at.begin.line) + ": " + what);
  }
  [[noreturn]] void fail(const std::string& what) const { throw ConfigError(file_ + ": " + what); }

 private:
  std::string file_;
};

std::string words(const std::vector<std::string_view>& all) {
  std::string list;
  for (const std::string_view word : all) list += (list.empty() ? "" : ", ") + std::string{word};
  return list;
}

std::vector<std::string_view> names_in(std::string_view section) {
  if (section == "parent") return {"zone", "addresses"};
  std::vector<std::string_view> names;
  for (const Option& option : options()) {
    if (option.section == section) names.push_back(option.name);
  }
  return names;
}

void refuse_unknown_keys(const toml::table& table, std::string_view section, const Place& place) {
  const auto known = names_in(section);
  for (const auto& [key, node] : table) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    place.fail(key.source(), "unknown key '" + std::string{key.str()} + "' in [" +
                                 std::string{section} + "]; allowed: " + words(known));
  }
}

void refuse_unknown_sections(const toml::table& file, const Place& place) {
  std::vector<std::string_view> known;
  for (const Section& section : sections()) known.push_back(section.name);
  for (const auto& [key, node] : file) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    place.fail(key.source(),
               "unknown section '" + std::string{key.str()} + "'; allowed: " + words(known));
  }
}

void read_section(const toml::table& file, std::string_view section, Draft& draft,
                  const Place& place) {
  const toml::node* node = file.get(section);
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr)
    place.fail(node->source(),
               std::string{section} + " must be a section: [" + std::string{section} + ']');
  refuse_unknown_keys(*table, section, place);
  for (const Option& option : options()) {
    const toml::node* value = option.section == section ? table->get(option.name) : nullptr;
    if (value == nullptr) continue;
    const auto read = option.read(draft, *value);
    if (!read)
      place.fail(value->source(),
                 std::string{section} + '.' + std::string{option.name} + ' ' + read.error().what);
  }
}

const toml::node& need(const toml::table& table, std::string_view name, const Place& place) {
  const toml::node* node = table.get(name);
  if (node == nullptr) place.fail(table.source(), "[[parent]] needs " + std::string{name});
  return *node;
}

template <class T>
T take(Result<T> value, const toml::node& node, const char* option, const Place& place) {
  if (!value) place.fail(node.source(), std::string{option} + ' ' + value.error().what);
  return std::move(*value);
}

Result<ZoneName> read_zone(const toml::node& node) {
  const auto text = read_text(node);
  if (!text) return tl::unexpected(text.error());
  return *text == "." ? Result<ZoneName>{"."} : dns::canonical_zone(*text);
}

ParentServers read_parent(const toml::node& node, const Place& place) {
  const toml::table* table = node.as_table();
  if (table == nullptr) place.fail(node.source(), "parent must be a list of sections: [[parent]]");
  refuse_unknown_keys(*table, "parent", place);
  const toml::node& zone = need(*table, "zone", place);
  const toml::node& addresses = need(*table, "addresses", place);
  return {take(read_zone(zone), zone, "parent.zone", place),
          take(read_addresses(addresses), addresses, "parent.addresses", place)};
}

void read_parents(const toml::table& file, Config& config, const Place& place) {
  const toml::node* node = file.get("parent");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) place.fail(node->source(), "parent must be a list of sections: [[parent]]");
  for (const toml::node& element : *list) {
    ParentServers parent = read_parent(element, place);
    if (std::ranges::find(config.parents, parent.zone, &ParentServers::zone) !=
        config.parents.end()) {
      place.fail(element.source(), "there is a [[parent]] for zone " + parent.zone + " already");
    }
    config.parents.push_back(std::move(parent));
  }
}

std::string as_comment(std::string_view text) {
  std::string lines = "# ";
  for (const char c : text) {
    lines += c;
    if (c == '\n') lines += "# ";
  }
  return lines + '\n';
}

std::string print_section(const Section& section, const Draft& draft) {
  std::string text = as_comment(section.meaning) + '[' + std::string{section.name} + "]\n";
  for (const Option& option : options()) {
    if (option.section != section.name) continue;
    const std::string value = option.print(draft);
    text += '\n' + as_comment(option.meaning);
    text += value.empty() ? "# " + std::string{option.name} + " is not set\n"
                          : std::string{option.name} + " = " + value + '\n';
  }
  return text;
}

std::string print_parents(const Section& section, const Config& config) {
  std::string text = as_comment(section.meaning);
  if (config.parents.empty())
    text +=
        "# [[parent]]\n# zone = \"org.\"\n# addresses = [\"192.0.2.1@53\", \"2001:db8::1@53\"]\n";
  for (const ParentServers& parent : config.parents) {
    text += "[[parent]]\nzone = " + print(parent.zone) +
            "\naddresses = " + print(parent.addresses) + '\n';
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

Config parse_config(std::string_view text, const std::string& name, const std::string& own_host) {
  const Place place{name};
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    place.fail(error.source(), std::string{error.description()});
  }
  refuse_unknown_sections(file, place);
  Draft draft = default_draft(own_host);
  for (const Section& section : sections()) {
    if (section.name != "parent") read_section(file, section.name, draft, place);
  }
  read_parents(file, draft.config, place);
  auto config = finish(std::move(draft));
  if (!config) place.fail(config.error().what);
  return std::move(*config);
}

Config load_config(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) throw ConfigError(file.string() + ": " + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad() || text.fail()) throw ConfigError(file.string() + ": cannot be read");
  return parse_config(text.str(), file.string(), host_name());
}

std::string print_config(const Config& config) {
  const Draft draft = draft_of(config);
  std::string text;
  for (const Section& section : sections()) {
    text += text.empty() ? "" : "\n\n";
    text +=
        section.name == "parent" ? print_parents(section, config) : print_section(section, draft);
  }
  return text;
}

}  // namespace rollcall::daemon
