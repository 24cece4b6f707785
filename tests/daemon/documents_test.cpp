// SPDX-License-Identifier: GPL-3.0-or-later
// The example configuration and the manual page name every option, and the example is what is
// printed: run with ROLLCALL_REWRITE_GOLDEN=1 to write it anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "daemon/config.h"
#include "daemon/config_options.h"

using namespace rollcall::daemon;

namespace {

const std::string daemon_dir = DAEMON_DIR;

std::string content(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Everything in it is a default, so everything but the sections is commented out.
std::string example() {
  std::istringstream printed{print_config(parse_config("", "defaults", "ns1.example.org"))};
  std::string text =
      "# SPDX-License-Identifier: GPL-3.0-or-later\n"
      "# /etc/rollcall/rollcalld.toml: what is commented out shows the default. See "
      "rollcalld.toml(5).\n\n";
  for (std::string line; std::getline(printed, line);) {
    const bool value = !line.empty() && line.front() != '#' && line.front() != '[';
    text += (value ? "#" : "") + line + '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("the example shows every option with its default", "[documents]") {
  const std::string path = daemon_dir + "/rollcalld.toml";
  if (std::getenv("ROLLCALL_REWRITE_GOLDEN") != nullptr) std::ofstream{path} << example();
  CHECK(content(path) == example());
  CHECK(print_config(load_config(path)) ==
        print_config(parse_config("", "defaults", load_config(path).host)));
}

TEST_CASE("the manual page explains every option", "[documents]") {
  const std::string page = content(daemon_dir + "/rollcalld.toml.5");
  for (const Section& section : sections())
    CHECK(page.find('[' + std::string{section.name} + ']') != std::string::npos);
  for (const Option& option : options()) {
    INFO(option.name);
    const std::string name{option.name};
    const bool explained = page.find(".It Cm " + name + '\n') != std::string::npos ||
                           page.find(".It Cm " + name + " , ") != std::string::npos ||
                           page.find(" , " + name + '\n') != std::string::npos;
    CHECK(explained);
  }
}
