// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/agent/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/util/must.h"

namespace rollcall::agent {
namespace {

/// The one place where SQLite's codes become ours.
Error error_of(sqlite3* db, const char* doing) {
  const int code = sqlite3_errcode(db);
  const char* file = sqlite3_db_filename(db, "main");
  const auto say = [&](std::string_view why) {
    return fmt::format("local store {}: {}: {}", file == nullptr ? "" : file, doing, why);
  };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Errc::unavailable, say("the disk is full; free space there")};
    case SQLITE_IOERR:
      return {Errc::unavailable,
              say("input or output error; free space there, and see the kernel's log")};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::denied, say("not writable; its directory must belong to this user")};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::conflict, say("in use by another process")};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::malformed,
              say("damaged; restore it, or move it away and join again as a new member")};
    default:
      return {Errc::unavailable, say(sqlite3_errmsg(db))};
  }
}

Result<> create_private(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return fail(Errc::denied,
                fmt::format("local store {}: {}", file.native(), std::strerror(errno)));
  }
  ::close(fd);
  return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Statement& Statement::bind(std::string_view text) {
  MUST(sqlite3_bind_text64(statement_.get(), next_bind_++, text.data(), text.size(),
                           SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(ByteView blob) {
  const void* data = blob.empty() ? "" : static_cast<const void*>(blob.data());  // null means NULL
  MUST(sqlite3_bind_blob64(statement_.get(), next_bind_++, data, blob.size(), SQLITE_TRANSIENT) ==
       SQLITE_OK);
  return *this;
}

Statement& Statement::bind(std::nullopt_t) {
  MUST(sqlite3_bind_null(statement_.get(), next_bind_++) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_number(std::int64_t number) {
  MUST(sqlite3_bind_int64(statement_.get(), next_bind_++, number) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  next_column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(error_of(db_, "cannot be read or written"));
}

Result<> Statement::run() {
  const auto row = step();
  if (!row) return tl::unexpected(row.error());
  return {};
}

std::int64_t Statement::number() { return sqlite3_column_int64(statement_.get(), next_column_++); }

std::string Statement::text() { return std::string(as_text(blob())); }

Bytes Statement::blob() {
  const int column = next_column_++;
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? Bytes{} : Bytes(data, data + size);
}

std::optional<Bytes> Statement::blob_or_null() {
  if (sqlite3_column_type(statement_.get(), next_column_) == SQLITE_NULL) {
    ++next_column_;
    return std::nullopt;
  }
  return blob();
}

void Statement::copy_blob(std::byte* to, std::size_t size) {
  const Bytes bytes = blob();
  if (bytes.size() == size) std::memcpy(to, bytes.data(), size);
}

Result<Database> Database::open(const std::filesystem::path& file) {
  // Made by us first, so that the mode does not depend on the umask; SQLite gives its side files
  // the mode of the database.
  if (auto created = create_private(file); !created) return tl::unexpected(created.error());
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  Database db(raw);
  if (code != SQLITE_OK) return tl::unexpected(error_of(raw, "cannot be opened"));
  sqlite3_extended_result_codes(raw, 1);
  db.file_ = file;
  struct stat seen{};
  if (::stat(file.c_str(), &seen) == 0) db.id_ = {seen.st_dev, seen.st_ino};
  return db;
}

Result<> Database::still_there() const {
  struct stat seen{};
  if (::stat(file_.c_str(), &seen) == 0 && id_ == std::pair{seen.st_dev, seen.st_ino}) return {};
  return fail(Errc::denied, "local store " + file_.native() +
                                ": was deleted or replaced while the agent runs, so nothing is written any more; stop the "
                                "agent, restore the store, and start it");
}

Result<> Database::execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return tl::unexpected(error_of(db_.get(), "cannot be written"));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error_of(db_.get(), "cannot be read"));
  return Statement(db_.get(), statement);
}

Result<> Database::transaction(const std::function<Result<>()>& work) {
  if (auto there = still_there(); !there) return there;
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  auto done = work();
  if (done) done = execute("COMMIT");
  // SQLite has rolled back by itself after some errors; then this one fails, harmlessly.
  if (!done && sqlite3_get_autocommit(db_.get()) == 0) {
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  return done;
}

}  // namespace rollcall::agent
