// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/bind_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "lib/dns/ds.h"
#include "lib/dns/key_file.h"
#include "lib/dns/names.h"
#include "lib/dns/query.h"
#include "lib/dns/tcp.h"
#include "lib/dns/zone_view.h"
#include "lib/signer/command.h"
#include "lib/signer/key_directory.h"
#include "lib/signer/named_conf.h"

namespace rollcall::signer {
namespace {

using Level = Finding::Level;

class Check {
 public:
  Check(const BindConfig& config, const Rndc& rndc) : config_(config), rndc_(rndc) {}

  std::vector<Finding> server() {
    check_address();
    check_rndc();
    check_directory(config_.keys, root_cure());
    read_configuration();
    return std::move(findings_);
  }

  std::vector<Finding> zone(const ZoneName& zone, const std::vector<std::uint16_t>& foreign) {
    check_loaded(zone);
    check_served(zone, foreign);
    check_configuration(zone);
    check_keys(zone);
    return std::move(findings_);
  }

 private:
  void ok(std::string what) { findings_.push_back({Level::ok, std::move(what), ""}); }
  void add(Level level, std::string what, std::string cure) {
    findings_.push_back({level, std::move(what), std::move(cure)});
  }

  void check_address() {
    const auto deadline = std::chrono::steady_clock::now() + config_.query_timeout;
    const std::string address = to_string(config_.server);
    if (const auto reached = dns::TcpStream::connect(config_.server, deadline); !reached) {
      return add(Level::error, reached.error().what,
                 fmt::format("in named.conf: listen-on port {} {{ {}; }};", config_.server.port,
                             config_.server.host));
    }
    ok(fmt::format("named answers at {}", address));
  }

  void check_rndc() {
    const auto status = rndc_.run("status", "");
    if (!status)
      return add(Level::error, status.error().what,
                 "rndc-confgen -a; then allow the key in named.conf: controls");
    ok("rndc works");
  }

  void check_directory(const std::filesystem::path& path, const std::string& cure) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
      return add(Level::error, fmt::format("key directory {} is not there", path.string()), cure);
    }
    if (access(path.c_str(), W_OK | X_OK) != 0) {
      return add(Level::error,
                 fmt::format("key directory {} is not writable for rollcalld", path.string()),
                 cure);
    }
    if ((found.st_mode & 07) != 0) {
      return add(Level::warning,
                 fmt::format("key directory {} is open to all users", path.string()),
                 fmt::format("chmod 2750 {}", path.string()));
    }
    if ((found.st_mode & 050) != 050) {
      return add(Level::warning,
                 fmt::format("key directory {} is closed to the group of named", path.string()),
                 fmt::format("chmod 2750 {}", path.string()));
    }
    ok(fmt::format("key directory {} has the right permissions", path.string()));
  }

  // -x leaves out secrets.
  std::optional<std::string> read_configuration() {
    if (config_.named_conf.empty()) return std::nullopt;
    const auto result = run_command(
        {config_.named_checkconf, "-p", "-x", config_.named_conf.string()}, config_.rndc_timeout);
    if (result && result->exit_status == 0) {
      ok(fmt::format("{} is valid", config_.named_conf.string()));
      return result->output;
    }
    const std::string why =
        result ? result->output.substr(0, result->output.find('\n')) : result.error().what;
    add(Level::error, fmt::format("{}: {}", config_.named_conf.string(), why),
        fmt::format("named-checkconf {}", config_.named_conf.string()));
    return std::nullopt;
  }

  void check_loaded(const ZoneName& zone) {
    const auto status = rndc_.run("zonestatus", zone);
    if (!status) return add(Level::error, status.error().what, zone_statement(zone));
    ok(fmt::format("named has loaded zone {}", zone));
    if (status->find("\nkey maintenance: automatic\n") == std::string::npos) {
      add(Level::error, fmt::format("named does not maintain the keys of zone {}", zone),
          zone_statement(zone));
    }
  }

  void check_served(const ZoneName& zone, const std::vector<std::uint16_t>& foreign) {
    const auto served = dns::transfer(config_.server, zone, config_.query_timeout);
    if (!served) return add(Level::error, served.error().what, "allow-transfer { localhost; };");
    ok(fmt::format("zone {} can be transferred: {} records", zone, served->size()));
    if (foreign.empty()) return;
    const auto view = dns::view_zone(*served, {}, std::chrono::system_clock::now());
    if (!view) return add(Level::error, view.error().what, "");
    for (const Bytes& dnskey : view->foreign_keys) add_foreign(zone, dnskey, foreign);
  }

