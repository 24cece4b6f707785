// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/rndc.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "lib/signer/command.h"
#include "lib/signer/named_conf.h"

using namespace rollcall;
using namespace rollcall::signer;
using namespace std::chrono_literals;

TEST_CASE("a command's words reach the program as they are", "[command]") {
  const auto result = run_command({"printf", "%s|", "$(id)", "a b", "*", ";"}, 10s).value();
  CHECK(result.exit_status == 0);
  CHECK(result.output == "$(id)|a b|*|;|");
}

TEST_CASE("a command's failure and both of its outputs are seen", "[command]") {
  const auto result = run_command({"sh", "-c", "echo out; echo err >&2; exit 3"}, 10s).value();
  CHECK(result.exit_status == 3);
  CHECK(result.output == "out\nerr\n");
  CHECK(run_command({"sh", "-c", "kill -9 $$"}, 10s).value().exit_status == 137);
  CHECK(run_command({"cat"}, 10s).value().output.empty());  // there is nothing on its input
}

TEST_CASE("a command that goes on is killed at its deadline", "[command]") {
  SECTION("while its output is open") {
    CHECK(run_command({"sleep", "1000"}, 20ms).error().code == Errc::unavailable);
  }
  SECTION("or closed") {
    CHECK(run_command({"sh", "-c", "exec >&- 2>&-; exec sleep 1000"}, 20ms).error().code ==
          Errc::unavailable);
  }
}

TEST_CASE("a command that is not there is named", "[command]") {
  const auto result = run_command({"no-such-program"}, 10s);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::denied);
  CHECK(result.error().what == "cannot run no-such-program: No such file or directory");
}

TEST_CASE("each complaint of rndc has its code and its cure", "[rndc]") {
  const auto code = [](std::string_view output) {
    return rndc_error("sign", "a.test.", output).code;
  };
  CHECK(code("rndc: 'sign' failed: not found\nno matching zone 'a.test' in any view\n") ==
        Errc::not_found);
  CHECK(code("rndc: 'sign' failed: permission denied\n") == Errc::denied);
  CHECK(code("rndc: 'zonestatus' failed: zone not loaded\n") == Errc::unavailable);
  CHECK(code("rndc: connect failed: 127.0.0.1#953: connection refused\n") == Errc::unavailable);
  CHECK(code("rndc: connection to remote host closed.\n* This may\n") == Errc::denied);
  CHECK(code("rndc: neither /etc/bind/rndc.conf nor /etc/bind/rndc.key was found\n") ==
        Errc::denied);
  CHECK(rndc_error("sign", "a.test.", "rndc: 'sign' failed: permission denied\n").what ==
        "rndc sign a.test.: the zone is not set up for it; add to it in named.conf: inline-signing "
        "yes; "
        "auto-dnssec maintain; (rndc: 'sign' failed: permission denied)");
  CHECK(rndc_error("status", "", "odd\nlines").what == "rndc status failed: odd");
}

TEST_CASE("a zone's option is its own, or that of all", "[named_conf]") {
  const std::string conf =
      "options {\n\tkey-directory \"/keys\";\n\tinline-signing no;\n\tlisten-on port 53 "
      "{\n\t\tauto-dnssec off;\n\t};\n};\n"
      "view \"a\" {\n\tzone \"B.test\" IN {\n\t\ttype primary;\n\t\tinline-signing yes;\n\t};\n};\n"
      "zone \"c.test\" {\n\tinline-signing-x yes;\n};\n";
  CHECK(has_zone(conf, "b.test."));
  CHECK(has_zone(conf, "c.test."));
  CHECK_FALSE(has_zone(conf, "d.test."));
  CHECK(zone_option(conf, "b.test.", "inline-signing") == "yes");
  CHECK(zone_option(conf, "b.test.", "key-directory") == "/keys");
  CHECK(zone_option(conf, "c.test.", "inline-signing") == "no");
  CHECK(zone_option(conf, "c.test.", "type") == std::nullopt);
  CHECK(zone_option(conf, "b.test.", "auto-dnssec") == std::nullopt);
  CHECK(zone_option("", "b.test.", "type") == std::nullopt);
}
