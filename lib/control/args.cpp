// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/args.h"

#include <algorithm>

namespace rollcall::control {
namespace {

// Null: left out.
const Json* find(const Json& args, const std::string& name) {
  const auto found = args.find(name);
  return found == args.end() || found->is_null() ? nullptr : &*found;
}

tl::unexpected<Error> missing(const std::string& name) {
  return fail(Errc::malformed, "argument " + name + " is missing");
}

tl::unexpected<Error> wrong(const std::string& name, const std::string& expected) {
  return fail(Errc::malformed, "argument " + name + " must be " + expected);
}

}  // namespace

Result<std::optional<std::string>> optional_text_arg(const Json& args, const std::string& name) {
  const Json* value = find(args, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong(name, "a text");
  if (value->get_ref<const std::string&>().empty()) return fail(Errc::malformed, "argument " + name + " is empty");
  return value->get<std::string>();
}

Result<std::string> text_arg(const Json& args, const std::string& name) {
  auto text = optional_text_arg(args, name);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return missing(name);
  return std::move(**text);
}

Result<bool> flag_arg(const Json& args, const std::string& name) {
  const Json* value = find(args, name);
  if (value == nullptr) return missing(name);
  if (!value->is_boolean()) return wrong(name, "true or false");
  return value->get<bool>();
}

Result<bool> optional_flag_arg(const Json& args, const std::string& name) {
  return find(args, name) == nullptr ? Result<bool>{false} : flag_arg(args, name);
}

Result<std::optional<std::int64_t>> optional_number_arg(const Json& args, const std::string& name,
                                                        NumberRange allowed) {
  const Json* value = find(args, name);
  if (value == nullptr) return std::nullopt;
  const auto expected = [&] {
    return allowed.most == INT64_MAX ? "a whole number, at least " + std::to_string(allowed.least)
                                     : "a whole number from " + std::to_string(allowed.least) +
                                           " to " + std::to_string(allowed.most);
  };
  if (!value->is_number_integer()) return wrong(name, expected());
  const auto number = value->get<std::int64_t>();
  if (number < allowed.least || number > allowed.most) return wrong(name, expected());
  return number;
}

Result<std::optional<std::vector<std::string>>> optional_texts_arg(const Json& args,
                                                                   const std::string& name) {
  const Json* value = find(args, name);
  if (value == nullptr) return std::nullopt;
  const auto is_text = [](const Json& item) { return item.is_string(); };
  if (!value->is_array() || !std::all_of(value->begin(), value->end(), is_text)) {
    return wrong(name, "a list of texts");
  }
  return value->get<std::vector<std::string>>();
}

}  // namespace rollcall::control
