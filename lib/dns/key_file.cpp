// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/key_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "lib/dns/ds.h"
#include "lib/dns/names.h"
#include "lib/dns/records.h"

namespace rollcall::dns {
namespace {

struct TimeLine {
  std::string_view name;
  std::optional<Time> KeyTimes::*time;
};
constexpr std::array<TimeLine, 7> time_lines{{
    {"Created", &KeyTimes::created},
    {"Publish", &KeyTimes::publish},
    {"Activate", &KeyTimes::activate},
    {"Inactive", &KeyTimes::inactive},
    {"Delete", &KeyTimes::remove},
    {"SyncPublish", &KeyTimes::sync_publish},
    {"SyncDelete", &KeyTimes::sync_delete},
}};

// Times that dnssec-settime can put there and we never do; they go when we write the file.
constexpr std::array<std::string_view, 4> other_times{"Revoke", "DSPublish", "DSRemoved",
                                                      "DSDelete"};

// `YYYYMMDDhhmmss`, UTC.
std::string stamp(Time time) {
  std::string text = to_generalized_time(time);
  text.pop_back();
  return text;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view name_in(std::string_view line) { return line.substr(0, line.find(':')); }

std::string_view value_in(std::string_view line) {
  line.remove_prefix(std::min(name_in(line).size() + 1, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

const TimeLine* time_line(std::string_view line) {
  const auto found =
      std::find_if(time_lines.begin(), time_lines.end(),
                   [line](const TimeLine& known) { return known.name == name_in(line); });
  return found == time_lines.end() ? nullptr : &*found;
}

bool is_time(std::string_view line) {
  return time_line(line) != nullptr ||
         std::find(other_times.begin(), other_times.end(), name_in(line)) != other_times.end();
}

// A file that a crash of the machine cut short ends within a line, or has no key in it.
bool is_private_key(std::string_view text) {
  if (text.empty() || text.back() != '\n') return false;
  const std::string_view format = next_line(text);
  return format == "Private-key-format: v1.3" || format == "Private-key-format: v1.2";
}

tl::unexpected<Error> no_private_key() {
  return fail(Errc::malformed, "not a private key of format v1.3");
}

std::string lines_of(const KeyTimes& times) {
  std::string lines;
  for (const TimeLine& line : time_lines) {
    if (const auto& time = times.*line.time)
      lines += fmt::format("{}: {}\n", line.name, stamp(*time));
  }
  return lines;
}

std::string comments_of(const KeyTimes& times) {
  std::string lines;
  for (const TimeLine& line : time_lines) {
    if (const auto& time = times.*line.time) {
      lines += fmt::format("; {}: {} ({})\n", line.name, stamp(*time), to_iso(*time));
    }
  }
  return lines;
}

template <class Number>
std::optional<Number> number_from(std::string_view digits, std::size_t width) {
  Number number = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, number);
  if (digits.size() != width || error != std::errc{} || end != last) return std::nullopt;
  return number;
}

using KeyListPtr = std::unique_ptr<ldns_key_list, Release<ldns_key_list_free>>;

// The text goes to ldns through an unbuffered stream, so that stdio keeps no copy of it; OpenSSL
// wipes the key that comes of it. Null if the text is no key.
KeyListPtr signing_key(std::string_view text) {
  Secret copy = Secret::copy_of(as_bytes(text));  // fmemopen asks for a mutable pointer
  const std::unique_ptr<std::FILE, Release<std::fclose>> file(
      fmemopen(copy.data(), copy.size(), "r"));
  if (!file || std::setvbuf(file.get(), nullptr, _IONBF, 0) != 0) return nullptr;
  ldns_key* key = nullptr;
  if (ldns_key_new_frm_fp(&key, file.get()) != LDNS_STATUS_OK) return nullptr;
  KeyListPtr keys(ldns_key_list_new());
  ldns_key_list_push_key(keys.get(), key);  // which now owns it
  return keys;
}

// Signs the DNSKEY itself, as any record would do.
RrListPtr trial_signature(ldns_key_list* keys, ldns_rr* dnskey) {
  ldns_key* key = ldns_key_list_key(keys, 0);
  if (ldns_key_algorithm(key) != ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(dnskey)))
    return nullptr;
  ldns_key_set_pubkey_owner(key, ldns_rdf_clone(ldns_rr_owner(dnskey)));
  ldns_key_set_keytag(key, ldns_calc_keytag(dnskey));
  const RrRefsPtr data(ldns_rr_list_new());
  ldns_rr_list_push_rr(data.get(), dnskey);
  return RrListPtr(ldns_sign_public(data.get(), keys));
}

bool verifies(ldns_rr* dnskey, const ldns_rr_list* signatures) {
  if (signatures == nullptr || ldns_rr_list_rr_count(signatures) != 1) return false;
  const RrRefsPtr data(ldns_rr_list_new());
  ldns_rr_list_push_rr(data.get(), dnskey);
  return ldns_verify_rrsig(data.get(), ldns_rr_list_rr(signatures, 0), dnskey) == LDNS_STATUS_OK;
}

}  // namespace

std::string to_string(const KeyFileName& name) {
  return fmt::format("K{}+{:03}+{:05}", name.zone, name.algorithm, name.key_tag);
}

std::optional<KeyFileName> key_file_name_from(std::string_view text) {
  const std::size_t tag_at = text.rfind('+');
  if (tag_at == std::string_view::npos || text.front() != 'K') return std::nullopt;
  const std::size_t algorithm_at = text.substr(0, tag_at).rfind('+');
  if (algorithm_at == std::string_view::npos) return std::nullopt;
  const auto zone = canonical_zone(text.substr(1, algorithm_at - 1));
  const auto algorithm =
      number_from<std::uint8_t>(text.substr(algorithm_at + 1, tag_at - algorithm_at - 1), 3);
  const auto tag = number_from<std::uint16_t>(text.substr(tag_at + 1), 5);
  if (!zone || !algorithm || !tag) return std::nullopt;
  KeyFileName name{*zone, *algorithm, *tag};
  if (to_string(name) != text) return std::nullopt;
  return name;
}

Result<std::string> public_key_file(const ZoneName& zone, ByteView dnskey, Seconds ttl,
                                    const KeyTimes& times) {
  const auto tag = key_tag(dnskey);
  if (!tag) return tl::unexpected(tag.error());
  const bool signs_keys = (std::to_integer<unsigned>(dnskey[1]) & 1U) != 0;  // RFC 4034, 2.1.1: SEP
  const auto number = [dnskey](std::size_t at) { return std::to_integer<unsigned>(dnskey[at]); };
  return fmt::format(
      "{}\n; This is a {}-signing key, keyid {}, for {}\n{}{} {} IN DNSKEY {} {} {} {}\n",
      written_by_rollcall, signs_keys ? "key" : "zone", *tag, zone, comments_of(times), zone,
      ttl.count(), number(0) << 8 | number(1), number(2), number(3), to_base64(dnskey.subspan(4)));
}

Result<Secret> private_key_file(std::string_view key, const KeyTimes& times) {
  if (!is_private_key(key)) return no_private_key();
  // Times are known to format v1.3 only.
  constexpr std::string_view format = "Private-key-format: v1.3\n";
  next_line(key);
  const std::string lines = lines_of(times);
  Secret text(format.size() + key.size() + lines.size());
  std::byte* end = text.data();
  const auto append = [&end](std::string_view piece) {
    end = std::copy_n(as_bytes(piece).begin(), piece.size(), end);
  };
  append(format);
  while (!key.empty()) {
    const std::string_view line = next_line(key);
    if (is_time(line)) continue;
    append(line);
    append("\n");
  }
  append(lines);
  return text.first(static_cast<std::size_t>(end - text.data()));
}

Result<KeyTimes> times_of_private_key_file(std::string_view text) {
  if (!is_private_key(text)) return no_private_key();
  KeyTimes times;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    const TimeLine* known = time_line(line);
    if (known == nullptr) continue;
    const auto time = from_generalized_time(std::string(value_in(line)) + "Z");
    if (!time)
      return fail(Errc::malformed, fmt::format("{} in a private key is no time", known->name));
    times.*known->time = *time;
  }
  return times;
}

Result<> prove_private_key(std::string_view text, const ZoneName& zone, ByteView dnskey) {
  const RrPtr record = dnskey_rr(zone, dnskey, Seconds{3600});
  if (!record) return fail(Errc::malformed, fmt::format("{}: the bytes are no DNSKEY", zone));
  if (!is_private_key(text)) return no_private_key();
  const KeyListPtr keys = signing_key(text);
  if (!keys) return no_private_key();
  if (!verifies(record.get(), trial_signature(keys.get(), record.get()).get())) {
    return fail(Errc::malformed, fmt::format("{}: the private key does not belong to DNSKEY {}",
                                             zone, ldns_calc_keytag(record.get())));
  }
  return {};
}

}  // namespace rollcall::dns
