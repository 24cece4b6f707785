// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config.h"

#include <catch2/catch.hpp>

using namespace rollcall;
using namespace rollcall::daemon;
using namespace std::chrono_literals;

namespace {

Config parse(const std::string& text) {
  return parse_config(text, "rollcalld.toml", "a.example.com");
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string everything = R"(
[agent]
socket = "/tmp/lab/a/rollcall.sock"
state = "/tmp/lab/a/state"
host = "A.Example.Com."
log_level = "debug"
start_limit = "90s"
serve = "manual"
heartbeat_idle = 2
heartbeat_debounce = "50ms"
silence = "6s"
step_stagger = "100ms"
patience = "3s"
look_interval = "1m"
parent_poll = "1s"
clock_tolerance = "1h"
rrsig_alarm = "2d"

[directory]
uris = ["ldap://a.example.com:3389", "ldaps://b.example.com"]
base = "cn=rollcall,dc=example"
authentication = "password"
bind_dn = "cn=agent,dc=example"
password_file = "/etc/rollcall/password"
ca = "/etc/rollcall/ca.pem"

[signer]
kind = "bind"
server = "127.0.0.1@5300"
key_directory = "/tmp/lab/a/keys"
rndc = ["/usr/sbin/rndc", "-c", "/tmp/lab/a/rndc.conf"]
named_conf = "/tmp/lab/a/named.conf"
named_checkconf = "/usr/bin/named-checkconf"
query_timeout = "2s"
rndc_timeout = "4s"

[[parent]]
zone = "test"
addresses = ["127.0.0.1@5310", "::1"]

[[parent]]
zone = "."
addresses = ["198.41.0.4"]
)";

}  // namespace

TEST_CASE("an empty file is a configuration: everything has a default", "[config]") {
  const Config config = parse("");
  CHECK(config.host == "a.example.com");
  CHECK(config.socket == "/run/rollcall/rollcall.sock");
  CHECK(config.state == "/var/lib/rollcall");
  CHECK(config.settings.heartbeat_idle == 300s);
  CHECK(config.settings.heartbeat_debounce == 200ms);
  CHECK(config.settings.serve_automatically);
  CHECK(config.settings.serves_dns);
  CHECK(config.directory.base == "cn=rollcall");
  REQUIRE(config.signer);
  CHECK(config.signer->keys == "/var/lib/bind/rollcall");
  CHECK(config.parents.empty());
}

TEST_CASE("every option is taken", "[config]") {
  const Config config = parse(everything);
  CHECK(config.socket == "/tmp/lab/a/rollcall.sock");
  CHECK(config.state == "/tmp/lab/a/state");
  CHECK(config.host == "a.example.com");
  CHECK(config.log_level == "debug");
  CHECK_FALSE(config.settings.serve_automatically);
  CHECK(config.settings.heartbeat_idle == 2s);
  CHECK(config.settings.heartbeat_debounce == 50ms);
  CHECK(config.settings.silence == 6s);
  CHECK(config.settings.step_stagger == 100ms);
  CHECK(config.settings.patience == 3s);
  CHECK(config.settings.look_interval == 60s);
  CHECK(config.settings.parent_poll == 1s);
  CHECK(config.settings.clock_tolerance == 1h);
  CHECK(config.settings.rrsig_alarm == 48h);
  CHECK(config.start_limit == 90s);
  CHECK(config.directory.uris.size() == 2);
  CHECK(config.directory.base == "cn=rollcall,dc=example");
  CHECK(std::get<directory::PasswordAuth>(config.directory.auth).dn == "cn=agent,dc=example");
  CHECK(std::get<directory::PasswordAuth>(config.directory.auth).file == "/etc/rollcall/password");
  CHECK(config.directory.ca_file == "/etc/rollcall/ca.pem");
  CHECK(config.signer->server == dns::Address{"127.0.0.1", 5300});
  CHECK(config.signer->rndc.size() == 3);
  CHECK(config.signer->query_timeout == 2s);
  CHECK(config.signer->rndc_timeout == 4s);
  REQUIRE(config.parents.size() == 2);
  CHECK(config.parents[0].zone == "test.");
  CHECK(config.parents[0].addresses == std::vector<dns::Address>{{"127.0.0.1", 5310}, {"::1", 53}});
}

TEST_CASE("the switches of IPA are followed where the base stands in its tree", "[config]") {
  const std::string base = "[directory]\nbase = \"cn=rollcall,cn=dns,dc=example,dc=com\"\n";
  CHECK_FALSE(parse(base).ipa_interval);
  CHECK(parse(base + "[ipa]\nfollow = true\n").ipa_interval == 10s);
  const Config config = parse(base + "[ipa]\nfollow = true\ninterval = \"2s\"\n");
  CHECK(config.ipa_interval == 2s);
  CHECK(parse(print_config(config)).ipa_interval == 2s);
  CHECK(refusal("[ipa]\nfollow = true\n").find("cn=rollcall,cn=dns,SUFFIX") != std::string::npos);
  CHECK(refusal(base + "[ipa]\nfollow = \"yes\"\n").find("must be true or false") != std::string::npos);
}

