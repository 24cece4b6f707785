// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_values.h"

#include <algorithm>
#include <charconv>

namespace rollcall::directory {
namespace {

template <class Number>
std::string print_number(const Number& number) {
  return std::to_string(number);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

template <class Number>
constexpr Form<Number> number_form(const char* words) {
  return {words, print_number<Number>, parse_number<Number>};
}

// The text before the next space, which both are taken off `text`; all of it if there is no space.
std::string_view take_word(std::string_view& text) {
  const auto space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

template <class Array>
std::optional<Array> array_from_hex(std::string_view digits) {
  const auto bytes = from_hex(digits);
  Array array{};
  if (!bytes || bytes->size() != array.size()) return std::nullopt;
  std::ranges::copy(*bytes, array.begin());
  return array;
}

// -- text --

// How many bytes the UTF-8 character at the front takes (RFC 3629, 4), and 0 if there is none.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) > 0x9f;
  const bool too_large = lead == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || too_large ? 0 : size;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string clean_text(const std::string& raw) {
  std::string clean;
  for (std::string_view rest = raw; !rest.empty();) {
    const std::size_t size = character_size(rest);
    const bool printable = size > 0 && !is_control(rest[0]);
    const std::string_view next = printable ? rest.substr(0, size) : "?";
    if (clean.size() + next.size() > max_text_bytes) break;
    clean += next;
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return clean;
}

// -- zones --

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length in characters of one byte of a label in presentation form; 0 if it is none.
// RFC 1035, 5.1: \DDD is the byte with that number, \X is X itself.
std::size_t label_byte_size(std::string_view name) {
  const char c = name[0];
  if (c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z') || c == '.') return 0;
  if (c != '\\') return 1;
  if (name.size() < 2 || name[1] <= ' ' || name[1] > '~') return 0;
  if (!is_digit(name[1])) return 2;
  if (name.size() < 4 || !is_digit(name[2]) || !is_digit(name[3])) return 0;
  return name.substr(1, 3) <= "255" ? 4 : 0;
}

bool is_zone_name(std::string_view name) {
  if (name == ".") return true;
  std::size_t wire = 1;  // the root label
  std::size_t label = 0;
  while (!name.empty()) {
    std::size_t size = label_byte_size(name);
    const bool ends_label = size == 0 && name[0] == '.' && label > 0;
    if (size == 0 && !ends_label) return false;
    ++wire;
    label = ends_label ? 0 : label + 1;
    if (label > 63 || wire > 255) return false;
    name.remove_prefix(ends_label ? 1 : size);
  }
  return label == 0 && wire > 1;
}

std::optional<ZoneName> parse_zone_name(std::string_view name) {
  if (!is_zone_name(name)) return std::nullopt;
  return ZoneName{name};
}

// -- members --

std::string print_incarnation(const Incarnation& incarnation) {
  return to_string(incarnation.member) + '.' + std::to_string(incarnation.number);
}

std::optional<Incarnation> parse_incarnation(std::string_view text) {
  const auto dot = std::min(text.find('.'), text.size());
  const auto member = uuid_from(text.substr(0, dot));
  const auto number = parse_number<std::uint32_t>(text.substr(std::min(dot + 1, text.size())));
  if (!member || !number || *number == 0) return std::nullopt;
  return Incarnation{*member, *number};
}

std::optional<FactId> parse_fact_id(std::string_view text) {
  const auto id = fact_id_from(text);
  if (!id || id->author.number == 0 || id->seq == 0) return std::nullopt;
  return id;
}

std::string print_member_list(const std::vector<MemberId>& members) {
  std::string text;
  for (const MemberId& member : members) text += (text.empty() ? "" : " ") + to_string(member);
  return text;
}

std::optional<std::vector<MemberId>> parse_member_list(std::string_view text) {
  std::vector<MemberId> members;
  while (!text.empty()) {
    const auto member = uuid_from(take_word(text));
    if (!member) return std::nullopt;
    members.push_back(*member);
  }
  return members;
}

std::string print_member_keys(const MemberKeys& keys) {
  return print_incarnation({keys.member, keys.incarnation}) + ' ' + to_hex(keys.signing) + ' ' +
         to_hex(keys.sealing) + ' ' + clean_text(keys.host);
}

std::optional<MemberKeys> parse_member_keys(std::string_view text) {
  const auto who = parse_incarnation(take_word(text));
  const auto signing = array_from_hex<Digest>(take_word(text));
  const auto sealing = array_from_hex<Digest>(take_word(text));
  if (!who || !signing || !sealing) return std::nullopt;
  return MemberKeys{who->member, who->number, std::string{text}, *signing, *sealing};
}

// -- heartbeats --

std::string print_vector_entry(const VectorEntry& entry) {
  return print_incarnation(entry.author) + ' ' + std::to_string(entry.seq) + ' ' +
         to_hex(entry.digest);
}

std::optional<VectorEntry> parse_vector_entry(std::string_view text) {
  const auto author = parse_incarnation(take_word(text));
  const auto seq = parse_number<std::uint64_t>(take_word(text));
  const auto digest = array_from_hex<Digest>(text);
  if (!author || !seq || !digest) return std::nullopt;
  return VectorEntry{*author, *seq, *digest};
}

std::string print_behind_item(const BehindItem& item) {
  return item.zone.name + ' ' + std::to_string(item.zone.incarnation) + ' ' +
         (item.fact ? to_string(*item.fact) : "*");
}

std::optional<BehindItem> parse_behind_item(std::string_view text) {
  const auto zone = parse_zone_name(take_word(text));
  const auto incarnation = parse_number<std::uint32_t>(take_word(text));
  const auto fact = parse_fact_id(text);
  if (!zone || !incarnation || (!fact && text != "*")) return std::nullopt;
  return BehindItem{{*zone, *incarnation}, fact};
}

// -- the rest --

std::optional<Seconds> parse_seconds(std::string_view text) {
  const auto number = parse_number<std::int64_t>(text);
  if (!number || *number < 0) return std::nullopt;
  return Seconds{*number};
}

std::optional<Algorithm> parse_algorithm(std::string_view text) {
  const auto number = parse_number<std::uint8_t>(text);
  return number ? algorithm_from(*number) : std::nullopt;
}

std::optional<KeyRecord> parse_key_record(std::string_view text) {
  const auto key = array_from_hex<Digest>(take_word(text));
  const auto record = record_from(text);
  if (!key || !record) return std::nullopt;
  return KeyRecord{*key, *record};
}

std::optional<bool> parse_truth(std::string_view text) {
  if (text != "TRUE" && text != "FALSE") return std::nullopt;
  return text == "TRUE";
}

std::optional<Mode> parse_mode(std::string_view text) {
  if (text != "random" && text != "appointed") return std::nullopt;
  return text == "random" ? Mode::random : Mode::appointed;
}

std::optional<SwapAbility> parse_swap_ability(std::string_view text) {
  if (text != "exact" && text != "together") return std::nullopt;
  return text == "exact" ? SwapAbility::exact : SwapAbility::together;
}

}  // namespace

namespace form {

const Form<std::uint16_t> number16 = number_form<std::uint16_t>("a number from 0 to 65535");
const Form<std::uint32_t> number32 = number_form<std::uint32_t>("a number of 32 bits");
const Form<std::uint64_t> number64 = number_form<std::uint64_t>("a number of 64 bits");

const Form<bool> truth{"TRUE or FALSE", [](const bool& b) { return std::string{b ? "TRUE" : "FALSE"}; },
                       parse_truth};

const Form<Seconds> seconds{
    "a number of seconds", [](const Seconds& s) { return std::to_string(s.count()); }, parse_seconds};

const Form<Time> created{"a time like 20260601080000.000000000Z",
                         [](const Time& time) { return to_created(time); }, from_created};

const Form<Time> whole_seconds{"a time like 20260601080000Z",
                               [](const Time& time) { return to_generalized_time(time); },
                               from_generalized_time};

const Form<std::string> text{"text of 1 to 1024 bytes without control characters", clean_text,
                             [](std::string_view raw) { return std::optional<std::string>{raw}; }};

const Form<Uuid> uuid{"a UUID in lower case", to_string, uuid_from};

const Form<Digest> digest{"64 hexadecimal digits in lower case",
                          [](const Digest& bytes) { return to_hex(bytes); }, array_from_hex<Digest>};

const Form<FactId> fact_id{"the number of a fact", to_string, parse_fact_id};

const Form<Incarnation> incarnation{"a member and its incarnation", print_incarnation,
                                    parse_incarnation};

const Form<std::vector<MemberId>> member_list{"UUIDs separated by spaces", print_member_list,
                                              parse_member_list};

const Form<MemberKeys> member_keys{"a member with its keys and its host", print_member_keys,
                                   parse_member_keys};

const Form<ZoneName> zone_name{"a zone name in lower case with a final dot",
                               [](const ZoneName& name) { return name; }, parse_zone_name};

const Form<Role> role{"KSK, ZSK or CSK", [](const Role& r) { return std::string{to_string(r)}; }, role_from};

const Form<Algorithm> algorithm{
    "the number of an algorithm that Rollcall makes keys for",
    [](const Algorithm& a) { return std::to_string(static_cast<unsigned>(a)); }, parse_algorithm};

const Form<KeyRecord> key_record{
    "a fingerprint and DNSKEY, KRRSIG, ZRRSIG, DS or REVOKED",
    [](const KeyRecord& r) { return to_hex(r.key) + ' ' + std::string{to_string(r.record)}; },
    parse_key_record};

const Form<Mode> mode{
    "random or appointed",
    [](const Mode& m) { return std::string{m == Mode::random ? "random" : "appointed"}; }, parse_mode};

const Form<Scheme> scheme{"ksk+zsk or csk", [](const Scheme& s) { return std::string{to_string(s)}; },
                          scheme_from};

const Form<ZskRollover> zsk_rollover{"pre-publication or double-signature",
                                     [](const ZskRollover& r) { return std::string{to_string(r)}; },
                                     zsk_rollover_from};

const Form<KskRollover> ksk_rollover{"double-ksk, double-ds or double-rrset",
                                     [](const KskRollover& r) { return std::string{to_string(r)}; },
                                     ksk_rollover_from};

const Form<AlgorithmRollover> algorithm_rollover{
    "conservative or liberal", [](const AlgorithmRollover& r) { return std::string{to_string(r)}; },
    algorithm_rollover_from};

const Form<SwapAbility> swap_ability{
    "exact or together",
    [](const SwapAbility& s) { return std::string{s == SwapAbility::exact ? "exact" : "together"}; },
    parse_swap_ability};

const Form<VectorEntry> vector_entry{"an author, a number and a digest", print_vector_entry,
                                     parse_vector_entry};

const Form<BehindItem> behind_item{"a zone and the number of a fact or *", print_behind_item,
                                   parse_behind_item};

}  // namespace form
}  // namespace rollcall::directory
