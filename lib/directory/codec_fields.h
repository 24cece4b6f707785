// SPDX-License-Identifier: GPL-3.0-or-later
// Writing fields into attributes, and reading them back. Internal to the codec.
//
// What a kind of entry consists of is said once, by a function template that names each field with
// its attribute and form; given a Writer it writes, given a Reader it reads.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>

#include "lib/directory/codec_values.h"
#include "lib/directory/directory.h"

namespace rollcall::directory {

class Writer {
 public:
  explicit Writer(Attributes& attributes) : attributes_{attributes} {}

  template <class T>
  void one(const char* name, const T& value, const Form<T>& form) {
    raw(name, to_bytes(form.print(value)));
  }
  template <class T>
  void optional(const char* name, const std::optional<T>& value, const Form<T>& form) {
    if (value) one(name, *value, form);
  }
  template <class T>
  void or_default(const char* name, const T& value, const Form<T>& form) {
    one(name, value, form);
  }

  /// A set: equal values are one, empty ones none.
  template <class T>
  void many(const char* name, const std::vector<T>& values, const Form<T>& form) {
    std::set<std::string> texts;
    for (const T& value : values) texts.insert(form.print(value));
    texts.erase("");
    for (const std::string& text : texts) attributes_[name].push_back(to_bytes(text));
  }

  /// The empty text is an absent attribute.
  void text(const char* name, const std::string& value) {
    if (!value.empty()) one(name, value, form::text);
  }
  void octets(const char* name, const Bytes& value) { raw(name, value); }
  template <std::size_t N>
  void octets(const char* name, const std::array<std::byte, N>& value) {
    raw(name, to_bytes(ByteView{value}));
  }

 private:
  void raw(const char* name, Bytes value) { attributes_[name] = {std::move(value)}; }

  Attributes& attributes_;
};

/// Remembers the first thing that is wrong and which attributes it was asked for.
class Reader {
 public:
  explicit Reader(const Attributes& attributes) : attributes_{attributes} {}

  template <class T>
  void one(const char* name, T& value, const Form<T>& form) {
    if (const Bytes* bytes = required(name)) parse(name, *bytes, value, form);
  }
  template <class T>
  void optional(const char* name, std::optional<T>& value, const Form<T>& form) {
    if (const Bytes* bytes = single(name)) parse(name, *bytes, value.emplace(), form);
  }
  template <class T>
  void or_default(const char* name, T& value, const Form<T>& form) {
    if (const Bytes* bytes = single(name)) parse(name, *bytes, value, form);
  }
  template <class T>
  void many(const char* name, std::vector<T>& values, const Form<T>& form) {
    for (const Bytes& bytes : sorted(name)) parse(name, bytes, values.emplace_back(), form);
    if constexpr (requires(const T& a) { a < a; }) std::ranges::sort(values);
  }
  void text(const char* name, std::string& value) {
    or_default(name, value, form::text);
    if (single(name) && value.empty()) complain(name, "is empty");
  }
  void octets(const char* name, Bytes& value) {
    if (const Bytes* bytes = required(name)) value = *bytes;
  }
  template <std::size_t N>
  void octets(const char* name, std::array<std::byte, N>& value);

  /// An attribute that may be there and is not looked at.
  void ignore(const char* name) { asked_.insert(name); }

  /// What is wrong, for people; empty if nothing is.
  const std::string& complaint() const { return complaint_; }

  /// The first attribute that nobody asked for; empty if there is none.
  std::string unasked() const;
  std::vector<std::string> all_unasked() const;

  void complain(const std::string& name, const std::string& what);

 private:
  const Bytes* single(const char* name);    // Null if absent.
  const Bytes* required(const char* name);  // Null if absent, after a complaint.
  std::vector<Bytes> sorted(const char* name);

  template <class T>
  void parse(const char* name, const Bytes& bytes, T& value, const Form<T>& form) {
    if (auto parsed = parse_exactly(form, as_text(bytes))) {
      value = *std::move(parsed);
    } else {
      complain(name, std::string{"is not "} + form.words);
    }
  }

  const Attributes& attributes_;
  std::set<std::string> asked_;
  std::string complaint_;
};

template <std::size_t N>
void Reader::octets(const char* name, std::array<std::byte, N>& value) {
  const Bytes* bytes = required(name);
  if (!bytes) return;
  if (bytes->size() != N) return complain(name, "is not of " + std::to_string(N) + " bytes");
  std::ranges::copy(*bytes, value.begin());
}

/// `const T` for a Writer, `T` for a Reader: the second argument of a function that names fields.
template <class Io, class T>
using Subject = std::conditional_t<std::is_same_v<Io, Writer>, const T, T>;

}  // namespace rollcall::directory