TEST_CASE("where health finds the other replicas is told by host", "[config]") {
  CHECK(parse("").replicas.empty());
  const std::string ca =
      "[directory]\nca = \"/etc/ca.pem\"\nauthentication = \"password\"\nbind_dn = \"uid=a\"\n"
      "password_file = \"/etc/password\"\n";
  const Config config =
      parse(ca + "replicas = [\"B.Test.=ldaps://b.test:3636\", \"c.test=ldapi://%2Fc%2Fldapi\"]\n");
  using Replicas = std::vector<std::pair<std::string, std::string>>;
  CHECK(config.replicas == Replicas{{"b.test", "ldaps://b.test:3636"}, {"c.test", "ldapi://%2Fc%2Fldapi"}});
  CHECK(parse(print_config(config)).replicas == config.replicas);
  const auto refused = [&](const std::string& value) {
    return refusal(ca + "replicas = [\"" + value + "\"]\n");
  };
  CHECK(refused("ldaps://b.test") ==
        "rollcalld.toml:6: directory.replicas must be a list of HOST=…: '=' or what follows it is missing in "
        "\"ldaps://b.test\"");
  CHECK(refused("b.test=").find("'=' or what follows it") != std::string::npos);
  CHECK(refused("=ldaps://b.test").find("directory.replicas must") != std::string::npos);
  CHECK(refused("b_test=ldaps://b.test").find("must be a host name") != std::string::npos);
  CHECK(refused("b.test=http://b.test").find("[directory]: replicas: ") != std::string::npos);
  CHECK(refusal("[directory]\nreplicas = \"b.test=ldaps://b.test\"\n").find("must be a list") != std::string::npos);
}

TEST_CASE("where health asks a CA is told by host, address and port", "[config]") {
  CHECK(parse("").web_servers.empty());
  const Config config = parse("[ipa]\nweb_servers = [\"A.Test=192.0.2.1@8080\", \"b.test=2001:db8::1@80\"]\n");
  REQUIRE(config.web_servers.size() == 2);
  CHECK(config.web_servers[0].host == "a.test");
  CHECK(config.web_servers[0].address == "192.0.2.1");
  CHECK(config.web_servers[0].port == 8080);
  CHECK(config.web_servers[1].address == "2001:db8::1");
  CHECK(print_config(parse(print_config(config))) == print_config(config));
  CHECK(refusal("[ipa]\nweb_servers = [\"a.test=192.0.2.1\"]\n").find("must have a port") != std::string::npos);
  CHECK(refusal("[ipa]\nweb_servers = [\"a.test=b.test@80\"]\n").find("rollcalld.toml:2: ipa.web_servers ") == 0);
}

TEST_CASE("key files go where named looks for them", "[config]") {
  using signer::KeyLayout;
  CHECK(parse("").signer->layout == KeyLayout::zone);
  const Config config = parse("[signer]\nkey_layout = \"dyndb-ldap\"\n");
  CHECK(config.signer->layout == KeyLayout::dyndb_ldap);
  CHECK(parse(print_config(config)).signer->layout == KeyLayout::dyndb_ldap);
  CHECK(refusal("[signer]\nkey_layout = \"ipa\"\n").find("dyndb-ldap") != std::string::npos);
}

TEST_CASE("what is printed reads back to the same", "[config]") {
  for (const std::string& text :
       {std::string{}, everything, std::string{"[signer]\nkind = \"none\"\n"}}) {
    const std::string printed = print_config(parse(text));
    CHECK(print_config(parse(printed)) == printed);
  }
  const std::string printed = print_config(parse(everything));
  CHECK(printed.find("heartbeat_debounce = \"50ms\"") != std::string::npos);
  CHECK(printed.find("rrsig_alarm = \"2d\"") != std::string::npos);
  CHECK(printed.find("uris = [\"ldap://a.example.com:3389\", \"ldaps://b.example.com\"]") !=
        std::string::npos);
  CHECK_FALSE(parse(print_config(parse("[signer]\nkind = \"none\"\n"))).signer);
}

