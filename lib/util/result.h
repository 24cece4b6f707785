// SPDX-License-Identifier: GPL-3.0-or-later
// What the world can do wrong, as a value.
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

namespace rollcall {

/// What a caller can do differently. A new code needs a caller that branches on it.
enum class Errc {
  unavailable,  ///< No answer within the deadline. After a write: *unknown*, look before trying again.
  denied,       ///< Credentials or access control. An operator must act.
  malformed,    ///< The bytes break their format. Trying again will not help.
  not_found,    ///< The named object is not there (yet).
  conflict,     ///< It is there already, or in a state that forbids this.
};

struct Error {
  Errc code;
  std::string what;  ///< For people: names the object, lower case, no full stop, no secrets.
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// Called once, in the event loop of the agent, with the outcome of an asynchronous verb.
template <class T = void>
using Done = std::function<void(Result<T>)>;

inline tl::unexpected<Error> fail(Errc code, std::string what) {
  return tl::unexpected(Error{code, std::move(what)});
}

}  // namespace rollcall
