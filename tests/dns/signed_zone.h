// SPDX-License-Identifier: GPL-3.0-or-later
// Zones signed by BIND's own tools, so that what reads signatures and key files is checked against
// somebody else's idea of them.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "lib/dns/ds.h"
#include "lib/util/time.h"

namespace rollcall::dns::test {

inline std::string read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rollcall-dns-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// `dnssec-keygen` for any zone, and `dnssec-signzone` for one with all kinds of names.
class ZoneMaker {
 public:
  explicit ZoneMaker(std::string zone = "example.test") : zone_(std::move(zone)) {}

  struct MadeKey {
    std::string base;  ///< `Kexample.test.+013+12345`
    Bytes rdata;
  };

  MadeKey key(const std::string& options) {
    run("dnssec-keygen -q -K . " + options + " " + zone_ + " > name");
    std::string base = read(directory_.path() / "name");
    base.pop_back();
    return {base, dnskey_from(dnskey_line(base)).value().rdata};
  }

  std::string file(const std::string& name) const { return read(directory_.path() / name); }

  /// The signed zone in text form, one record a line.
  std::string signed_by(const std::vector<MadeKey>& keys, const std::string& options = "",
                        const std::string& more = "") {
    std::ofstream zone(directory_.path() / "zone");
    zone << records << more;
    for (const MadeKey& key : keys) zone << "$INCLUDE " << key.base << ".key\n";
    zone.close();
    // -P: its own verification takes today's date.
    std::string command = "dnssec-signzone -q -P -O full -o " + zone_ +
                          " -s 20260601000000 -e 20260701000000 " + options + " -f out zone";
    for (const MadeKey& key : keys) command += " " + key.base;
    run(command + " >serial");
    return file("out");
  }

 private:
  static constexpr const char* records =
      "$TTL 300\n"
      "@ SOA ns hostmaster 7 3600 600 86400 120\n"
      "@ NS ns\nns A 192.0.2.1\n* TXT wild\na.deep.name TXT deep\n"
      "sub NS ns.sub\nns.sub A 192.0.2.2\nsecure NS ns.sub\nsecure DS 1 13 2 "
      "0000000000000000000000000000000000000000000000000000000000000000\n"
      "long 900 TXT longest\n";

  void run(const std::string& command) const {
    INFO(command);
    const std::string quiet = "cd '" + directory_.path().string() + "' && " + command + " 2>errors";
    REQUIRE(std::system(quiet.c_str()) == 0);
  }

  std::string dnskey_line(const std::string& base) const {
    std::istringstream lines(file(base + ".key"));
    std::string line;
    while (std::getline(lines, line) && line.front() == ';') continue;
    return line;
  }

  std::string zone_;
  TemporaryDirectory directory_;
};

}  // namespace rollcall::dns::test