TEST_CASE("a mistake is told with file, line and what is allowed", "[config]") {
  CHECK(
      refusal("[agent]\n\nheartbeat = 3\n")
          .find("rollcalld.toml:3: unknown key 'heartbeat' in [agent]; allowed: socket, state,") ==
      0);
  CHECK(refusal("[agents]\n") ==
        "rollcalld.toml:1: unknown section 'agents'; allowed: agent, directory, ipa, signer, parent");
  CHECK(refusal("[agent]\nlog_level = \"loud\"\n") ==
        "rollcalld.toml:2: agent.log_level must be one of \"debug\", \"info\", \"notice\", "
        "\"warning\", \"error\"");
  CHECK(refusal("[agent]\nsocket = 3\n") ==
        "rollcalld.toml:2: agent.socket must be an absolute path in quotes");
  CHECK(refusal("[agent]\nsocket = \"relative\"\n") ==
        "rollcalld.toml:2: agent.socket must be an absolute path in quotes");
  CHECK(refusal("[signer]\nrndc = []\n") ==
        "rollcalld.toml:2: signer.rndc must be a list of at least one text in quotes");
  CHECK(refusal("[agent]\nhost = \"$(id)\"\n")
            .find("rollcalld.toml:2: agent.host must be a host name") == 0);
  CHECK(refusal("agent = 3\n") == "rollcalld.toml:1: agent must be a section: [agent]");
  CHECK(refusal("[parent]\nzone = \"test\"\n") ==
        "rollcalld.toml:1: parent must be a list of sections: [[parent]]");
  CHECK(refusal("[[parent]]\nzone = \"test\"\n") == "rollcalld.toml:1: [[parent]] needs addresses");
  CHECK(refusal("[[parent]]\nzone = \"../x\"\naddresses = [\"::1\"]\n")
            .find("rollcalld.toml:2: parent.zone ") == 0);
  CHECK(refusal("[[parent]]\nzone = \"test\"\naddresses = [\"ns.example.com\"]\n")
            .find("rollcalld.toml:3: parent.addresses ") == 0);
}

TEST_CASE("bad TOML is told with its line", "[config]") {
  CHECK(refusal("[agent]\nhost = \"a\nstate = 3\n").find("rollcalld.toml:2: ") == 0);
  CHECK(refusal("[agent]\nhost = \"a\"\nhost = \"b\"\n").find("rollcalld.toml:3: ") == 0);
}

TEST_CASE("durations have units, bounds and no fractions that get lost", "[config]") {
  const auto idle = [](const std::string& value) {
    return refusal("[agent]\nheartbeat_idle = " + value + "\n");
  };
  CHECK(idle("1") == "accepted");
  CHECK(idle("0") == "rollcalld.toml:2: agent.heartbeat_idle must be from \"1s\" to \"1d\"");
  CHECK(idle("\"24h\"") == "accepted");
  CHECK(idle("86401") == "rollcalld.toml:2: agent.heartbeat_idle must be from \"1s\" to \"1d\"");
  CHECK(idle("\"1500ms\"") == "rollcalld.toml:2: agent.heartbeat_idle must be whole seconds");
  CHECK(idle("\"2000ms\"") == "accepted");
  CHECK(idle("-1") == "rollcalld.toml:2: agent.heartbeat_idle must not be negative");
  CHECK(idle("9223372036854775807") ==
        "rollcalld.toml:2: agent.heartbeat_idle must not be longer than 100 years");
  for (const char* wrong : {"\"\"", "\"5\"", "\"m\"", "\"5 m\"", "\"5y\"", "1.5", "true",
                            "\"99999999999999999999s\""}) {
    CHECK(idle(wrong).find("rollcalld.toml:2: agent.heartbeat_idle must be a duration: ") == 0);
  }
}

TEST_CASE("options that belong together must come together", "[config]") {
  CHECK(refusal("[directory]\nauthentication = \"password\"\nbind_dn = \"cn=a\"\n") ==
        "rollcalld.toml: [directory]: password_file is missing; authentication is \"password\"");
  CHECK(refusal("[directory]\nbind_dn = \"cn=a\"\n") ==
        "rollcalld.toml: [directory]: bind_dn is given, but authentication is \"external\"");
  CHECK(refusal("[directory]\nauthentication = \"certificate\"\n") ==
        "rollcalld.toml: [directory]: certificate is missing; authentication is \"certificate\"");
  CHECK(refusal("[directory]\nauthentication = \"gssapi\"\n") ==
        "rollcalld.toml: [directory]: keytab is missing; authentication is \"gssapi\"");
  CHECK(refusal("[directory]\nuris = [\"http://a\"]\n").find("rollcalld.toml: [directory]: ") == 0);
}

TEST_CASE("a socket path may have 107 bytes", "[config]") {
  const auto with_length = [](std::size_t length) {
    return refusal("[agent]\nsocket = \"/" + std::string(length - 1, 's') + "\"\n");
  };
  CHECK(with_length(107) == "accepted");
  CHECK(with_length(108) == "rollcalld.toml: [agent]: socket is longer than 107 bytes");
}

TEST_CASE("a file that cannot be read is an error with its name", "[config]") {
  CHECK_THROWS_WITH(load_config("/nonexistent/rollcalld.toml"),
                    "/nonexistent/rollcalld.toml: No such file or directory");
}
