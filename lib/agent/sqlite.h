// SPDX-License-Identifier: GPL-3.0-or-later
// SQLite with values and Results: what the store needs of it and no more.
#pragma once

#include <sys/types.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/util/bytes.h"
#include "lib/util/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rollcall::agent {

/// One prepared statement that is bound from left to right and read from left to right.
class Statement {
 public:
  Statement& bind(std::string_view text);
  Statement& bind(ByteView blob);
  Statement& bind(std::nullopt_t);
  template <std::integral Number>
  Statement& bind(Number number) {
    return bind_number(static_cast<std::int64_t>(number));
  }

  /// Runs it to the next row, or to its end: false.
  Result<bool> step();
  /// For statements that give no rows.
  Result<> run();

  // The columns of the row; each call takes the next one.
  std::int64_t number();
  std::string text();
  Bytes blob();
  std::optional<Bytes> blob_or_null();
  template <std::size_t N>
  std::array<std::byte, N> array() {
    std::array<std::byte, N> out{};
    copy_blob(out.data(), N);
    return out;
  }

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  Statement& bind_number(std::int64_t number);
  void copy_blob(std::byte* to, std::size_t size);  ///< Of another size: all zero.

  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_bind_ = 1;
  int next_column_ = 0;
};

class Database {
 public:
  /// Opens or creates a database file of mode 0600.
  ///
  /// Errors  denied, with the file and what to do.
  static Result<Database> open(const std::filesystem::path& file);

  Result<> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);

  /// Does all of `work` or nothing of it. Durable when it returns.
  ///
  /// Errors  those of `work`, and those of storage; nothing was stored then. denied if the file was deleted or
  ///         replaced since it was opened: what went into it now would be gone with this process.
  Result<> transaction(const std::function<Result<>()>& work);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  Result<> still_there() const;

  std::unique_ptr<sqlite3, Close> db_;
  std::filesystem::path file_;
  std::pair<dev_t, ino_t> id_{};  // Of the file that was opened.
};

}  // namespace rollcall::agent