  // named drops a key whose file says so, and keeps one whose file is gone. What dnssec-settime writes anew only its
  // user can read.
  void add_foreign(const ZoneName& zone, const Bytes& dnskey, const std::vector<std::uint16_t>& foreign) {
    const auto ds = dns::ds_of(zone, dnskey, dns::DigestType::sha256);
    if (!ds || std::find(foreign.begin(), foreign.end(), ds->key_tag) == foreign.end()) return;
    const std::string directory = key_directory(zone);
    const std::string name = to_string(dns::KeyFileName{zone, ds->algorithm, ds->key_tag});
    const bool has_file = std::filesystem::exists(std::filesystem::path(directory) / (name + ".key"));
    const std::string cure =
        has_file ? fmt::format("dnssec-settime -K {0} -I now -D now {1} && chmod 640 {0}/{1}.private && rndc loadkeys {2}",
                               directory, name, dns::zone_file_name(zone))
                 : "take that record out of the zone, as it was put in";
    add(Level::warning, fmt::format("{} has DNSKEY {}, which no member knows", zone, ds->key_tag),
        "if nobody else signs with it and the parent has no DS of it: " + cure);
  }

  void check_configuration(const ZoneName& zone) {
    if (config_.layout == KeyLayout::dyndb_ldap) return;  // named.conf does not have the zones
    const auto text = read_configuration();
    if (!text) return;
    if (!has_zone(*text, zone)) {
      return add(Level::error,
                 fmt::format("zone {} is not in {}", zone, config_.named_conf.string()),
                 zone_statement(zone));
    }
    check_option(*text, zone, "inline-signing", "yes");
    check_option(*text, zone, "auto-dnssec", "maintain");
    check_option(*text, zone, "key-directory", key_directory(zone));
    if (const auto policy = zone_option(*text, zone, "dnssec-policy");
        policy && *policy != "none") {
      add(Level::error,
          fmt::format("zone {} has dnssec-policy {}: named would make keys of its own", zone,
                      *policy),
          "dnssec-policy none;");
    }
  }

  void check_option(const std::string& text, const ZoneName& zone, std::string_view option,
                    const std::string& wanted) {
    const auto value = zone_option(text, zone, option);
    if (value == wanted) return ok(fmt::format("zone {} has {} {}", zone, option, wanted));
    const bool is_path = wanted.front() == '/';
    add(Level::error, fmt::format("zone {} has {} {}", zone, option, value.value_or("unset")),
        is_path ? fmt::format("{} \"{}\";", option, wanted)
                : fmt::format("{} {};", option, wanted));
  }

  void check_keys(const ZoneName& zone) {
    const KeyDirectory directory(config_.keys, zone, config_.layout);
    if (!std::filesystem::exists(directory.path())) return;  // Made with the first key.
    check_directory(directory.path(), fmt::format("chown rollcall:bind {0} && chmod 2750 {0}",
                                                  directory.path().string()));
    const auto foreign = directory.foreign_files();
    if (!foreign) return add(Level::error, foreign.error().what, "");
    if (foreign->empty()) return;
    add(Level::warning,
        fmt::format("{} has keys that are not of Rollcall: {}", directory.path().string(),
                    fmt::join(*foreign, ", ")),
        "move them away once the zone no longer serves them");
  }

  std::string key_directory(const ZoneName& zone) const {
    return std::filesystem::absolute(KeyDirectory(config_.keys, zone, config_.layout).path()).string();
  }

  std::string root_cure() const {
    if (config_.layout == KeyLayout::dyndb_ldap) return "usermod -a -G named rollcall";
    return fmt::format("install -d -o rollcall -g bind -m 2750 {}", config_.keys.string());
  }

  std::string zone_statement(const ZoneName& zone) const {
    if (config_.layout == KeyLayout::dyndb_ldap) return fmt::format("ipa dnszone-mod {} --dnssec=TRUE", zone);
    return fmt::format(
        "zone \"{}\" {{ type primary; file \"{}\"; inline-signing yes; auto-dnssec maintain; "
        "key-directory \"{}\"; }};",
        dns::zone_file_name(zone), "/var/lib/bind/" + dns::zone_file_name(zone),
        key_directory(zone));
  }

  const BindConfig& config_;
  const Rndc& rndc_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_bind(const BindConfig& config, const Rndc& rndc, const ZoneName& zone,
                                const std::vector<std::uint16_t>& foreign) {
  Check check(config, rndc);
  return zone.empty() ? check.server() : check.zone(zone, foreign);
}

}  // namespace rollcall::signer
