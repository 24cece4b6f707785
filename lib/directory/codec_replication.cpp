// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_replication.h"

#include <algorithm>
#include <charconv>

namespace rollcall::directory {
namespace {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// --- the vectors

// `ldap://a.example.com:389}`
std::string host_in(std::string_view url) {
  const auto begin = url.find("://");
  if (begin == std::string_view::npos) return "";
  url.remove_prefix(begin + 3);
  return std::string{url.substr(0, url.find_first_of(":/}"))};
}

// The first eight digits of a CSN of 389-ds are seconds since 1970.
std::optional<Time> time_in(const std::string& csn) {
  std::uint32_t seconds = 0;
  const char* end = csn.data() + std::min<std::size_t>(csn.size(), 8);
  const auto read = std::from_chars(csn.data(), end, seconds, 16);
  if (csn.size() != 20 || read.ptr != end) return std::nullopt;
  return Time{Seconds{seconds}};
}

// `{replica 4 ldap://HOST:389} 5f0… 5f1…`: the first and the last change; none where nothing was
// changed.
void take_ruv(const std::string& text, ReplicationState& state) {
  const auto words = parts_of(text, ' ');
  if (words.size() != 5 || words[0] != "{replica") return;
  const auto at = time_in(words[4]);
  if (!at) return;
  state.attribute = "nsds50ruv";
  state.changes[words[1]] = {words[4], *at, host_in(words[2])};
}

// `20260601080000.123456Z#000000#001#000000`; the third part is the number of the server.
void take_context_csn(const std::string& text, ReplicationState& state) {
  const auto parts = parts_of(text, '#');
  const auto at = from_generalized_time(text.substr(0, 14) + 'Z');
  if (parts.size() != 4 || !at) return;
  state.attribute = "contextCSN";
  state.changes[parts[2]] = {text, *at, ""};
}

// --- agreements

/// The number in `Error (N) …`; before 389-ds 1.3.6 it stood first.
std::optional<int> code_in(const std::string& status) {
  const auto bracket = status.find('(');
  const auto begin = status.starts_with("Error (") ? bracket + 1 : 0;
  int code = 0;
  const auto read = std::from_chars(status.data() + begin, status.data() + status.size(), code);
  return read.ec == std::errc{} ? std::optional{code} : std::nullopt;
}

std::string problem_of(const Entry& agreement) {
  constexpr int well = 0, busy = 1;  // busy with another supplier: it is tried again
  if (text_of(agreement, "nsds5replicaenabled") == "off") return "it is switched off";
  const std::string status = text_of(agreement, "nsds5replicalastupdatestatus");
  const auto code = code_in(status);
  return !code || *code == well || *code == busy ? "" : status;
}

void take(const Entry& entry, ReplicationState& state) {
  for (const std::string& csn : texts_of(entry, "contextcsn")) take_context_csn(csn, state);
  if (has_text(entry, "objectclass", "nsds5replica")) {
    state.tells_agreements = true;  // whoever may see the one may see the other
    for (const std::string& element : texts_of(entry, "nsds50ruv")) take_ruv(element, state);
  }
  const bool windows = has_text(entry, "objectclass", "nsdswindowsreplicationagreement");
  if (!windows && !has_text(entry, "objectclass", "nsds5replicationagreement")) return;
  state.agreements.push_back(
      {text_of(entry, "cn"), text_of(entry, "nsds5replicahost"), windows, problem_of(entry)});
}

}  // namespace

std::vector<Search> replication_searches(const std::string& base) {
  return {{"cn=mapping tree,cn=config",
           "(|(objectClass=nsds5Replica)(objectClass=nsds5replicationagreement)"
           "(objectClass=nsDSWindowsReplicationAgreement))",
           {"cn", "objectClass", "nsds50ruv", "nsds5replicaHost", "nsds5replicaEnabled",
            "nsds5replicaLastUpdateStatus"}},
          {base, "(contextCSN=*)", {"contextCSN"}}};
}

ReplicationState read_replication(const std::vector<Entry>& found) {
  ReplicationState state;
  for (const Entry& entry : found) take(entry, state);
  std::ranges::sort(state.agreements, {}, &Agreement::name);
  return state;
}

}  // namespace rollcall::directory
