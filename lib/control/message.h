// SPDX-License-Identifier: GPL-3.0-or-later
// What goes over the local socket: one JSON object a line, asked by `rollcall`, answered by
// `rollcalld`.
//
//   {"v":1,"verb":"status","args":{"zone":"example.org"}}
//   {"ok":{…}}   or   {"error":{"code":"not_found","what":"…","hint":"…"}}
//
// Which verbs there are, and what they take and give, is told in verbs.h.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "lib/util/result.h"

namespace rollcall::control {

using Json = nlohmann::json;

inline constexpr int protocol_version = 1;
inline constexpr std::size_t longest_line =
    64 * 1024;  ///< Of a question, in bytes. Answers have no limit.
inline constexpr const char* default_socket = "/run/rollcall/rollcall.sock";

/// Why a question was not answered, and what the person who asked can do about it.
struct Problem {
  Errc code = Errc::malformed;
  std::string what;  ///< Names the object, lower case, no full stop, no secrets.
  std::string hint;  ///< The literal next command or line, or a sentence; may be empty.

  Problem() = default;
  Problem(Errc errc, std::string text, std::string advice = {})
      : code(errc), what(std::move(text)), hint(std::move(advice)) {}
  Problem(Error error)
      : code(error.code), what(std::move(error.what)) {}  // NOLINT: a Result's error is one
};

/// The outcome of a verb.
using Answer = tl::expected<Json, Problem>;

inline tl::unexpected<Problem> refuse(Errc code, std::string what, std::string hint = {}) {
  return tl::unexpected(Problem{code, std::move(what), std::move(hint)});
}

/// One question, as the daemon gets it.
struct Request {
  std::string verb;  ///< One of verbs.h.
  Json args;         ///< An object; only names that the verb knows.
  std::string who;   ///< The peer's user name, for the audit trail; `uid 1234` if it has none.
  bool may_change = false;
};

std::string_view to_string(Errc code);
Result<Errc> errc_from(std::string_view text);

// Lines, without the line end.
std::string encode_question(std::string_view verb, const Json& args);
std::string encode(const Answer& answer);

/// Only `verb` and `args` are filled in.
///
/// Errors  malformed: no JSON, another version, not our shape, an unknown verb or argument.
Result<Request> decode_question(std::string_view line);

/// Errors  malformed if the line is no answer; a refusal is the inner value.
Result<Answer> decode_answer(std::string_view line);

}  // namespace rollcall::control
