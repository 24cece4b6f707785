// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/history/line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rollcall::history {
namespace {

using Json = nlohmann::json;

// Inside this file a bad field is an exception; parse_line() makes it a value.
struct BadField {
  std::string what;
};

const Json& field(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end()) throw BadField{"field '" + name + "' is missing"};
  return *found;
}

std::string text(const Json& object, const std::string& name) {
  const Json& value = field(object, name);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    throw BadField{"field '" + name + "' must be a text, not " + value.dump()};
  }
  return value;
}

Time time(const Json& object, const std::string& name) {
  constexpr double latest = 9e9;  // beyond it nanoseconds do not fit
  const Json& value = field(object, name);
  if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > latest) {
    throw BadField{"field '" + name + "' must be seconds since 1970, not " + value.dump()};
  }
  return Time{
      std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(value.get<double>()))};
}

Seconds ttl(const Json& object) {
  constexpr std::int64_t largest = 2147483647;  // RFC 2181, 8
  const Json& value = field(object, "ttl");
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0 ||
      value.get<std::int64_t>() > largest) {
    throw BadField{"field 'ttl' must be whole seconds from 0 to 2147483647, not " + value.dump()};
  }
  return Seconds{value.get<std::int64_t>()};
}

// `13/34505/9f3c…`
bool is_key(const std::string& name) {
  const auto slash = name.find('/');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return slash != std::string::npos && slash > 0 && slash <= 3 && slash + 1 < name.size() &&
         std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(slash), is_digit);
}

bool flag(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end()) return false;
  if (!found->is_boolean())
    throw BadField{"field '" + name + "' must be true or false, not " + found->dump()};
  return found->get<bool>();
}

KeyNames keys(const Json& object, const std::string& name) {
  const Json& list = field(object, name);
  if (!list.is_array())
    throw BadField{"field '" + name + "' must be a list of keys, not " + list.dump()};
  KeyNames names;
  for (const Json& key : list) {
    if (!key.is_string() || !is_key(key)) {
      throw BadField{"field '" + name + "' must have keys like 13/34505/9f3c01d2, not " +
                     key.dump()};
    }
    names.push_back(key.get<std::string>());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

const Json& object(const Json& in, const std::string& name) {
  const Json& value = field(in, name);
  if (!value.is_object())
    throw BadField{"field '" + name + "' must be an object, not " + value.dump()};
  return value;
}

std::vector<Answer> served(const Json& line) {
  const Json& dnskey = object(line, "dnskey");
  std::vector<Answer> answers{Dnskey{keys(dnskey, "keys"), keys(dnskey, "signers"), ttl(dnskey)}};
  const Json& data = field(line, "data");
  if (!data.is_array())
    throw BadField{"field 'data' must be a list of objects, not " + data.dump()};
  for (const Json& rrset : data) {
    if (!rrset.is_object())
      throw BadField{"field 'data' must be a list of objects, not of " + rrset.dump()};
    answers.emplace_back(Data{text(rrset, "rrset"), keys(rrset, "signers"), ttl(rrset)});
  }
  return answers;
}

Look look(const Json& line, const std::string& what) {
  Look look{.server = text(line, "server"),
            .zone = text(line, "zone"),
            .asked = time(line, "asked"),
            .answered = time(line, "answered"),
            .seen = {},
            .kept = flag(line, "kept")};
  if (look.answered < look.asked) throw BadField{"field 'answered' is before 'asked'"};
  if (what == "served") look.seen = served(line);
  if (what == "ds") look.seen = {Ds{keys(line, "ds"), ttl(line)}};
  return look;
}

Line line_of(const Json& line) {
  const std::string what = text(line, "what");
  if (what == "served" || what == "ds" || what == "same") return look(line, what);
  if (what == "down" || what == "up")
    return Turn{text(line, "server"), time(line, "time"), what == "up"};
  throw BadField{"field 'what' must be served, ds, same, down or up, not '" + what + "'"};
}

}  // namespace

Result<Line> parse_line(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return tl::unexpected(Error{Errc::malformed, "not a JSON object"});
  try {
    return line_of(json);
  } catch (const BadField& bad) {
    return tl::unexpected(Error{Errc::malformed, bad.what});
  }
}

}  // namespace rollcall::history
