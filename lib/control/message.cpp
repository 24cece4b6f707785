// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/control/message.h"

#include <algorithm>

#include "lib/control/verbs.h"

namespace rollcall::control {
namespace {

struct CodeName {
  Errc code;
  std::string_view text;
};
constexpr CodeName codes[] = {{Errc::unavailable, "unavailable"},
                              {Errc::denied, "denied"},
                              {Errc::malformed, "malformed"},
                              {Errc::not_found, "not_found"},
                              {Errc::conflict, "conflict"}};

// Bytes that are not UTF-8 come from file names and other people's error texts; they must not make
// an answer fail.
std::string print(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<> check_args(const Verb& verb, const Json& args) {
  for (const auto& arg : args.items()) {
    if (!knows(verb, arg.key())) {
      return fail(Errc::malformed,
                  "verb " + std::string{verb.name} + " has no argument '" + arg.key() + "'");
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(Errc code) {
  return std::ranges::find(codes, code, &CodeName::code)->text;
}

Result<Errc> errc_from(std::string_view text) {
  const auto* found = std::ranges::find(codes, text, &CodeName::text);
  if (found == std::end(codes)) return fail(Errc::malformed, "no error code: " + std::string{text});
  return found->code;
}

std::string encode_question(std::string_view verb, const Json& args) {
  return print({{"v", protocol_version}, {"verb", verb}, {"args", args}});
}

std::string encode(const Answer& answer) {
  if (answer) return print({{"ok", *answer}});
  const Problem& problem = answer.error();
  return print(
      {{"error",
        {{"code", to_string(problem.code)}, {"what", problem.what}, {"hint", problem.hint}}}});
}

Result<Request> decode_question(std::string_view line) {
  const Json question = Json::parse(line, nullptr, false);
  if (!question.is_object()) return fail(Errc::malformed, "the question is no JSON object");
  if (question.value("v", Json{}) != protocol_version) {
    return fail(Errc::malformed, "the question has another protocol version than " +
                                     std::to_string(protocol_version));
  }
  const std::string name = text_of(question, "verb");
  const Verb* verb = find_verb(name);
  if (verb == nullptr) return fail(Errc::malformed, "unknown verb '" + name + "'");
  Json args = question.value("args", Json::object());
  if (!args.is_object())
    return fail(Errc::malformed, "args of verb " + name + " are no JSON object");
  if (const auto known = check_args(*verb, args); !known) return tl::unexpected(known.error());
  return Request{name, std::move(args), {}, false};
}

Result<Answer> decode_answer(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(Errc::malformed, "the answer is no JSON object");
  if (const auto ok = json.find("ok"); ok != json.end()) return Answer{*ok};
  const auto error = json.find("error");
  if (error == json.end() || !error->is_object()) {
    return fail(Errc::malformed, "the answer has neither ok nor error");
  }
  const auto code = errc_from(text_of(*error, "code"));
  if (!code) return tl::unexpected(code.error());
  return Answer{refuse(*code, text_of(*error, "what"), text_of(*error, "hint"))};
}

}  // namespace rollcall::control
