// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config_options.h"

#include <algorithm>
#include <type_traits>

namespace rollcall::daemon {
namespace {

using namespace std::chrono_literals;

// Get: a function from Draft (const or not) to the field.
template <class Get, class Read>
Option field(std::string_view section, std::string_view name, std::string_view meaning, Get get,
             Read read) {
  Option option{section, name, meaning, {}, {}};
  option.read = [get, read](Draft& draft, const toml::node& node) -> Result<> {
    auto value = read(node);
    if (!value) return tl::unexpected(value.error());
    get(draft) = std::move(*value);
    return {};
  };
  option.print = [get](const Draft& draft) { return print(get(draft)); };
  return option;
}

// A text that may be absent; then it is not printed either.
template <class Get, class Read>
Option optional_field(std::string_view section, std::string_view name, std::string_view meaning,
                      Get get, Read read) {
  Option option = field(section, name, meaning, get, read);
  option.print = [get](const Draft& draft) {
    return get(draft).empty() ? "" : print(std::string{get(draft)});
  };
  return option;
}

template <class Get>
Option path(std::string_view section, std::string_view name, std::string_view meaning, Get get) {
  Option option = field(section, name, meaning, get, read_path);
  option.print = [get](const Draft& draft) { return print(std::string{get(draft)}); };
  return option;
}

struct Range {
  Nanoseconds least, most;
};

// In the unit of the field: one that counts whole seconds takes no milliseconds.
template <class Get>
Option duration(std::string_view section, std::string_view name, std::string_view meaning, Get get,
                Range range) {
  using Field = std::decay_t<decltype(get(std::declval<Draft&>()))>;
  return field(section, name, meaning, get, [range](const toml::node& node) -> Result<Field> {
    const auto value = read_duration(node);
    if (!value) return tl::unexpected(value.error());
    const auto rounded = std::chrono::floor<Field>(*value);
    if (rounded != *value) return fail(Errc::malformed, "must be whole seconds");
    if (*value < range.least || *value > range.most) {
      return fail(Errc::malformed,
                  "must be from " + print(range.least) + " to " + print(range.most));
    }
    return rounded;
  });
}

auto one_of(std::vector<std::string> allowed) {
  return [allowed = std::move(allowed)](const toml::node& node) -> Result<std::string> {
    const auto text = node.value_exact<std::string>();
    if (text && std::ranges::find(allowed, *text) != allowed.end()) return *text;
    std::string list;
    for (const std::string& word : allowed) list += (list.empty() ? "" : ", ") + print(word);
    return fail(Errc::malformed, "must be one of " + list);
  };
}

Result<std::string> read_host(const toml::node& node) {
  auto text = read_text(node);
  if (!text) return text;
  std::ranges::transform(*text, text->begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (text->ends_with('.')) text->pop_back();
  const bool plain =
      text->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  if (!plain || text->empty())
    return fail(Errc::malformed, "must be a host name: letters, digits, '-' and '.'");
  return text;
}

// `HOST=VALUE`, each side as its own kind of thing.
Result<std::pair<std::string, std::string>> read_of_host(const std::string& text) {
  const auto middle = text.find('=');
  if (middle == std::string::npos || middle + 1 == text.size())
    return fail(Errc::malformed, "must be a list of HOST=…: '=' or what follows it is missing in " + print(text));
  const auto host = read_host(toml::value<std::string>{text.substr(0, middle)});
  if (!host) return tl::unexpected(host.error());
  return std::pair{*host, text.substr(middle + 1)};
}

// A list of what belongs to hosts. No value is printed of an empty one.
template <class T, class Get, class Read, class Print>
Option by_host(std::string_view section, std::string_view name, std::string_view meaning, Get get, Read read_one,
               Print print_one) {
  Option option{section, name, meaning, {}, {}};
  option.read = [get, read_one](Draft& draft, const toml::node& node) -> Result<> {
    const auto texts = read_texts(node);
    if (!texts) return tl::unexpected(texts.error());
    std::vector<T> all;
    for (const std::string& text : *texts) {
      const auto pair = read_of_host(text);
      if (!pair) return tl::unexpected(pair.error());
      auto one = read_one(pair->first, pair->second);
      if (!one) return tl::unexpected(one.error());
      all.push_back(std::move(*one));
    }
    get(draft) = std::move(all);
    return {};
  };
  option.print = [get, print_one](const Draft& draft) {
    std::vector<std::string> texts;
    for (const T& one : get(draft)) texts.push_back(print_one(one));
    return texts.empty() ? "" : print(texts);
  };
  return option;
}

#define FIELD(member) \
  [](auto& draft) -> auto& { return draft.member; }
#define SETTING(name) FIELD(config.settings.name)

// `c.example.org=ldaps://c.example.org`; the URI is looked at in finish(), beside the authentication.
Option replicas_option() {
  using Replica = std::pair<std::string, std::string>;
  return by_host<Replica>(
      "directory", "replicas",
      "The other servers that have this directory, for `rollcall health`, as HOST=URI. Default: ldap:// and the\n"
      "host of each other member, unless this agent is known by its user only.",
      FIELD(config.replicas),
      [](const std::string& host, const std::string& uri) -> Result<Replica> { return Replica{host, uri}; },
      [](const Replica& replica) { return replica.first + '=' + replica.second; });
}

// `a.example.com=192.0.2.1@8080`
Option web_servers_option() {
  return by_host<agent::WebServer>(
      "ipa", "web_servers",
      "Where `rollcall health` asks CAs by HTTP whether they generate the CRL, as HOST=address@port. Default: at\n"
      "port 80 of each host.",
      FIELD(config.web_servers),
      [](const std::string& host, const std::string& text) -> Result<agent::WebServer> {
        const auto address = dns::address_from(text);
        if (!address) return tl::unexpected(address.error());
        if (text.find('@') == std::string::npos) return fail(Errc::malformed, "must have a port: HOST=address@port");
        return agent::WebServer{host, address->host, address->port};
      },
      [](const agent::WebServer& server) {
        return server.host + '=' + to_string(dns::Address{server.address, server.port});
      });
}

Option serve_option() {
  const auto allowed = one_of({"auto", "manual"});
  Option option{"agent",
                "serve",
                "\"auto\": this machine's answers count for the cluster as soon as that is safe;\n"
                "\"manual\": only after `rollcall serve on`.",
                {},
                {}};
  option.read = [allowed](Draft& draft, const toml::node& node) -> Result<> {
    const auto word = allowed(node);
    if (!word) return tl::unexpected(word.error());
    draft.config.settings.serve_automatically = *word == "auto";
    return {};
  };
  option.print = [](const Draft& draft) {
    return print(std::string{draft.config.settings.serve_automatically ? "auto" : "manual"});
  };
  return option;
}

Option follow_option() {
  Option option{"ipa",
                "follow",
                "Whether the switch of each zone in IPA (idnsSecInlineSigning) is followed, and its servers are\n"
                "compared with the members. The base must be cn=rollcall,cn=dns,SUFFIX.",
                {},
                {}};
  option.read = [](Draft& draft, const toml::node& node) -> Result<> {
    const auto truth = node.value_exact<bool>();
    if (!truth) return fail(Errc::malformed, "must be true or false");
    draft.follows_ipa = *truth;
    return {};
  };
  option.print = [](const Draft& draft) { return std::string{draft.follows_ipa ? "true" : "false"}; };
  return option;
}

std::vector<Option> agent_options() {
  return {
      path("agent", "socket", "Where `rollcall` talks to this daemon. At most 107 bytes.",
           FIELD(config.socket)),
      path("agent", "state",
           "Directory of the local store and of this member's identity; mode 0700.",
           FIELD(config.state)),
      field("agent", "host", "The name by which the other members know this machine.",
            FIELD(config.host), read_host),
      field("agent", "log_level",
            "\"debug\", \"info\", \"notice\", \"warning\" or \"error\": this and what is worse.",
            FIELD(config.log_level), one_of({"debug", "info", "notice", "warning", "error"})),
      duration("agent", "start_limit",
               "How long this daemon waits for a complete look at the directory, and for a word of "
               "another\n"
               "member, before it says that it is ready. At boot named waits for that.",
               FIELD(config.start_limit), {0s, 1h}),
      serve_option(),
      duration("agent", "heartbeat_idle", "Between two heartbeats while nothing changes.",
               SETTING(heartbeat_idle), {1s, 24h}),
      duration("agent", "heartbeat_debounce",
               "How long changes are gathered before a heartbeat tells them.",
               SETTING(heartbeat_debounce), {0s, 1min}),
      duration("agent", "report_interval",
               "While things change, how often this member's report in the directory is renewed, "
               "which tools\nread.",
               FIELD(config.report_interval), {1s, 24h}),
      duration("agent", "silence", "A member whose heartbeat is older than this counts as silent.",
               SETTING(silence), {1s, 168h}),
      duration("agent", "step_stagger",
               "By how much each further member leaves the next step to those before it.",
               SETTING(step_stagger), {0s, 1h}),
      duration("agent", "patience",
               "How long a change may take on the own server before other zones go first.",
               SETTING(patience), {1s, 1h}),
      duration("agent", "look_interval",
               "Between two looks at the own server while nothing changes.", SETTING(look_interval),
               {1s, 24h}),
      duration("agent", "parent_poll", "Between two questions to the parent while a DS is awaited.",
               SETTING(parent_poll), {1s, 24h}),
      duration("agent", "clock_tolerance", "How far the clocks of two members may be apart.",
               SETTING(clock_tolerance), {1s, 24h}),
      duration("agent", "rrsig_alarm",
               "How long before the first signature of a zone expires there is an alarm.",
               SETTING(rrsig_alarm), {1s, 30 * 24h}),
  };
}

std::vector<Option> directory_options() {
  return {
      field("directory", "uris",
            "Tried in order: ldapi://%2Fpath%2Fof%2Fsocket, ldaps://HOST[:PORT], or "
            "ldap://HOST[:PORT], which\n"
            "always means StartTLS. Name the server of this machine first.",
            FIELD(config.directory.uris), read_texts),
      field("directory", "base", "DN of the entry below which everything of Rollcall stands.",
            FIELD(config.directory.base), read_text),
      field("directory", "authentication",
            "\"external\": as this process's user, over ldapi; \"password\": needs bind_dn and "
            "password_file;\n"
            "\"certificate\": needs certificate and key; \"gssapi\": Kerberos, needs keytab.",
            FIELD(authentication), one_of({"external", "password", "certificate", "gssapi"})),
      optional_field("directory", "bind_dn", "As whom to bind with a password.", FIELD(bind_dn),
                     read_text),
      optional_field("directory", "password_file", "File with that password, mode 0600.",
                     FIELD(password_file), read_path),
      optional_field("directory", "certificate", "PEM file with the certificate of this client.",
                     FIELD(certificate), read_path),
      optional_field("directory", "key", "PEM file with its private key, mode 0600.", FIELD(key),
                     read_path),
      optional_field("directory", "keytab", "File with the key of this agent's principal, mode 0600.",
                     FIELD(keytab), read_path),
      optional_field("directory", "ca",
                     "PEM file with the CA of the directory's servers; no other CA is trusted.",
                     FIELD(config.directory.ca_file), read_path),
      replicas_option(),
  };
}

std::vector<Option> signer_options() {
  return {
      field("signer", "kind",
            "\"bind\": named on this machine signs; \"none\": this member serves no DNS.",
            FIELD(signer_kind), one_of({"bind", "none"})),
      field("signer", "server",
            "Where named answers queries and zone transfers of this machine: address@port.",
            FIELD(bind.server), read_address),
      field("signer", "addresses",
            "Where resolvers reach it: address@port. Others ask there in `rollcall health`, and before this member may\n"
            "be forgotten.",
            SETTING(addresses), read_any_texts),
      path("signer", "key_directory",
           "Key files go to <key_directory>/<zone>/, which named must be able to read.",
           FIELD(bind.keys)),
      field("signer", "key_layout",
            "\"zone\": as key_directory says; \"dyndb-ldap\": named has its zones from bind-dyndb-ldap, so key\n"
            "files go to <key_directory>/<zone>/keys/, where IPA has key_directory\n"
            "/var/named/dyndb-ldap/ipa/master.",
            FIELD(key_layout), one_of({"zone", "dyndb-ldap"})),
      field("signer", "rndc",
            "The program and its options, as [\"rndc\", \"-c\", \"/etc/bind/rndc.conf\"].",
            FIELD(bind.rndc), read_texts),
      optional_field("signer", "named_conf", "For `rollcall check`.", FIELD(bind.named_conf),
                     read_path),
      field("signer", "named_checkconf", "The program that reads named_conf, for `rollcall check`.",
            FIELD(bind.named_checkconf), read_text),
      duration("signer", "query_timeout", "For one query or zone transfer.",
               FIELD(bind.query_timeout), {1s, 1h}),
      duration("signer", "rndc_timeout", "For one call of rndc.", FIELD(bind.rndc_timeout),
               {1s, 1h}),
  };
}

std::vector<Option> ipa_options() {
  return {
      follow_option(),
      duration("ipa", "interval", "Between two looks at its zones and servers.", FIELD(ipa_interval), {1s, 24h}),
      web_servers_option(),
  };
}

#undef SETTING
#undef FIELD

std::vector<Option> all_options() {
  std::vector<Option> all = agent_options();
  for (auto* more : {&directory_options, &ipa_options, &signer_options}) {
    for (Option& option : more()) all.push_back(std::move(option));
  }
  return all;
}

}  // namespace

const std::vector<Option>& options() {
  static const std::vector<Option> table = all_options();
  return table;
}

const std::vector<Section>& sections() {
  static const std::vector<Section> table{
      {"agent", "This machine."},
      {"directory", "The LDAP directory that all members share."},
      {"ipa", "The tree of FreeIPA in which the directory stands, if it does."},
      {"signer", "The DNS server of this machine."},
      {"parent",
       "The servers of a parent zone, asked for the DS of our zones. One [[parent]] for each "
       "parent zone;\n"
       "a zone without one needs `rollcall ds published` by hand."}};
  return table;
}

}  // namespace rollcall::daemon
