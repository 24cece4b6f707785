// SPDX-License-Identifier: GPL-3.0-or-later
// Agents that a directory knows by their certificates: what they may do there, and what they say when
// a certificate is wrong. The directory is an embedded one, since that has our schema and access
// rules, told to demand certificates of everybody who comes over the network.
#include "lib/directory/ldap_certificate.h"

#include <catch2/catch.hpp>

#include "lib/directory/codec.h"
#include "lib/directory/codec_config.h"
#include "lib/directory/embedded.h"
#include "tests/directory/codec_samples.h"
#include "tests/directory/ldap_bench.h"

namespace rollcall::test {
namespace {

using directory::ExternalAuth;
using namespace directory::samples;

ExternalAuth certificate(const std::string& name) {
  return {Certificates::get().file(name + ".pem"), Certificates::get().file(name + ".key")};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class CertifiedDirectory {
 public:
  /// scheme  "ldap" or "ldaps"
  explicit CertifiedDirectory(const std::string& scheme) : port_{std::to_string(free_port())}, scheme_{scheme} {
    const auto made = directory::create_directory(
        {place(), std::nullopt, "ldap://127.0.0.1:" + port_, "", ::geteuid(), ::getegid(), std::nullopt});
    require(made.has_value(), made ? "" : made.error().what);
    ldapi_ = made->settings.ldapi_uri;
    demand_certificates();
    auto command = directory::server_command(place());
    require(command.has_value(), "no command");
    command->back() = ldapi_ + " " + uri();
    process_.start(*command, dir_ / "log");
  }

  /// Who bears the certificate: `agent` is Alice by mapping, `bob` is whom an entry names.
  LdapOptions for_bearer(const ExternalAuth& auth) const {
    LdapOptions options = common();
    options.uris = {uri()};
    options.auth = auth;
    options.ca_file = place() + "/tls/ca.pem";
    return options;
  }

  LdapOptions for_administrator() const {
    LdapOptions options = common();
    options.uris = {ldapi_};
    options.auth = directory::PasswordAuth{"cn=replication,cn=rollcall", place() + "/replication-secret"};
    return options;
  }

  std::string uri() const { return scheme_ + "://127.0.0.1:" + port_; }
  const TempDir& dir() const { return dir_; }

 private:
  std::string place() const { return dir_ / "directory"; }

  static LdapOptions common() {
    LdapOptions options;
    options.base = base;
    options.recheck = std::chrono::milliseconds{50};
    return options;
  }

  void demand_certificates() const {
    write_file(dir_ / "change.ldif",
               "dn: cn=config\nchangetype: modify\nreplace: olcTLSVerifyClient\nolcTLSVerifyClient: demand\n-\n"
               "replace: olcTLSCACertificateFile\nolcTLSCACertificateFile: " + Certificates::get().file("ca.pem") +
               "\n-\nadd: olcAuthzRegexp\nolcAuthzRegexp: \"^cn=agent$\" \"" + directory::member_dn(base, alice) + "\"\n");
    shell("PATH=$PATH:/usr/sbin slapmodify -n0 -F " + place() + "/config -l " + (dir_ / "change.ldif"));
  }

  TempDir dir_;
  std::string port_, scheme_, ldapi_;
  SlapdProcess process_;
};

Entry member_entry(const MemberKeys& keys, const std::string& agent_dn = {}) {
  return {directory::member_dn(base, keys.member), attributes_of(directory::MemberEntry{keys, {}, agent_dn, {}})};
}

Entry fact_of(const MemberId& member) {
  const FactId number{{member, 1}, 1};
  return {directory::fact_dn(base, number),
          directory::signed_attributes(directory::attributes_of(number, t0, candidate()), filled<64>(0x5a))};
}

Result<> beat(Loop& loop, LdapDirectory& who, const MemberId& whose) {
  return modify(loop, who, directory::member_dn(base, whose), {{directory::heartbeat_attribute, {to_bytes("beat")}}});
}

// What went wrong; empty if nothing.
std::string fault(const Result<>& result) { return result ? "" : result.error().what; }

bool is_denied(const Result<>& result) { return !result && result.error().code == Errc::denied; }

}  // namespace

TEST_CASE("who bears a certificate writes its own entries and nobody else's", "[ldap]") {
  CertifiedDirectory server{GENERATE(as<std::string>{}, "ldap", "ldaps")};
  Loop loop;
  Client administrator{loop, server.for_administrator()};
  REQUIRE(loop.until([&] { return administrator.seen.current(); }));
  REQUIRE(fault(add(loop, *administrator.directory, member_entry(bob_keys, "cn=bob"))) == "");
  REQUIRE(fault(add(loop, *administrator.directory, directory::container_entry(base, bob))) == "");

  Client mapped{loop, server.for_bearer(certificate("agent"))};
  REQUIRE(loop.until([&] { return mapped.seen.current(); }));
  CHECK(outcome<std::string>(loop, [&](Done<std::string> done) { mapped.directory->who_am_i(std::move(done)); }) ==
        directory::member_dn(base, alice));
  CHECK(fault(add(loop, *mapped.directory, member_entry(alice_keys))) == "");  // it joins by itself
  CHECK(fault(add(loop, *mapped.directory, directory::container_entry(base, alice))) == "");
  CHECK(fault(add(loop, *mapped.directory, fact_of(alice))) == "");
  CHECK(fault(beat(loop, *mapped.directory, alice)) == "");
  CHECK(is_denied(add(loop, *mapped.directory, fact_of(bob))));
  CHECK(is_denied(beat(loop, *mapped.directory, bob)));

  Client named{loop, server.for_bearer(certificate("bob"))};
  REQUIRE(loop.until([&] { return named.seen.current(); }));
  CHECK(fault(add(loop, *named.directory, fact_of(bob))) == "");
  CHECK(fault(beat(loop, *named.directory, bob)) == "");
  CHECK(is_denied(beat(loop, *named.directory, alice)));
}

TEST_CASE("a certificate that the server does not take is named, and replaced while we run", "[ldap]") {
  CertifiedDirectory server{GENERATE(as<std::string>{}, "ldap", "ldaps")};
  const ExternalAuth files{server.dir() / "agent.pem", server.dir() / "agent.key"};
  const auto put = [&](const std::string& name) {
    const ExternalAuth source = certificate(name);
    std::filesystem::copy_file(source.certificate_file, files.certificate_file,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(source.key_file, files.key_file, std::filesystem::copy_options::overwrite_existing);
  };
  put("stranger");
  LdapOptions options = server.for_bearer(files);
  options.backoff_max = std::chrono::hours{1};  // only the change of a file can end such a pause
  Loop loop;
  Client client{loop, options};
  REQUIRE(loop.until([&] { return client.seen.said("does the server trust the CA of the client certificate"); }));
  CHECK(contains(client.seen.reasons.back(), server.uri()));
  CHECK(contains(client.seen.reasons.back(), files.certificate_file));
  CHECK(client.seen.deliveries == 0);
  REQUIRE(loop.until([&] { return client.seen.pause_seconds() >= 1800; }));
  put("agent");
  CHECK(loop.until([&] { return client.seen.current(); }));
}

TEST_CASE("a certificate that cannot be used is said so before any server is asked", "[ldap]") {
  const Certificates& made = Certificates::get();
  const TempDir dir;
  const auto complaint = [](const ExternalAuth& auth) {
    const auto checked = directory::check_certificate(auth);
    if (checked) return std::string{};
    CHECK(checked.error().code == Errc::denied);
    return checked.error().what;
  };
  CHECK(complaint(certificate("agent")).empty());
  CHECK(complaint(certificate("stranger")).empty());  // for the server to judge

  const std::string expired = "client certificate " + made.file("expired.pem") + ": it expired at ";
  CHECK(complaint(certificate("expired")).find(expired) == 0);
  CHECK(complaint({made.file("agent.pem"), made.file("bob.key")}) ==
        "client certificate " + made.file("agent.pem") + ": it does not belong to the key in " + made.file("bob.key"));
  CHECK(contains(complaint({dir / "absent.pem", made.file("agent.key")}), "No such file"));
  CHECK(contains(complaint({made.file("agent.key"), made.file("agent.key")}), "no certificate in PEM"));
  CHECK(contains(complaint({made.file("agent.pem"), dir / "absent.key"}), "client key " + (dir / "absent.key")));
  CHECK(contains(complaint({made.file("agent.pem"), made.file("agent.pem")}), "client key"));
  write_file(dir / "open.key", "x", 0640);
  CHECK(contains(complaint({made.file("agent.pem"), dir / "open.key"}), "chmod 600"));
  shell("openssl pkcs8 -topk8 -passout pass:secret -in " + made.file("agent.key") + " -out " + (dir / "locked.key") +
        " && chmod 600 " + (dir / "locked.key"));
  CHECK(contains(complaint({made.file("agent.pem"), dir / "locked.key"}), "without a passphrase"));
}

}  // namespace rollcall::test
